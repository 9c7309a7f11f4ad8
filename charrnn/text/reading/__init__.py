"""From files, folders and pipes to characters."""
