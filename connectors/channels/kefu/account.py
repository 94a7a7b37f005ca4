"""What an agency sets for 微信客服."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """`corp_id` and the secret of 微信客服; `token` and `aes_key` of its callback; `api`: base URL."""

    corp_id: str
    secret: str
    token: str
    aes_key: str
    api: str = "https://qyapi.weixin.qq.com"
