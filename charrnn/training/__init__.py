"""What changes the parameters, and what measures them."""
