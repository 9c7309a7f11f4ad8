"""The equations of each document: as printed, as corrected, and the truth."""
