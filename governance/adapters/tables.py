"""Rows of the journal's tables. They are never handed out: the adapter turns them into values of the core."""

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel


class EntryRow(SQLModel, table=True):
    """A note of the hash chain."""

    __tablename__ = "journal_entry"

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    proposal: str = Field(sa_column=Column(Text, nullable=False))
    network: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    """JSON object of text."""
    previous: str = Field(sa_column=Column(Text, nullable=False))
    hash: str = Field(sa_column=Column(Text, nullable=False, unique=True))


class IntentRow(SQLModel, table=True):
    """A signed transaction."""

    __tablename__ = "intent"
    __table_args__ = (Index("ix_intent_nonce", "chain_id", "sender", "nonce"),)

    tx_hash: str = Field(sa_column=Column(Text, primary_key=True))
    purpose: str = Field(sa_column=Column(Text, nullable=False, index=True))
    network: str = Field(sa_column=Column(Text, nullable=False))
    chain_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    sender: str = Field(sa_column=Column(Text, nullable=False))
    nonce: int = Field(sa_column=Column(BigInteger, nullable=False))
    raw: str = Field(sa_column=Column(Text, nullable=False))
    block: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
