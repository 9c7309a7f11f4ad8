"""How models and texts show themselves in a notebook. Colours suit light and dark pages; every text is escaped."""
