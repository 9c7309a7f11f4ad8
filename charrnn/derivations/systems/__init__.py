"""The systems of the documents, a module each: forward pass, loss, gradients, and what is printed where that is wrong."""
