"""The page on which a visitor writes with a network (`export --to html`)."""
