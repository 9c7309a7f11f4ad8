"""Characters as people see, type and count them."""
