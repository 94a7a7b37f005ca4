"""The evidence vault as the settings want it."""

from __future__ import annotations

from bot.sealing import Sealer
from bot.settings import Settings
from connectors.gateway import Database, Vault
from connectors.gateway.vault import Clamd, open_store


def open_vault(settings: Settings, database: Database, sealer: Sealer) -> Vault:
    """Raises ValueError if the store's or the scanner's address is none."""
    store = open_store(settings.evidence_url, settings.home / "evidence")
    return Vault(store, database, sealer, Sealer, Clamd(settings.clamd) if settings.clamd else None)
