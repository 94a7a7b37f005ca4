"""Telegram: a bot, by webhook or by long polling."""

from connectors.channels.telegram.account import Account
from connectors.channels.telegram.channel import Telegram

__all__ = ["Account", "Telegram"]
