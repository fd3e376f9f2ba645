"""Alembic's entry: runs the revisions on the connection it is given, or on the URL of its configuration."""

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine
from sqlmodel import SQLModel

import models

assert models  # importing it registers every table


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=NullPool).connect() as opened:
        run(opened)
        opened.commit()
