"""Terminal and files: consoles, tables, colours."""
