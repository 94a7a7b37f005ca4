"""Opens the office that keeps the knowledge, as the settings say: for the service and for commands beside it."""

from __future__ import annotations

from datetime import datetime

from actions.dates import LOCAL
from bot.sealing import Sealer
from bot.settings import ROOT, Settings
from connectors.gateway import Database
from knowledge.publication.gate_process import Beside
from knowledge.publication.office import Office


def open_office(settings: Settings, database: Database, sealer: Sealer) -> Office:
    """The database must have been migrated. Raises ContentError if the content cannot be used."""
    beside = Beside(settings.statutes_folder, settings.vectors_folder if settings.meaning else None)
    return Office(database, sealer, ROOT / "knowledge" / "content", lambda: datetime.now(LOCAL).date(), beside)
