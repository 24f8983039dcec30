"""The block at which an intent was signed, and its account and nonce to look it up by."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Intents from before waited since the first block: whatever waits of them may be replaced."""
    op.add_column("intent", sa.Column("block", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_intent_nonce", "intent", ["chain_id", "sender", "nonce"])


def downgrade() -> None:
    """Forget when intents were signed."""
    op.drop_index("ix_intent_nonce", "intent")
    op.drop_column("intent", "block")
