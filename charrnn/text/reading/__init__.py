"""From files and pipes to characters."""
