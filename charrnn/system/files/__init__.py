"""Files and folders: read without waiting, replaced whole, held by their handle, locked."""
