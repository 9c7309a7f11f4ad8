"""The systems of the documents, a module each: forward pass, loss, gradients, and the prints that are wrong."""
