"""What commands write: consoles, tables, colours, files."""
