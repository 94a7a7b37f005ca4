"""How messages get in and out: inbox, outbox, conversations, evidence vault."""

from connectors.gateway.database import Database
from connectors.gateway.gateway import Gateway
from connectors.gateway.messages import Entry, Inbound, Rejected
from connectors.gateway.turns import Pace
from connectors.gateway.vault import EvidenceFacts, Vault

__all__ = ["Database", "Entry", "EvidenceFacts", "Gateway", "Inbound", "Pace", "Rejected", "Vault"]
