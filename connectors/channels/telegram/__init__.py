"""Telegram: a bot, by webhook or by long polling."""

import os

# The library is on its way from seconds to spans of time, and warns whoever has not said that they know.
os.environ.setdefault("PTB_TIMEDELTA", "true")

from connectors.channels.telegram.account import Account
from connectors.channels.telegram.channel import Telegram, capabilities

__all__ = ["Account", "Telegram", "capabilities"]
