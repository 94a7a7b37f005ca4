"""delivery to channels that must be sent to"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("conversations") as conversations:
        conversations.add_column(sa.Column("address", sa.LargeBinary))
    with op.batch_alter_table("inbox") as inbox:
        inbox.add_column(sa.Column("reply", sa.LargeBinary))
    with op.batch_alter_table("entries") as entries:
        entries.add_column(sa.Column("parts", sa.Integer, nullable=False, server_default="0"))
        entries.add_column(sa.Column("problem", sa.String(40)))
        entries.create_index("entries_owed", ["delivery", "conversation_id"])
    op.create_table(
        "outlets",
        sa.Column("conversation_id", sa.String(36), sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("lease_by", sa.String(60)),
        sa.Column("lease_until", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", sa.Float, nullable=False),
        sa.Column("problem", sa.String(40)),
    )
    op.create_table(
        "allowances",
        sa.Column("conversation_id", sa.String(36), sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("remaining", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("ticket", sa.LargeBinary),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
    )
