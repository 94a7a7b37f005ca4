"""The reference backend: a small, complete implementation of the contract, started where no real backend is named.

It keeps every promise a real one has to keep — one case for one draft, evidence checked by its hash, status callbacks
that survive a restart — in one SQLite file and one folder, with everything personal sealed.
"""

from .app import create_app
from .callbacks import CallbackTarget, RetryPlan
from .openapi import openapi_document
from .sealing import Sealer

__all__ = ["CallbackTarget", "RetryPlan", "Sealer", "create_app", "openapi_document"]
