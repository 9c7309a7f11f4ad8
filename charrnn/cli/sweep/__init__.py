"""A sweep carried out and shown."""
