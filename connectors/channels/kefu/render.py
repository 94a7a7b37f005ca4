"""What 微信客服 shows: plain text, and menu messages whose items are pressed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from connectors.channels.contract import Choice, Outgoing

#: Bytes of a text, and of the words over a menu (1024 of head and as many of tail).
TEXT_BYTES = 2048
HEAD_BYTES = 1024
#: Items of a menu, and bytes of one's words.
MAX_ITEMS = 10
ITEM_BYTES = 128
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def harmless(text: str) -> str:
    """A text that is shown as it stands: nothing in it is taken for a link but plain addresses."""
    return _CONTROL.sub("", re.sub(r"<(?=[/a-zA-Z!])", "＜", text))


def cost(text: str, choices: Sequence[Choice]) -> int:
    """Bytes of a text; over a menu they count double, because its head takes half as many."""
    words = len(harmless(text).encode())
    return words * TEXT_BYTES // HEAD_BYTES if choices else words


def body(message: Outgoing) -> dict[str, Any]:
    """The message as `send_msg` takes it, without whom it is for."""
    if not message.choices:
        return {"msgtype": "text", "text": {"content": harmless(message.text)}}
    items = [
        {"type": "click", "click": {"id": choice.token, "content": _short(harmless(choice.title))}}
        for choice in message.choices
    ]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": harmless(message.text), "list": items}}


def _short(title: str) -> str:
    cut = title.encode()[:ITEM_BYTES].decode("utf-8", "ignore")
    return cut if cut == title else cut[:-1] + "…"
