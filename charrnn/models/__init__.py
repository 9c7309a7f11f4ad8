"""A trained model in use: it writes, scores, evaluates, and is looked into."""
