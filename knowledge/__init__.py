"""What the assistant knows: published answers with citations, and who can be reached by telephone."""

from knowledge.current import CurrentKnowledge
from knowledge.entries import Citation, Entry
from knowledge.files import ContentError
from knowledge.hotline import Hotline, hotlines
from knowledge.meaning import Meaning
from knowledge.retrieval import Answer, Knowledge
from knowledge.statutes import StatuteError, StatuteStore

__all__ = [
    "Answer",
    "Citation",
    "ContentError",
    "CurrentKnowledge",
    "Entry",
    "Hotline",
    "Knowledge",
    "Meaning",
    "StatuteError",
    "StatuteStore",
    "hotlines",
]
