"""``python -m bot.cli`` is `reportguide`."""

from bot.cli import main

main()
