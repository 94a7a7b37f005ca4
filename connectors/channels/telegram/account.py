"""What an agency sets to switch Telegram on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """`token`: the bot's. `secret`: what Telegram shows with each call (``[A-Za-z0-9_-]``, at most 256 characters).

    `webhook`: the public address of the channel; empty: updates are asked for (long polling), which needs no public
    address. `personal_data`: whether evidence and identity numbers may pass through it; servers outside the country
    carry it, so an agency that must keep personal data inside leaves it off.
    """

    token: str
    secret: str
    webhook: str = ""
    api: str = "https://api.telegram.org"
    personal_data: bool = False
