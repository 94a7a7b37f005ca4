"""copies of linked pages, and whose a file of the vault is"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("evidence") as evidence:
        evidence.add_column(sa.Column("origin", sa.String(10), nullable=False, server_default="person"))
    op.create_table(
        "linked_pages",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("conversation_id", sa.String(36), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("draft_id", sa.String(36), nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("told", sa.LargeBinary),
        sa.Column("evidence_id", sa.String(36)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_try_at", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("ix_linked_pages_draft_id", "linked_pages", ["draft_id"])
    op.create_index("ix_linked_pages_conversation_id", "linked_pages", ["conversation_id"])
    op.create_index("linked_pages_due", "linked_pages", ["state", "next_try_at"])
