"""`charrnn write`: the editor in a terminal, the lines of a pipe, and the file that both save to."""
