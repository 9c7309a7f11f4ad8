"""Characters out: what is requested, how it is drawn, and what it shares with the training text."""
