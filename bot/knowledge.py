"""The knowledge as the settings want it, for the service and for commands beside it; and how its staff know steps."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from actions.dates import LOCAL
from actions.standard import Standard
from bot.sealing import Sealer
from bot.settings import ROOT, Settings
from connectors.gateway import Database
from knowledge.publication.gate_process import Beside
from knowledge.publication.office import Office


def open_office(settings: Settings, database: Database, sealer: Sealer) -> Office:
    """The database must have been migrated. Raises ContentError if the content cannot be used."""
    beside = Beside(settings.statutes_folder, settings.vectors_folder if settings.meaning else None)
    return Office(database, sealer, ROOT / "knowledge" / "content", lambda: datetime.now(LOCAL).date(), beside)


def named_steps(standard: Standard) -> dict[str, str]:
    """Element → how staff know it: the label that most matters give it, or where two share that, its short question."""
    elements = [element for matter in standard.matters for element in matter.elements]
    labels = {one.id: Counter(e.label for e in elements if e.id == one.id).most_common(1)[0][0] for one in elements}
    shared = Counter(labels.values())
    short = {element.id: element.short for element in elements}
    return {name: label if shared[label] == 1 else short[name] for name, label in labels.items()}
