"""charrnn: train character-level recurrent networks in plain NumPy.

The rooms, and the one direction in which they know each other:

    errors <- text, network <- learning, checks, generation <- runs <- api <- cli
"""

__version__ = "0.1.0"
