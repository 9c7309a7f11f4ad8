"""How a sweep runs and how it is shown."""
