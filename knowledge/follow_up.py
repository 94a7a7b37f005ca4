"""Whether a question goes on from the one before: 那多久呢, 要钱吗, 还有别的办法没."""

from __future__ import annotations

import re

#: Longer than this, people say what they mean.
LONGEST = 12
_LINKS = re.compile(r"^(?:那|那么|然后|还有|另外|如果|要是|万一|那要|那我|之后|接着|其他|别的|除了)")
_OPEN = re.compile(r"(?:呢|吗|么|嘛|啊|多久|多少|几天|哪里|在哪|怎么办|怎么弄|怎么做|为什么|可以吗|行吗|谁)[?。 ]*$")


def goes_on(said: str) -> bool:
    """`said`: normalised."""
    return len(said) <= LONGEST and bool(_LINKS.match(said) or _OPEN.search(said))
