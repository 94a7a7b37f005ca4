"""The shapes that understanding speaks in: the step asked, and what a message means there."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple


class Turn(NamedTuple):
    """What a message means. `entities` fill Rasa's slots; `value` is what is stored for the step asked."""

    intent: str
    confidence: float
    kind: str
    entities: Dict[str, Any] = {}
    control: Optional[str] = None
    value: Any = None
    matters: List[Dict[str, Any]] = []
    reporter: str = "unknown"
    urgent: bool = False
    referral: Optional[str] = None
    fields: Dict[str, Any] = {}


class Step(NamedTuple):
    """The step being asked. `pending`: what `sure` is about."""

    id: str
    guess: Optional[str] = None
    pending: Optional[str] = None
    empty: frozenset = frozenset()
    #: The matter that is close to the guess, while that is being asked.
    close: Optional[str] = None
    #: What was told so far: a second message at the step `matter` adds to it.
    told: Tuple[str, ...] = ()
