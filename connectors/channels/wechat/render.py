"""What WeChat shows: texts without markup of their own, choices as links or numbers, replies as XML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wechatpy.replies import TextReply

from connectors.channels.contract import Choice

#: Bytes of a text, in a reply and in a customer-service message.
TEXT_BYTES = 2048
_MARKUP = re.compile(r"<(?=[/a-zA-Z!])")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINK_UNSAFE = str.maketrans({"%": "%25", "&": "%26", '"': "%22", "<": "%3C", ">": "%3E", "+": "%2B", "#": "%23"})


def harmless(text: str) -> str:
    """A text that is shown as it stands: WeChat takes ``<a href>`` for a link, and XML takes ``]]>`` for an end."""
    return _NOT_XML.sub("", _MARKUP.sub("＜", text).replace("]]>", "]]＞"))


def linked(text: str, choices: Sequence[Choice], first_number: int = 1, *, by_links: bool = True) -> str:
    """Text with its choices under it, numbered, as links that send their title or to be typed."""
    lines = []
    for number, choice in enumerate(choices, first_number):
        title = harmless(choice.title)
        if by_links:
            content = title.translate(_LINK_UNSAFE)
            address = f"weixin://bizmsgmenu?msgmenucontent={content}&msgmenuid={choice.token}"
            lines.append(f'<a href="{address}">{number}. {title}</a>')
        else:
            lines.append(f"{number}. {title}")
    return "\n\n".join(part for part in (harmless(text), "\n".join(lines)) if part)


def cost(text: str, choices: Sequence[Choice]) -> int:
    """Bytes of the longest form that the message may take."""
    return len(linked(text, choices, 10).encode())


def reply_xml(source: str, target: str, text: str, at: float) -> str:
    """A passive reply. `text` is already harmless; wechatpy puts it into CDATA as it is."""
    return str(TextReply(source=source, target=target, content=text, time=int(at)).render())
