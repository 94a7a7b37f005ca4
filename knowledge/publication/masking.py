"""Hides what can name a person in a question, before it is kept for staff: the question matters, not who asked it."""

from __future__ import annotations

import re

_NOT_BEFORE, _NOT_AFTER = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_CODE = "[0-9A-HJ-NPQRTUWXY]"  # the characters of a unified social credit code
_PATHS = r"(?:[/?#][^\s，。；、）)】》\u4e00-\u9fff]*)?"

#: What is shown instead, and what is hidden; in this order: what is longer is looked for first.
_PATTERNS = tuple(
    (name, re.compile(pattern, re.IGNORECASE | re.ASCII))
    for name, pattern in (
        ("链接", r"(?:https?|ftp)://[^\s，。；、）)】》\u4e00-\u9fff]+"),
        ("邮箱", r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
        ("链接", rf"\b(?:[a-z0-9-]{{1,63}}\.)+(?:com|cn|net|org|cc|top|vip|info|tv|me)\b{_PATHS}"),
        ("证件号", rf"{_NOT_BEFORE}[1-9]\d{{5}}[ -]?(?:18|19|20)\d{{2}}[ -]?\d{{4}}[ -]?\d{{3}}[\dx]{_NOT_AFTER}"),
        ("证件号", rf"{_NOT_BEFORE}(?:[1-9]\d{{14}}|{_CODE}{{2}}\d{{6}}{_CODE}{{10}}){_NOT_AFTER}"),
        ("电话", r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)"),
        ("电话", r"(?<!\d)(?:0\d{2,3}[ -]?\d{7,8}|[48]00[ -]?\d{3}[ -]?\d{4})(?!\d)"),
        ("账号", r"(?:微信|薇信|vx|wx|qq|抖音号|快手号|账号|帐号)[号名]?\s*(?:是|为|叫|[:：])?\s*[a-z0-9_-]{5,30}"),
        ("账号", r"@[^\s@，。；、：:！!？?）)]{2,30}"),
        ("号码", rf"{_NOT_BEFORE}\d(?:[ -]?\d){{6,24}}{_NOT_AFTER}"),
    )
)
#: Full-width digits, letters and @ are how some write a number that is not to be found.
_HALF = {ord(full): ord(full) - 0xFEE0 for full in map(chr, range(0xFF01, 0xFF5F)) if full.isalnum() or full == "＠"}


def masked(text: str) -> str:
    """``"他电话13812345678"`` is ``"他电话〔电话〕"``. Numbers of up to six digits, such as 12377, stay.

    Names and addresses are not recognised; that is why questions are sealed all the same.
    """
    text = text.translate(_HALF)
    for name, pattern in _PATTERNS:
        text = pattern.sub(f"〔{name}〕", text)
    return text


def without_masks(text: str) -> str:
    """On one line, and what was hidden left out."""
    return " ".join(_MASK.sub("", text).split())


_MASK = re.compile(r"〔\w{2,3}〕")
