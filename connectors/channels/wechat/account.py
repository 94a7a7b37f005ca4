"""What an agency sets for its official account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Account:
    """`token` and `aes_key` (43 characters, None for plain mode) as chosen in the console; `api`: base URL.

    `customer_service`: whether the account may write outside the reply (verified ones only). `buttons`: ``menu`` for
    menu messages, ``links`` for links in the text, ``numbers`` for nothing but documented text. `notice_template`: the
    subscription template that says that something waits, with the names of its fields for what and when.
    """

    appid: str
    secret: str
    token: str
    aes_key: str | None = None
    api: str = "https://api.weixin.qq.com"
    customer_service: bool = True
    buttons: Literal["menu", "links", "numbers"] = "menu"
    notice_template: str = ""
    notice_what: str = "thing1"
    notice_when: str = ""

    @property
    def links_in_replies(self) -> bool:
        return self.buttons != "numbers"
