"""The example in docs/producers.md runs as it stands."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from models.jobs import Job
from models.sites import Site
from runtime.db import make_engine, session_factory

PAGE = Path(__file__).parents[2] / "docs" / "producers.md"


def test_the_example_of_the_documentation_stores_both_requests(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    sessions = session_factory(make_engine(sqlite_url))
    now = datetime.now(UTC)
    with sessions() as session:
        session.add(Site(key="us", is_sandbox=True, joor_api_url="https://j", aims_api_url="https://a", created_at=now, updated_at=now))
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    exec(compile(example, str(PAGE), "exec"), {})
    with sessions() as session:
        jobs = session.exec(select(Job)).all()
    assert {job.kind for job in jobs} == {"inventory.scan", "orders.scan"}
    assert capsys.readouterr().out.strip() == str(jobs[0].run_id)
