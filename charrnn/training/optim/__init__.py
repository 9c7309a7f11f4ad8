"""What changes the parameters, given a gradient."""
