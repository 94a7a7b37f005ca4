"""The command line: `reportguide --help`."""

from bot.cli.app import main

__all__ = ["main"]
