"""WeChat official accounts: passive replies, customer-service messages, files, menu, notices."""

from connectors.channels.wechat.account import Account
from connectors.channels.wechat.channel import WeChat, capabilities

__all__ = ["Account", "WeChat", "capabilities"]
