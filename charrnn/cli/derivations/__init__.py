"""The reports of `charrnn derive`, and the bridge from the derivations to charrnn's own network."""
