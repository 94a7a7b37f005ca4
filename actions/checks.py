"""Whether an answer can stand as an element's value, by the element's kind; and how a value is shown.

`check` accepts its own results again: after the matter becomes known, or an edition changes, values are checked anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from publicsuffixlist import PublicSuffixList
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from actions.dates import Moment, read_date
from actions.standard import NONE, Element, Standard

#: Longest link that is kept; browsers and platforms make none longer that still opens.
LINK_CHARS = 2000
MOST_LINKS = 10
NAME_CHARS, ACCOUNT_CHARS, PLATFORM_CHARS = 40, 60, 30
#: Least characters of a proof given in words: 问派出所 says where to ask.
PROOF_CHARS = 4

#: Identity numbers and credit codes both have so many characters.
ID_CHARS = 18
#: Passports (E12345678), permits for Hong Kong, Macao and Taiwan, and the like.
_OTHER_ID = re.compile(r"[A-Z]{1,2}[0-9]{7,10}")
_LINK = re.compile(r"(?:https?://)?[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uffef<>\"'`]+", re.IGNORECASE)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{6,64}")
#: A Chinese name, dots of minority names included, or one in Latin letters.
_NAME = re.compile(r"[\u3400-\u9fff·•]{2,20}|[A-Za-z][A-Za-z .'\-]{1,39}")
#: Openings that no name has, but 不想说, 匿名, 为什么要填 and 我叫 have.
_NO_NAME = re.compile(r"[不没匿无我你他她它请为怎什先跳随]")
#: Pieces of sentences, of which no platform's name is made.
_NO_PLATFORM = re.compile(r"[?？\n]|不知|不清楚|不晓得|不记得|说不|忘了|什么|哪个|怎么|[吗呢吧哎]$")


class Refused(Exception):
    """An answer that cannot be taken. `problem`: the response ``utter_problem_<problem>``; `values`: what it shows."""

    def __init__(self, problem: str, **values: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.values = values


def check(element: Element, raw: Any, standard: Standard, now: datetime) -> Any:
    """The value to keep (JSON). `now` (aware): when the message was received. Raises Refused."""
    if raw == NONE:
        if element.none is None:
            raise Refused("file_needed" if element.kind == "files" else "needed")
        return NONE
    if isinstance(raw, str):
        raw = _plain(raw)
        if not raw:
            raise Refused("needed")
    elif isinstance(raw, list):
        raw = [_plain(item) for item in raw if isinstance(item, str)]
        if not any(raw):
            raise Refused("file_needed" if element.kind == "files" else "needed")
    return _CHECKS[element.kind](element, raw, standard, now)


def shown(element: Element, value: Any) -> str:
    """The value as people read it, in the summary and in the report."""
    if element.kind == "time" and isinstance(value, dict):
        return Moment.from_json(value).shown()
    if element.kind in ("files", "proof") and isinstance(value, list):
        return f"{len(value)}份"
    if element.kind == "id_number" and value != NONE:
        # Enough to know one's own number again, not enough for whoever looks over a shoulder.
        return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"
    if isinstance(value, list):
        titles = {choice.value: choice.title for choice in element.choices}
        return "、".join(str(titles.get(item, item)) for item in value)
    if element.kind == "choice":
        return next((choice.title for choice in element.choices if choice.value == value), str(value))
    return str(value)


def _plain(text: str) -> str:
    """Without what cannot be seen: it would hide words from those who read the report."""
    unseen = ("Cc", "Cf", "Co", "Cn", "Cs")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in unseen).strip()


def _text(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    text = _string(raw)
    if len(re.sub(r"[\W_]+", "", text)) < element.min_chars:
        raise Refused("too_short", min=element.min_chars)
    if len(text) > element.max_chars:
        raise Refused("too_long", max=element.max_chars)
    return text


def _platform(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    if isinstance(raw, list):
        raw = "、".join(dict.fromkeys(_platform(element, name, standard, now) for name in raw))
    text = _string(raw)
    if known := standard.platform(text):
        return known.name
    # A forum of one town stands in no table, but has a name.
    if len(text) > PLATFORM_CHARS or not any(c.isalpha() for c in text) or _NO_PLATFORM.search(text):
        raise Refused("platform_unclear")
    return text


def _link(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    """One link a line: the same lie often stands in several places."""
    written = "\n".join(map(_string, raw)) if isinstance(raw, list) else _string(raw)
    links = [
        found if found.lower().startswith(("http://", "https://")) else f"https://{found}"
        for found in _LINK.findall(written[: LINK_CHARS * 2])
    ]
    good = [link for link in dict.fromkeys(links) if len(link) <= LINK_CHARS and _leads_somewhere(link)]
    if not good:
        raise Refused("link_unclear")
    return "\n".join(good[:MOST_LINKS])


def _leads_somewhere(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    # A user's name in front of the host is how a link pretends to lead elsewhere.
    return "@" not in parts.netloc and (_public_host(host) or _address(host))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def _public_host(host: str) -> bool:
    return _suffixes().privatesuffix(host) is not None


def _address(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return False


def _account(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    written = "、".join(map(_string, raw)) if isinstance(raw, list) else _string(raw)
    text = _plain(written).lstrip("@＠").strip()
    if not text:
        raise Refused("needed")
    if len(text) > ACCOUNT_CHARS:
        raise Refused("too_long", max=ACCOUNT_CHARS)
    return text


def _name(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    text = re.sub(r"\s+", " ", _string(raw)).strip()
    if re.search(r"[\u3400-\u9fff]", text):
        text = text.replace(" ", "")
    if len(text) > NAME_CHARS or not _NAME.fullmatch(text) or _NO_NAME.match(text):
        raise Refused("name_unclear")
    return text


def _time(element: Element, raw: Any, standard: Standard, now: datetime) -> dict[str, str | None]:
    if isinstance(raw, list):
        # When it was posted and when it was seen: the first one said stands.
        raw = raw[0]
    if isinstance(raw, dict):
        try:
            return Moment.from_json(raw).to_json()
        except ValueError:
            raise Refused("time_unclear") from None
    moment = read_date(_string(raw), now)
    if moment is None:
        raise Refused("time_unclear")
    if moment.ahead(now):
        raise Refused("time_future")
    return moment.to_json()


def _contact(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    text = unicodedata.normalize("NFKC", _string(raw))[:200]
    for email in _EMAIL.finditer(text):
        if _public_host(email[1].lower()):
            return email[0]
    for found in phonenumbers.PhoneNumberMatcher(text, "CN"):
        number = found.number
        if number.country_code == 86:
            return _national(number)
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    raise Refused("contact_unclear")


def _national(number: phonenumbers.PhoneNumber) -> str:
    """A mobile number in one piece; a landline with its area code: 010-62345678."""
    written = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
    parts = written.split()
    return "".join(parts) if not written.startswith("0") else "-".join((parts[0], "".join(parts[1:])))


def _id_number(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    """A resident identity number with its check digit (GB 11643), or a passport or permit by its shape."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", _string(raw))).upper()
    if len(text) == ID_CHARS:
        try:
            return str(ric.validate(text))
        except ValidationError:
            raise Refused("id_number_wrong") from None
    if not _OTHER_ID.fullmatch(text):
        raise Refused("id_number_unclear")
    return text


def _credit_code(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    """A unified social credit code with its check character (GB 32100)."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", _string(raw))).upper()
    if len(text) != ID_CHARS:
        raise Refused("credit_code_unclear")
    try:
        return str(uscc.validate(text))
    except ValidationError:
        raise Refused("credit_code_wrong") from None


def _choice(element: Element, raw: Any, standard: Standard, now: datetime) -> str:
    value = _string(raw)
    if value not in {choice.value for choice in element.choices}:
        raise Refused("choice_unclear")
    if value in element.refuse:
        raise Refused("refused", told=element.refuse[value])
    return value


def _choices(element: Element, raw: Any, standard: Standard, now: datetime) -> list[str]:
    given = raw if isinstance(raw, list) else [raw]
    values = [_choice(element, item, standard, now) for item in dict.fromkeys(map(_string, given))]
    if not values:
        raise Refused("choice_unclear")
    return values


def _files(element: Element, raw: Any, standard: Standard, now: datetime) -> list[str]:
    if not isinstance(raw, list) or not raw:
        raise Refused("file_needed")
    if not all(isinstance(item, str) and _FILE_ID.fullmatch(item) for item in raw):
        raise Refused("file_needed")
    return list(dict.fromkeys(raw))


def _proof(element: Element, raw: Any, standard: Standard, now: datetime) -> list[str] | str:
    """Files, or words that say who can confirm it."""
    if isinstance(raw, list):
        return _files(element, raw, standard, now)
    text = _string(raw)
    if len(re.sub(r"[\W_]+", "", text)) < PROOF_CHARS:
        raise Refused("too_short", min=PROOF_CHARS)
    if len(text) > element.max_chars:
        raise Refused("too_long", max=element.max_chars)
    return text


def _string(raw: Any) -> str:
    if not isinstance(raw, str):
        raise Refused("needed")
    return raw


_CHECKS: dict[str, Callable[[Element, Any, Standard, datetime], Any]] = {
    "text": _text,
    "platform": _platform,
    "link": _link,
    "account": _account,
    "time": _time,
    "name": _name,
    "contact": _contact,
    "id_number": _id_number,
    "credit_code": _credit_code,
    "choice": _choice,
    "choices": _choices,
    "files": _files,
    "proof": _proof,
}
