"""Reads facts out of what people type: links, phones, dates, platforms, accounts.

Pure functions over text and the platform table; no Rasa, no model. Every fact is returned as it was written (a
platform by its canonical name), never interpreted: what day 昨晚 was is for the service to say, which knows when the
message was received.
"""

import re
import unicodedata
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from bot.brain.wording import any_of

#: The longest text that is looked at. Longer messages are kept whole elsewhere; facts stand near their start or end.
MAX_CHARS = 5000

_URL = re.compile(
    r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+"
    r"|(?<![A-Za-z0-9@._-])www\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*)?"
    r"|(?<![A-Za-z0-9@._-])(?:[A-Za-z0-9-]+\.)+(?:com|cn|net|org|tv|cc|top|xyz|vip|info|me|co|io|site|shop|club|ltd|pro|fun"
    r"|wang|gov|edu|cloud|online|store|tech|app|link|ink|icu|live|biz|mobi|asia|work|group)"
    r"(?![A-Za-z0-9])(?:/[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*)?",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[-\s]?)?(1[-\s.]?[3-9](?:[-\s.]?\d){9})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)([(（]?0\d{2,3}[)）]?[-\s—]{0,2}[2-8]\d{2,3}[-\s]?\d{4})(?!\d)")
_HOTLINE = re.compile(r"(?<!\d)([48]00[-\s]?\d{3,4}[-\s]?\d{3,4})(?!\d)")
#: A number that somebody reads out: 一三九八七…
_SPOKEN_DIGIT = "[零〇洞一二两三四五六七八九幺]"
_SPOKEN = re.compile(rf"(?<!{_SPOKEN_DIGIT})[一幺]\s?[三四五六七八九](?:\s?{_SPOKEN_DIGIT}){{9}}(?!{_SPOKEN_DIGIT})")
_DIGITS = str.maketrans("零〇洞一二两三四五六七八九幺", "00012234567891")
#: Before a number, in its clause: then it is somebody else's, or one that nobody answers any more.
_OTHERS_NUMBER = re.compile(
    r"(?:他|她|它|对方|骗子|那人|冒充|冒用|派出所|警|法院|律师|客服|商家|卖家|物业|房东|中介|陌生|(?<!不信)来电|打来|热线|合作|前东家|号码是"
    r"|别打|不要打|停机|停用|早停|不用了|老婆|老公|加我(?:的)?(?:微信|QQ|V)|把我[^，,。]{0,8}|把[^，,。]{0,8})[^，,。；;！!？?\n]{0,10}$"
)
#: … unless it is said to be the reporter's own.
_OWN_NUMBER = re.compile(
    r"(?<!加)(?<!给)(?<!把)(?:我(?:自己|本人|妈|爸)?的?|本人|打我的?|联系|受害者|负责人|法人|经办人?)(?:手机|电话|联系方式|座机|这边|自己)?(?:号码?)?(?:是|：|:)?\s*$"
)

_N = r"[0-9零〇一二两三四五六七八九十]{1,3}"
_DAY_PART = (
    r"(?:一大?早|大清早|清早|清晨|早上|早晨|早饭[前后]|上午|前晌|中午|晌午|午饭[前后]|午后|[前后]半晌|后晌|下午|傍晚|[傍擦]黑|天黑[前后]?"
    r"|晚饭[前后]|晚上|夜里头?|夜晚|深夜|大半夜|[前后下]半夜|半夜|凌晨|天亮[前后]?|晚|早|夜|晨)"
)
_CLOCK = (
    rf"(?:{_N}[点时](?:半|整|许|多钟?|来钟|左右|钟|一刻|{_N}(?:几?分)?)?(?:左右|多)?"
    r"|\d{1,2}[:：]\d{2}(?::\d{2})?(?:分?左右)?)"
)
_WEEKDAY = r"(?:[一二三四五六日天末]|[1-7])"
#: 10月1日至7日
_UNTIL = rf"(?:\s?[至到—~-]\s?(?:{_N}月)?{_N}[日号])?"
#: A month's part, after it.
_PART_OF_MONTH = r"(?:份|底|末|初|中旬|上旬|下旬|头上|头几天)"
_OLD_DAY = (
    r"(?:初[一二三四五六七八九十]|十[一二三四五六七八九]|廿[一二三四五六七八九]|二十[一二三四五六七八九]?|三十)"
    r"(?![日号天个块元多几])"
)
_DAY = "|".join(
    (
        # Days of the old calendar first: 九月初九 is no 九月初.
        rf"(?:去年|今年|前年)?(?:农历|阴历|旧历)?(?:正|冬|腊|[一二三四五六七八九十]{{1,2}})月{_OLD_DAY}",
        rf"(?:(?<!\d)\d{{4}}|(?<!\d)2\d|[零〇一二三四五六七八九]{{4}}|今|去|前|本)年\s?{_N}\s?月{_PART_OF_MONTH}?(?:\s?{_N}\s?[日号]{_UNTIL})?",
        r"\d{4}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,2}(?!\d)",
        rf"{_N}\s?月\s?(?:{_N}几?\s?[日号]{_UNTIL}|{_PART_OF_MONTH})",
        r"(?<![\d./-])(?:1[0-2]|0?[1-9])[./](?:3[01]|[12]\d|0?[1-9])(?![\d./%])"
        r"(?=\s?(?:号|日|那天|晚|早|夜|凌晨|上午|中午|下午|傍晚|周|星期|礼拜|\d{1,2}[:：]|发|看|$|,|，|。))",
        r"(?<![\d./-])(?:1[0-2]|0?[1-9])-(?:3[01]|[12]\d|0?[1-9])(?=\s\d{1,2}[:：]|\s?(?:晚|早|上午|下午|凌晨))",
        rf"(?:上上|上|这|本)(?:个)?(?:周|星期|礼拜){_WEEKDAY}|上上?个?(?:周|星期|礼拜)(?![^，,。的]?次)",
        rf"(?:上上|上|这|本)(?:个)?月(?:{_N}来?[日号]|{_OLD_DAY}|初|底|中旬|上旬|下旬)?",
        rf"(?:周|星期|礼拜){_WEEKDAY}(?![个次回])",
        r"大*前[天儿]个?|前日|昨[天日]|昨儿个?|今天|今日(?!头条)|今儿个?|昨(?=晌|晚|夜)|前(?=晚)|今(?=早|晚|晨)|[寻尋噚琴](?=晚)|[寻尋噚琴]日",
        rf"(?:{_N}|半|几十?)(?:个)?(?:小时|钟头|天|周|星期|礼拜|个?多?月)(?:之|以)?前",
        r"(?:去年|今年|前年|明年|后年|上个?月)?(?:元旦|春节|过年|除夕|小年|年三十|大?年初[一二三四五六七八]|大年三十|元宵节?|清明节?"
        r"|五一|劳动节|端午节?|六一|儿童节|七夕|中元节?|中秋节?|(?:九九)?重阳节?|国庆节?|十一假期|圣诞节?|平安夜|双十一|双11|双十二"
        r"|双12|618|教师节|妇女节|三八节?|母亲节|父亲节|光棍节|情人节|感恩节|万圣节|腊八节?|立春|立夏|立秋|立冬|冬至|夏至|春分|秋分"
        r"|小雪|大雪|小寒|大寒|寒露|霜降|白露|惊蛰|谷雨|芒种)"
        r"(?:小?长假|假期|放假)?(?:的?第[一二三四五六七]天|的?最后一天|那天|那晚|那几天|期间|前后|当天|当晚|前一天|前一晚|前夜|后一天"
        r"|后第[一二三四五六七]天|前夕)?",
        r"(?:上|这|本|当)?个?月(?:底|初|中旬|上旬|下旬)(?:那天|那几天)?",
        r"(?:去年|前年)(?:年底|年初|夏天|冬天|春天|秋天)?",
        rf"(?<![\d月]){_N}号(?=一早|早|上午|中午|下午|晚|凌晨|夜|那天|发|看|的|，|,|。|$)",
    )
)
_DATE = re.compile(rf"(?:{_DAY})(?:\s?的?\s?{_DAY_PART})?(?:\s?{_CLOCK})?")

_QUOTED = r"[“\"「『【《‘']([^”\"」』】》’'\n]{1,30})[”\"」』】》’']"
_ACCOUNT_WORD = (
    r"(?:账号|帐号|账户|网名|昵称|用户名?|ID|id|博主|up主|UP主|主播|楼主|群主|作者|公众号|大V|号主|店铺?名?|网店|自媒体"
    r"|(?<![手电暗型房座车批编证])号)"
)
_PLAIN_NAME = r"[\w·\-]{2,20}?"
_OPENING = ("“", '"', "「", "『", "《", "‘", "'")
_CLOSING = ("”", '"', "」", "』", "》", "’", "'")
#: What follows on a day and names what happened on it: 9月20日那期.
_NO_DAY = re.compile(r"那[场期条篇集回]$")
_PLACE = r"(?:微博|抖音|快手|小红书|视频号|公众号|知乎|B站|b站|贴吧|头条|豆瓣|脉脉|群|空间|平台|网上)"
_ACCOUNTS = (
    re.compile(r"(?<![A-Za-z0-9._%+-])@([\w·\-]{1,30})"),
    re.compile(rf"(?:叫做?|名叫|名为|网名|昵称|{_ACCOUNT_WORD})\s?(?:是|叫做?|为|名)?\s?[:：]?\s?{_QUOTED}"),
    re.compile(rf"{_QUOTED}\s?(?:这个|的|那个)?{_ACCOUNT_WORD}"),
    # How apps share a work: 【老城一霸的作品】
    re.compile(r"【([^】\n]{1,20}?)的(?:作品|视频|直播间?|笔记|主页)】"),
    re.compile(
        rf"{_PLACE}(?:上|里)?(?:有个|有一个|那个|这个|有人叫|的)?\s?{_QUOTED}(?!的?(?:视频|帖子|文章|话题|词条|标题))"
    ),
    re.compile(r"(?:楼主|作者|博主|群主|主播|账号|帐号|网名|昵称)\s?叫做?\s?([\w·\-]{2,20})(?=[\s，,。！!]|$)"),
    re.compile(
        rf"{_ACCOUNT_WORD}\s?(?:名?字?\s?(?:是|叫做?|为|[:：]))\s?@?({_PLAIN_NAME})(?=[的,，。;；\s发在把说骂造]|$)"
    ),
    # 昵称 睡美人, 发帖人：一勺月亮, 小红书号4471902386: a word for it, then nothing but the name.
    re.compile(
        rf"(?:(?:昵称|网名|用户名|署名|(?<![A-Za-z])(?:ID|id)|(?:{_PLACE}|西瓜)号)(?:\s?(?:写着|写的是|[:：])\s?|\s+)"
        r"|(?:[发贴帖布]人|发布者|作者|答主|博主|主播|号主|账号|帐号)\s?(?:写着|写的是|[:：])\s?)"
        r"@?([\w·.\-]{2,20})(?=[\s，,。;；!！]|$)"
    ),
    re.compile(
        rf"(?:有个|一个|个|那个|这个)(?:{_ACCOUNT_WORD})?(?:网?名)?叫做?\s?({_PLAIN_NAME})的(?=[把在发说骂造号人博账天老每一,，]|$)"
    ),
)
#: What the account patterns may catch that is nobody's name.
_NO_ACCOUNT = re.compile(
    r"^(?:什么|啥|我$|他$|她$|你$|我自己|谁|那个|这个|人家|不知|不是|不晓|没有(?:$|名|号|账|帐|昵称|写|显示|署|看|记|留意|注意|找|存|截)|没(?:看|记|注意)|忘|记不|暂无|未知|已经|匿名$|小号$|了?所有人|全体成员)"
)

#: Before a quoted name: then it is what something is called or what was said, not who said it.
_TITLE_BEFORE = re.compile(
    r"(?:标题|题目|话题|词条|热搜|暗号|口号|原话|评论|置顶|文案|配文|文章|视频|帖子|横幅|外号|绰号)"
    r"(?:里|上|中)?(?:就|都)?(?:是|叫做?|为|写着|写的是|[:：])?$|(?:喊|骂我?|说我?|写着|写道)[:：]?$"
)

_QUESTION = re.compile(
    r"[?？]|(?:吗|么|呢|不|没)[。.~～!！\s]*$|怎么(?!可能)|怎样|咋|(?<!没有)(?<!没)(?<!都)(?<!点)(?<!不是)(?:什么|啥)|(?<!不是)哪[里儿个些]|谁|多久|多少|几天|几个|为何|为什么|能不能|可不可以|"
    r"会不会|要不要|是不是|算不算|有没有|行不行|可以.{0,8}吗|需不需要|用不用"
)


_UNSEEN = ("Cc", "Cf", "Co", "Cn", "Cs")


class Fields(NamedTuple):
    """What a message states; lists in the order of the text."""

    platform: List[str]
    account: List[str]
    url: List[str]
    phone: List[str]
    email: List[str]
    date: List[str]

    def found(self) -> Dict[str, Any]:
        """`{name: value}` of what is there; one value plain, several as a list."""
        values = {name: getattr(self, name) for name in ("platform", "account", "url", "phone", "date")}
        return {name: items[0] if len(items) == 1 else items for name, items in values.items() if items}


def clean(text: str) -> str:
    """The text as it is understood: full-width forms narrowed, control and invisible characters out, ends trimmed."""
    return readable(unicodedata.normalize("NFKC", text[:MAX_CHARS]))


def readable(text: str) -> str:
    """The text as it was written, without what cannot be seen."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _UNSEEN).strip()


def is_question(text: str) -> bool:
    """Whether it has the form of a question."""
    return bool(_QUESTION.search(text))


class Number(NamedTuple):
    """A telephone number and where it stands; `own`: whether the words before it speak of the reporter."""

    start: int
    end: int
    value: str
    own: bool


class Place(NamedTuple):
    """A platform named in a folded text: its canonical name, the word that names it, where that stands, and beside how
    many platforms in all."""

    name: str
    word: str
    text: str
    start: int
    end: int
    among: int


class Reader:
    """Reads fields with the platform table of the reporting standard.

    `platforms`: ``[{"name": …, "aliases": […], "asked": […], "domains": […], "unless": […], "any_site": bool}]``.
    """

    def __init__(self, platforms: List[Dict[str, Any]]) -> None:
        names: Dict[str, str] = {}
        self._domains: List[Tuple[str, str]] = []
        for platform in platforms:
            for alias in (platform["name"], *platform["aliases"], *platform.get("asked", ())):
                names[_fold(alias)] = platform["name"]
            self._domains += [(domain.lower(), platform["name"]) for domain in platform["domains"]]
        self._any_site = next((p["name"] for p in platforms if p.get("any_site")), None)
        self._unless = any_of([_fold(word) for platform in platforms for word in platform.get("unless", ())])
        self._asked = {_fold(word) for platform in platforms for word in platform.get("asked", ())}
        self._names = names
        # Longest first, so that 微信公众号 is not read as 微信; an alias of Latin letters must stand alone.
        ordered = sorted(names, key=len, reverse=True)
        self._platform = re.compile(
            "|".join(
                rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name)
                for name in ordered
            )
            or r"(?!)"
        )
        self._domains.sort(key=lambda pair: len(pair[0]), reverse=True)

    def read(self, text: str, asked: bool = False) -> Fields:
        """The fields of a cleaned text; `asked`: whether it was asked for the platform."""
        urls = [_trim_url(match.group()) for match in _URL.finditer(text)]
        emails = [match.group() for match in _EMAIL.finditer(text)]
        rest = _EMAIL.sub(" ", _URL.sub(" ", text))
        platforms = self.platforms(text, asked)
        phones = [number.value for number in self.numbers(rest) if number.own]
        dates = [match.group().strip() for match in _DATE.finditer(rest)]
        # The bare host beside a link to it says nothing more.
        urls = [url for url in urls if not any(f"//{url}/" in other for other in urls)]
        return Fields(platforms, self._accounts(rest), _once(urls), _once(phones), _once(emails), _once(dates))

    def platforms(self, text: str, asked: bool = False, there: Callable[["Place"], bool] = lambda _: True) -> List[str]:
        """The platforms that a text names or its links lead to; `there` tells where it happened from mere mentions."""
        places = self.places(text)
        plain = [place for place in places if place.word not in self._asked]
        names = [place.name for place in plain or (places if asked else ()) if self.is_any_site(place) or there(place)]
        urls = [_trim_url(match.group()) for match in _URL.finditer(text)]
        names += [name for name in map(self.platform_of_url, urls) if name]
        if others := [name for name in names if name != self._any_site]:
            # 微博网站 is 微博: a site of its own is what nothing else names.
            return _once(others)
        return [self._any_site] if urls and self._any_site else _once(names)

    def places(self, text: str) -> List["Place"]:
        """Where platforms are named, links left aside."""
        rest = _fold(_EMAIL.sub(_blank, _URL.sub(_blank, text)))
        named = self._unless.sub(_blank, rest)
        found = [(self._names[match.group()], match) for match in self._platform.finditer(named)]
        among = len({name for name, _ in found})
        return [Place(name, match.group(), rest, match.start(), match.end(), among) for name, match in found]

    def is_any_site(self, place: "Place") -> bool:
        """Whether a word for websites in general stands there."""
        return place.name == self._any_site

    def numbers(self, text: str) -> List["Number"]:
        """All telephone numbers of a text, spoken ones too, and whether they seem to be the reporter's own."""
        text = _EMAIL.sub(_blank, _URL.sub(_blank, text))
        found = [
            Number(match.start(), match.end(), _grouped(match.group(1), pattern), _is_own(text[: match.start()]))
            for pattern in (_MOBILE, _LANDLINE, _HOTLINE)
            for match in pattern.finditer(text)
        ]
        found += [
            Number(m.start(), m.end(), re.sub(r"\s", "", m.group()).translate(_DIGITS), _is_own(text[: m.start()]))
            for m in _SPOKEN.finditer(text)
        ]
        return found

    def marks(self, text: str) -> List[Tuple[int, int, str]]:
        """Where tables and patterns see something, ``(start, end, what)``: hints for the tagger, not yet facts."""
        found = [(m.start(), m.end(), "url") for m in _URL.finditer(text)]
        found += [(m.start(), m.end(), "email") for m in _EMAIL.finditer(text)]
        found += [(number.start, number.end, "phone") for number in self.numbers(text)]
        found += [(m.start(), m.end(), "date") for m in _DATE.finditer(text)]
        found += [(m.start(1), m.end(1), "account") for p in _ACCOUNTS for m in p.finditer(text)]
        folded = text.casefold()
        if len(folded) == len(text):
            found += [(m.start(), m.end(), "platform") for m in self._platform.finditer(folded)]
        return found

    def links(self, text: str) -> List[Tuple[int, int]]:
        """Where links stand in a text."""
        return [match.span() for match in _URL.finditer(text)]

    def days(self, text: str, spans: List[Tuple[int, int]]) -> List[str]:
        """The days that stand in `spans` of a text, as far as the words for a day and its hour reach."""
        written = [match.span() for match in _DATE.finditer(text)]
        found = []
        for start, end in spans:
            near = [(first, last) for first, last in written if first < end and last > start]
            first, last = min([start, *(first for first, _ in near)]), max([end, *(last for _, last in near)])
            found.append(_NO_DAY.sub("", text[first:last]).strip())
        return _once(found)

    @staticmethod
    def in_quotes(text: str, start: int, end: int) -> bool:
        """Whether a piece of a text is all that stands between quotes."""
        return text[:start].endswith(_OPENING) and text[end:].startswith(_CLOSING)

    @staticmethod
    def is_title(text: str, start: int) -> bool:
        """Whether what stands in quotes from `start` on is a title or somebody's words: 标题就叫“…”."""
        before = text[:start]
        return before.endswith(_OPENING) and bool(_TITLE_BEFORE.search(before.rstrip("".join(_OPENING))))

    def accounts_only(self, names: Sequence[str]) -> List[str]:
        """Without what is no account's name, and without pieces of others."""
        good = [name for name in _once(names) if not _NO_ACCOUNT.search(name) and not self.platform_named(name)]
        good = [name for name in good if not _URL.fullmatch(name)]
        return [name for name in good if not any(name != other and name in other for other in good)]

    def platform_of_url(self, url: str) -> str:
        """The platform a link belongs to, or ""."""
        host = re.sub(r"^https?://", "", url.lower()).split("/")[0].split("?")[0].split(":")[0]
        return next((name for domain, name in self._domains if host == domain or host.endswith("." + domain)), "")

    def platform_named(self, text: str) -> str:
        """The canonical name if the whole text is a platform's name or alias, or ""."""
        return self._names.get(_fold(text).strip(" 的。.，,上里"), "")

    def _accounts(self, text: str) -> List[str]:
        found: List[Tuple[int, str]] = []
        for pattern in _ACCOUNTS:
            for match in pattern.finditer(text):
                name = match.group(1).strip(" ，,。.:：@的")
                if self.is_title(text, match.start(1)):
                    continue
                if name and not _NO_ACCOUNT.match(name) and not self.platform_named(name):
                    found.append((match.start(1), name))
        return _once([name for _, name in sorted(found)])


def _blank(match: "re.Match[str]") -> str:
    return " " * len(match.group())


def _grouped(number: str, pattern: "re.Pattern[str]") -> str:
    """A mobile number is eleven digits; the parts of another are told by how it was written."""
    return re.sub(r"[-\s.]", "", number) if pattern is _MOBILE else number


def _is_own(before: str) -> bool:
    """Whether a number is the reporter's own, by what stands before it."""
    return bool(_OWN_NUMBER.search(before)) or not _OTHERS_NUMBER.search(before)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _trim_url(url: str) -> str:
    url = url.rstrip(".,;:!?'\"")
    while url.endswith(")") and url.count("(") < url.count(")"):
        url = url[:-1]
    return url


def _once(items: Sequence[str]) -> List[str]:
    return list(dict.fromkeys(items))
