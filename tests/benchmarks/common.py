"""What all peers share: they make the same updates on a text of the same kind."""

V = 65  # the characters of Tiny Shakespeare
WINDOWS = 10
RATE = 2e-3
