"""Characters out: what is requested, and how it is drawn."""
