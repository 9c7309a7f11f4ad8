"""Exit codes that several commands share."""

UNREAD = 141  # as a shell sees a program whose reader went away
