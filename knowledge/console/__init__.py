"""The staff console: server-rendered pages on a port of their own."""

from knowledge.console.app import create_app
from knowledge.console.desk import ConsoleSettings

__all__ = ["ConsoleSettings", "create_app"]
