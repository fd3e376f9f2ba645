"""Linesheets as a person defines them, for journeys."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import select

from models.catalogue import Linesheet
from models.settings import LinesheetRule
from models.sites import Site
from tests.journeys.town import Town


def define(town: Town, site: str, code: str, name: str, *, seasons: Sequence[str] | None = None, styles: Sequence[str] = ()) -> None:
    """Make it, or give it another name and rule."""
    now = datetime.now(UTC)
    with town.sessions() as session:
        site_id = session.exec(select(Site.id).where(Site.key == site)).one() or 0
        row = session.exec(select(Linesheet).where(Linesheet.site_id == site_id, Linesheet.code == code)).first()
        row = row or Linesheet(site_id=site_id, code=code, name=name, created_at=now)
        row.name = name
        row.rule = LinesheetRule(seasons=None if seasons is None else list(seasons), styles=list(styles)).model_dump(mode="json")
        session.add(row)
