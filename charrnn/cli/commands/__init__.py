"""One thin file a command, and their options."""
