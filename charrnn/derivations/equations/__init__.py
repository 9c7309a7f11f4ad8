"""What each document says, equation by equation: as printed, as corrected, and the truth beside them."""
