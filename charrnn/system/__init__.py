"""What the operating system does for us: files replaced whole, a lock, signals, a terminal's echo, cores."""
