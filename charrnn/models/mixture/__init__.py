"""What a model is made of: networks and n-grams, and how several are mixed into one."""
