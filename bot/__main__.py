"""`python -m bot` is `salesbot`."""

from bot.cli import main

main()
