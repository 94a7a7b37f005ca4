"""Tables of the gateway. Whatever a person wrote, sent or is called stands in a sealed column (LargeBinary)."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("channel", sa.String(20), nullable=False),
    # A keyed hash of who it is on that channel: enough to find the conversation again, and useless without the key.
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("state", sa.LargeBinary),
    # How to reach the person where the channel must be sent to, sealed; null where the channel fetches its entries.
    sa.Column("address", sa.LargeBinary),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.UniqueConstraint("channel", "person"),
)

#: What people sent: stored before it is acknowledged, handled once, in order.
inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("message_id", sa.String(80), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # fetching | waiting | done | failed | noted
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("received_at", sa.Float, nullable=False),
    # What was answered inside the provider's own call, so that the same call made again is answered the same.
    sa.Column("reply", sa.LargeBinary),
    # Messages sent in one breath are one turn: the id of the first of them. Set before the turn is taken, so that
    # a turn taken again after a crash holds the same messages.
    sa.Column("turn", sa.Integer),
    sa.UniqueConstraint("conversation_id", "message_id"),
    sa.Index("inbox_waiting", "state", "conversation_id", "id"),
)

#: The conversation as people see it, both sides. The assistant's entries are the outbox: `delivery` says what is
#: still owed to a channel that must be sent to (the web page fetches, so its entries are shown at once).
entries = sa.Table(
    "entries",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("inbox_id", sa.ForeignKey("inbox.id")),
    sa.Column("side", sa.String(10), nullable=False),  # person | assistant
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("delivery", sa.String(10), nullable=False),  # shown | waiting | sending | sent | failed
    # A long entry goes out in parts: how many are out.
    sa.Column("parts", sa.Integer, nullable=False, default=0, server_default="0"),
    # Why it failed, for staff.
    sa.Column("problem", sa.String(40)),
    sa.Column("at", sa.Float, nullable=False),
    # What must be said once although it may be asked for twice, such as a notice about a case.
    sa.Column("once", sa.String(80), unique=True),
    sa.Index("entries_of", "conversation_id", "seq"),
    sa.Index("entries_owed", "delivery", "conversation_id"),
)

#: How delivery stands in a conversation that must be sent to. Whoever sends holds the lease; one that has run out means
#: that a process died while it waited for the provider's answer.
outlets = sa.Table(
    "outlets",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("lease_by", sa.String(60)),
    sa.Column("lease_until", sa.Float, nullable=False, default=0.0),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("next_try_at", sa.Float, nullable=False, default=0.0),
    sa.Column("problem", sa.String(40)),
)

#: How many messages a contact of the person allows, by the kind of contact. `ticket`, sealed: what the provider wants
#: to be shown with the message.
allowances = sa.Table(
    "allowances",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("remaining", sa.Integer, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("ticket", sa.LargeBinary),
)

#: How far a channel that is pulled has been read.
cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(120), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False),
)

#: Evidence items. The file lies in the vault under `vault_name`, sealed as its facts are under a key of its own.
evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("vault_name", sa.String(64), nullable=False),
    # Where the first schema kept the file's key; empty once the vault has taken it into `evidence_keys`.
    sa.Column("key", sa.LargeBinary),
    sa.Column("facts", sa.LargeBinary, nullable=False),
    sa.Column("copy_type", sa.String(40)),
    sa.Column("scan", sa.String(10), nullable=False, default="off"),  # off | clean | waiting | infected
    # Whether the person sent it, or it is a copy of a page that their report links to.
    sa.Column("origin", sa.String(10), nullable=False, default="person", server_default="person"),  # person | page
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Index("evidence_of", "conversation_id"),
)

#: One key for each report (draft id), and one for what a conversation has sent and no report has taken (no draft id).
evidence_folders = sa.Table(
    "evidence_folders",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("draft_id", sa.String(36), nullable=False, index=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.UniqueConstraint("conversation_id", "draft_id"),
)

#: A file's key under the key of each report it belongs to. Without such a row the file is noise.
evidence_keys = sa.Table(
    "evidence_keys",
    metadata,
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), primary_key=True),
    sa.Column("folder_id", sa.ForeignKey("evidence_folders.id"), primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
)

#: Who touched a file and when. It outlives the file.
evidence_log = sa.Table(
    "evidence_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("evidence_id", sa.String(36), nullable=False, index=True),
    sa.Column("conversation_id", sa.String(36), nullable=False),
    sa.Column("action", sa.String(10), nullable=False),  # stored | read | copied | sent | scanned | erased
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("details", sa.LargeBinary, nullable=False),
)

#: Links of reports whose pages are copied. `name` is a keyed hash; `told`, sealed, is what came of it.
linked_pages = sa.Table(
    "linked_pages",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("draft_id", sa.String(36), nullable=False, index=True),
    sa.Column("link", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # waiting | kept | failed
    sa.Column("told", sa.LargeBinary),
    sa.Column("evidence_id", sa.String(36)),
    sa.Column("tries", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("next_try_at", sa.Float, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Index("linked_pages_due", "state", "next_try_at"),
)

#: Links that open one thing for a while: an upload page, a receipt. Who holds the link may; the database knows only a
#: keyed hash of it.
links = sa.Table(
    "links",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),  # upload | receipt
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
    sa.Column("used_at", sa.Float),
)
