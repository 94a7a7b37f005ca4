"""Official texts of laws: read from files, kept by version in the state folder, compared article by article."""

from knowledge.statutes.parse import Article, Statute, StatuteError
from knowledge.statutes.store import Incoming, Record, StatuteStore

__all__ = ["Article", "Incoming", "Record", "Statute", "StatuteError", "StatuteStore"]
