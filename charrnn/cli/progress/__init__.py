"""How a training looks while it goes on."""
