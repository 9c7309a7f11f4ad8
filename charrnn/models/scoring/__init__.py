"""How surprising each character of a text is to a model."""
