"""Alembic's entry: runs the migrations on the connection that the journal hands over, in its transaction."""

from alembic import context
from sqlmodel import SQLModel

from governance.adapters import tables

assert tables.EntryRow.metadata is SQLModel.metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
context.run_migrations()
