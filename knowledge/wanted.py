"""What a question asks for by itself: an example of a case, or what the law says."""

from __future__ import annotations

import re

_CASE = re.compile(
    r"案例|案子|例子|示例|事例|先例|举个?例|比如说|后来(?:怎|咋|找|处理|解决|成功)|有(?:没有)?人(?:成功|赢|举报成|处理好)"
)
_ANY_CASE = re.compile(
    r"(?:请问|想|看|给|让|我|一下|[个些点的]|有|没|类似|差不多|这种|这样|成功|真实|之前|以前|别人|案例|案子|例子|示例|事例|先例"
    r"|举例?|可以|参考|后来|怎么?样|了|过|吗|呢|吧|\W)+"
)
_LAW = re.compile(r"法(?!儿|子)|第.+条|哪条|几条|规定|条例|解释|罪|判|刑|处罚|罚款|拘留|坐牢|犯法")


def a_case(said: str) -> bool:
    """`said`: normalised. Whether an example is wanted (有先例吗), not what to do."""
    return bool(_CASE.search(said))


def any_case(said: str) -> bool:
    """`said`: normalised. Whether an example is wanted and nothing says of what (有没有类似的例子)."""
    return a_case(said) and bool(_ANY_CASE.fullmatch(said))


def the_law(said: str) -> bool:
    """`said`: normalised. Whether the words of the law or a punishment are asked for (判几年)."""
    return bool(_LAW.search(said))
