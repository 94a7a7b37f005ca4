"""one key per report, a record of who touched evidence, links that expire"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("evidence") as evidence:
        evidence.alter_column("key", existing_type=sa.LargeBinary, nullable=True)
        evidence.add_column(sa.Column("copy_type", sa.String(40)))
        evidence.add_column(sa.Column("scan", sa.String(10), nullable=False, server_default="off"))
    op.create_table(
        "evidence_folders",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("conversation_id", sa.String(36), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("draft_id", sa.String(36), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.UniqueConstraint("conversation_id", "draft_id"),
    )
    op.create_index("ix_evidence_folders_draft_id", "evidence_folders", ["draft_id"])
    op.create_table(
        "evidence_keys",
        sa.Column("evidence_id", sa.String(36), sa.ForeignKey("evidence.id"), primary_key=True),
        sa.Column("folder_id", sa.String(36), sa.ForeignKey("evidence_folders.id"), primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "evidence_log",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("evidence_id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(36), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_evidence_log_evidence_id", "evidence_log", ["evidence_id"])
    op.create_table(
        "links",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("conversation_id", sa.String(36), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("used_at", sa.Float),
    )
    op.create_index("ix_links_expires_at", "links", ["expires_at"])
