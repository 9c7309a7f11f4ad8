"""A trained model in use: it writes, scores and is evaluated; its units are inspected."""
