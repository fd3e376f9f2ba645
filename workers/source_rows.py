"""What AIMS360 was last read to say, in SQL: stored in bulk, an older reading never over a newer one; who is gone, what was exported."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

_CHUNK = 200  # rows with JSON in one statement


class SourceRows:
    """One table of sources: primary key (site_id, `key`), with `read_at`, `gone` and `exported_digest`. No method commits."""

    def __init__(self, model: type[SQLModel], key: str) -> None:
        self.table = SQLModel.metadata.tables[str(model.__tablename__)]
        self._key = self.table.c[key]
        self._read = [column.name for column in self.table.c if column.name not in ("site_id", key, "exported_digest")]

    def write(self, session: Session, sources: Sequence[SQLModel]) -> None:
        """Insert or replace what was read; a row that a later reading has written stays. What was exported is not touched."""
        rows = [source.model_dump(exclude={"exported_digest"}) for source in sources]
        rows.sort(key=lambda row: str(row[self._key.name]))  # always in the same order: two writers would deadlock
        upsert_into = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        for start in range(0, len(rows), _CHUNK):
            statement = upsert_into(self.table).values(rows[start : start + _CHUNK])
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=["site_id", self._key.name],
                    set_={name: statement.excluded[name] for name in self._read},
                    where=self.table.c.read_at <= statement.excluded.read_at,
                )
            )

    def touch(self, session: Session, site_id: int, keys: Iterable[str], read_at: datetime) -> None:
        """Read again, and found as they were."""
        mine = (self.table.c.site_id == site_id, self._key.in_(sorted(keys)), self.table.c.read_at <= read_at)
        session.execute(update(self.table).where(*mine).values(read_at=read_at))

    def mark_gone(self, session: Session, site_id: int, before: datetime, keys: Collection[str] | None = None) -> list[str]:
        """Those that the reading begun at `before` did not have (of `keys`, or of all). Returns the newly gone ones."""
        c = self.table.c
        query = update(self.table).where(c.site_id == site_id, c.read_at < before, ~c.gone)
        if keys is not None:
            query = query.where(self._key.in_(sorted(keys)))
        found: Sequence[Row[Any]] = session.execute(query.values(gone=True, read_at=before).returning(self._key)).all()
        return sorted(row[0] for row in found)

    def set_exported(self, session: Session, site_id: int, key: str, expected: str | None) -> None:
        mine = (self.table.c.site_id == site_id, self._key == key)
        session.execute(update(self.table).where(*mine).values(exported_digest=expected))
