"""The evidence vault."""

from connectors.gateway.vault.copies import FORMATS
from connectors.gateway.vault.facts import EvidenceFacts, Touch
from connectors.gateway.vault.keys import Sealing
from connectors.gateway.vault.kinds import ACCEPT, MAX_FILE_BYTES, MAX_FILES, examine
from connectors.gateway.vault.scanner import Clamd, Scanner, ScannerAway
from connectors.gateway.vault.stores import Folder, Store, StoreAway, open_store
from connectors.gateway.vault.vault import Infected, NotScanned, Vault

__all__ = [
    "ACCEPT",
    "FORMATS",
    "MAX_FILES",
    "MAX_FILE_BYTES",
    "Clamd",
    "EvidenceFacts",
    "Folder",
    "Infected",
    "NotScanned",
    "Scanner",
    "ScannerAway",
    "Sealing",
    "Store",
    "StoreAway",
    "Touch",
    "Vault",
    "examine",
    "open_store",
]
