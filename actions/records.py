"""Tables of drafts, reports and cases. Everything a person told stands in a sealed column."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

#: Editions of the reporting standard that drafts were begun under; a draft finishes under its own.
editions = sa.Table(
    "editions",
    metadata,
    sa.Column("edition", sa.String(20), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("conversation_id", sa.String(36), nullable=False, index=True),
    sa.Column("edition", sa.String(20), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # open | dropped | submitted
    sa.Column("updated_at", sa.Float, nullable=False),
)

#: Submitted reports, immutable; also the submission outbox: `waiting` ones are sent until the backend has a case.
reports = sa.Table(
    "reports",
    metadata,
    sa.Column("draft_id", sa.String(36), primary_key=True),
    sa.Column("conversation_id", sa.String(36), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("evidence_ids", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # waiting | sent | refused
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("next_try_at", sa.Float, nullable=False),
    sa.Column("case_no", sa.String(40), unique=True),
    sa.Column("receipt", sa.LargeBinary),
    # How much of the case's history the person has been told.
    sa.Column("told", sa.Integer, nullable=False, default=0),
    # Whether the receipt was part of the turn that submitted; if not, it is owed as a message of its own.
    sa.Column("receipt_told", sa.Boolean, nullable=False, default=False),
    sa.Column("problem", sa.String(200)),
    sa.Column("created_at", sa.Float, nullable=False),
)

#: What goes to the agency beside reports: supplements and requests for a call back; an outbox as `reports` is.
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("conversation_id", sa.String(36), nullable=False, index=True),
    sa.Column("kind", sa.String(10), nullable=False),  # supplement | call_back
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("evidence_ids", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # waiting | sent | refused
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("next_try_at", sa.Float, nullable=False),
    sa.Column("problem", sa.String(200)),
    sa.Column("created_at", sa.Float, nullable=False),
)

#: Proof that is owed for a provisional report, until it has come or the person was reminded.
reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("draft_id", sa.String(36), primary_key=True),
    sa.Column("conversation_id", sa.String(36), nullable=False),
    sa.Column("last_day", sa.String(10), nullable=False),
    sa.Column("due_at", sa.Float, nullable=False, index=True),
    sa.Column("created_at", sa.Float, nullable=False),
)

#: Callbacks of the backend that were taken in, so that one delivered twice is told once.
callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("event_id", sa.String(80), primary_key=True),
    sa.Column("received_at", sa.Float, nullable=False),
)
