"""`python -m charrnn` is `charrnn`."""

from charrnn.cli.entry import main

main()
