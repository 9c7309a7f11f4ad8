"""`python -m charrnn` is `charrnn`."""

from charrnn.cli.main import main

main()
