"""knowledge that staff keep: entries with revisions, editions, checks, questions, accounts"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "knowledge_state",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
    )
    op.create_table(
        "knowledge_entries",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("live", sa.Integer),
        sa.Column("coming", sa.Integer),
        sa.Column("work", sa.Integer),
        sa.Column("stage", sa.String(10)),
        sa.Column("seed", sa.Integer),
        sa.Column("offered", sa.Integer),
        sa.Column("lock", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "knowledge_revisions",
        sa.Column("entry_id", sa.String(120), sa.ForeignKey("knowledge_entries.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("parent", sa.Integer),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "knowledge_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("who", sa.String(40), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("entry_id", sa.String(120)),
        sa.Column("revision", sa.Integer),
        sa.Column("before", sa.Integer),
        sa.Column("edition", sa.Integer),
        sa.Column("note", sa.String(300), nullable=False),
    )
    op.create_index("ix_knowledge_events_entry_id", "knowledge_events", ["entry_id"])
    op.create_table(
        "knowledge_checks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("entry_id", sa.String(120), sa.ForeignKey("knowledge_entries.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("who", sa.String(40), nullable=False),
        sa.Column("publish", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("report", sa.LargeBinary),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    op.create_index("knowledge_checks_of", "knowledge_checks", ["entry_id", "revision"])
    op.create_index("knowledge_checks_alive", "knowledge_checks", ["state", "seen_at"])
    op.create_table(
        "knowledge_regressions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("same", sa.String(64), nullable=False, unique=True),
        sa.Column("question", sa.LargeBinary, nullable=False),
        sa.Column("entry_id", sa.String(120)),
        sa.Column("who", sa.String(40), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "knowledge_questions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("same", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("entry_id", sa.String(120), nullable=False),  # what came nearest or was rated; "" for none
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("first_at", sa.Float, nullable=False),
        sa.Column("last_at", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("for_entry", sa.String(120)),
        sa.UniqueConstraint("same", "verdict", "entry_id"),
    )
    op.create_index("knowledge_questions_open", "knowledge_questions", ["state", "last_at"])
    op.create_table(
        "staff",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("password", sa.LargeBinary, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(40), sa.ForeignKey("staff.name"), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    op.create_table(
        "staff_attempts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("staff_attempts_of", "staff_attempts", ["who", "at"])
