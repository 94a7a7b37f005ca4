"""Tables of the knowledge that staff keep, and of the staff. Questions that people asked stand in sealed columns."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

#: One row: what everybody has to see. `edition` goes up with each publication; `seed`: which content was merged last.
state = sa.Table(
    "knowledge_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, nullable=False),
    sa.Column("seed", sa.String(64), nullable=False),
)

#: Where each entry stands. The numbers are those of revisions.
entries = sa.Table(
    "knowledge_entries",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("live", sa.Integer),  # what is answered
    sa.Column("coming", sa.Integer),  # published, and takes the place of `live` on its first valid day
    sa.Column("work", sa.Integer),  # what is being written
    sa.Column("stage", sa.String(10)),  # of the work: draft | review
    sa.Column("seed", sa.Integer),  # the newest revision that came with the product
    sa.Column("offered", sa.Integer),  # one that came with the product and that staff have not looked at
    # Goes up with each change; who wants to change an entry says which lock they saw.
    sa.Column("lock", sa.Integer, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
)

#: Immutable: a change is a new row. `body`: the fields of an entry as JSON, perhaps not complete yet.
revisions = sa.Table(
    "knowledge_revisions",
    metadata,
    sa.Column("entry_id", sa.ForeignKey("knowledge_entries.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("author", sa.String(40), nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("parent", sa.Integer),
    sa.Column("at", sa.Float, nullable=False),
)

#: Who did what. Only ever added to.
events = sa.Table(
    "knowledge_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("who", sa.String(40), nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("entry_id", sa.String(120), index=True),
    sa.Column("revision", sa.Integer),
    sa.Column("before", sa.Integer),
    sa.Column("edition", sa.Integer),
    sa.Column("note", sa.String(300), nullable=False),
)

#: Runs of the publication gate: one revision against one edition. `seen_at`: the last sign of life of the run.
checks = sa.Table(
    "knowledge_checks",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("entry_id", sa.ForeignKey("knowledge_entries.id"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("edition", sa.Integer, nullable=False),
    sa.Column("who", sa.String(40), nullable=False),
    sa.Column("publish", sa.Boolean, nullable=False),  # whether to publish it if it passes
    sa.Column("state", sa.String(10), nullable=False),  # running | passed | blocked | published | failed
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("report", sa.LargeBinary),  # sealed: it names kept questions
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Index("knowledge_checks_of", "entry_id", "revision"),
    sa.Index("knowledge_checks_alive", "state", "seen_at"),
)

#: Questions that must go on being answered by one entry, or (`entry_id` null) by none.
regressions = sa.Table(
    "knowledge_regressions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("same", sa.String(64), nullable=False, unique=True),
    sa.Column("question", sa.LargeBinary, nullable=False),
    sa.Column("entry_id", sa.String(120)),
    sa.Column("who", sa.String(40), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

#: What nobody could answer, and answers that were of no help: masked, sealed, the same question once.
questions = sa.Table(
    "knowledge_questions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("same", sa.String(64), nullable=False),  # a keyed hash of the bare question
    sa.Column("verdict", sa.String(12), nullable=False),  # unanswered | not_helpful | helpful
    sa.Column("entry_id", sa.String(120), nullable=False),  # what came nearest or was rated; "" for none
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("first_at", sa.Float, nullable=False),
    sa.Column("last_at", sa.Float, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # open | taken | done | dismissed
    sa.Column("for_entry", sa.String(120)),  # the entry that was made of it
    sa.UniqueConstraint("same", "verdict", "entry_id"),
    sa.Index("knowledge_questions_open", "state", "last_at"),
)

#: Accounts of staff. `password`: the sealed hash.
staff = sa.Table(
    "staff",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("role", sa.String(10), nullable=False),  # editor | reviewer | admin
    sa.Column("password", sa.LargeBinary, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
)

#: Who is signed in. `token`: a keyed hash of what the browser holds.
sessions = sa.Table(
    "staff_sessions",
    metadata,
    sa.Column("token", sa.String(64), primary_key=True),
    sa.Column("name", sa.ForeignKey("staff.name"), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
)

#: Sign-ins that failed, by a keyed hash of the name or the address, so that guessing is slow across restarts, too.
attempts = sa.Table(
    "staff_attempts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("who", sa.String(64), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("staff_attempts_of", "who", "at"),
)
