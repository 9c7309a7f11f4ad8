"""What a configuration is, and how one is read. The files themselves are in the folder configs/, and in the package."""
