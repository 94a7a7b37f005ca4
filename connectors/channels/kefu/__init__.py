"""微信客服: callbacks, pulled messages, welcome, menu messages, files both ways."""

from connectors.channels.kefu.account import Account
from connectors.channels.kefu.channel import CAPABILITIES, Kefu

__all__ = ["CAPABILITIES", "Account", "Kefu"]
