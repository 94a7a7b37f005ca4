"""How people wrap a value in words, and what remains without them."""

import re
from typing import Any, List

_PUNCTUATION = re.compile(r"[\s,，。.!！?？~～、;；:：…\"'“”()（）\-—]+")


def bare(text: str) -> str:
    return _PUNCTUATION.sub("", text).casefold()


def any_of(words: List[str]) -> "re.Pattern[str]":
    """Finds any of the words, the longest first."""
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))) or r"(?!)")


def one_or_all(found: List[str]) -> Any:
    """One value plain, several as a list, none as None."""
    return found[0] if len(found) == 1 else list(found) or None


#: What is said not to be: 不是代别人，是我本人; 不是晚风续旧.
DENIED = re.compile(r"不(?:是|在)[^，,。；;、\s]{1,10}?(?=是|[，,。；;、\s]|$)")
QUOTED = re.compile(r"[“\"「『【《‘']([^”\"」』】》’'\n]{1,30})[”\"」』】》’']")
_TIME_AROUND = re.compile(
    r"^(?:嗯+|哦|就|就是|大概|大约|应该|好像|可能|差不多|我?记得)*(?:是|在)?|(?:我?[刷看发]到?见?现?的?)?(?:吧|了|的|呢|啊)*$"
)


def time_said(text: str, dates: List[str]) -> Any:
    """The words that say when, or None. A short answer stays whole: what is beside a day may be its hour."""
    if not dates:
        return None
    meant = [date for date in dates if not re.search(rf"不是\s?{re.escape(date)}", text)]
    if len(text) > 20 or len(meant) != len(dates):
        return (meant or dates)[0]
    return _TIME_AROUND.sub("", text) or dates[0]


def clauses(text: str) -> List[str]:
    """The text cut at commas and sentence ends, each with its closing mark; the whole if there is nothing to cut."""
    return [part.strip() for part in re.split(r"(?<=[。！!？?；;\n,，])", text) if part.strip()] or [text]


def unwrapped(text: str) -> str:
    """A name without the words around it: 我叫张三, 标题就写X, 昵称就叫X."""
    text = re.sub(
        r"^(?:(?:我|他|她|对方|那个|这个|发帖的?)?(?:的)?(?:真?实?名字?|姓名|全名|账号|帐号|昵称|网名|号|标题|群名)?\s?(?:就|好像|应该|大概)?"
        r"(?:叫做?|是|写|名叫|改成|[:：])+[:：]?|本人|我是|@)\s*",
        "",
        text.strip(),
    )
    text = re.sub(r"(?:吧|好了|就行|就好|就可以了?)[。.~]*$", "", text)
    return text.strip(" 。.!！,，\"“”'「」")


def without_question(text: str) -> str:
    parts = clauses(text)
    return "".join(parts[:-1]).strip(" ，,。") or text
