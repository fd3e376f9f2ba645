"""Asking for styles from a script: what becomes which job, and what a person allows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from models import Job, Run, Site
from models.audit import AuditEntry
from models.catalogue import CardState, StyleCard, StyleSource
from models.errors import NotPossible
from models.jobs import JobKind, JobState
from models.ledgers import ManualTask
from models.mappings import Mapping
from producers.style_rekey import Preview, Rekeyed, live_cards, rekey
from producers.styles import allow, put_back, request, request_match, request_remove, scan_key
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory

NOW = datetime(2031, 9, 1, tzinfo=UTC)
CLOCK = FrozenClock(NOW)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        session.add(
            Site(
                key="us",
                is_sandbox=True,
                joor_api_url="https://joor.test",
                aims_api_url="https://aims.test",
                created_at=NOW,
                updated_at=NOW,
            )
        )
    yield made
    engine.dispose()


def jobs(sessions: Sessions) -> list[tuple[str, str, Any]]:
    with sessions() as session:
        return [(job.kind, job.key, job.payload) for job in session.exec(select(Job))]


def add(sessions: Sessions, *rows: Any) -> None:
    with sessions() as session:
        session.add_all(rows)


def card(identifier: str, style: str = "D410", color: str = "", **changes: Any) -> StyleCard:
    values: dict[str, Any] = {"state": CardState.ON_JOOR, "joor_id": "9", "created_at": NOW} | changes
    return StyleCard(site_id=1, identifier=identifier, style=style, color=color, **values)


def source(style: str, *colors: str) -> StyleSource:
    return StyleSource(site_id=1, style=style, rows=[{"color": color, "active": True} for color in colors], digest="x", read_at=NOW)


def test_the_example_of_the_docstring(sessions: Sessions) -> None:
    with sessions() as session:
        run = request(session, "us", keys=["D410"], reason="new colour", requested_by="anna")
    assert (run.reason, run.requested_by, run.data_type) == ("new colour", "anna", "styles")
    assert jobs(sessions) == [(JobKind.STYLES_EXPORT, "D410", {"fresh": True})]


def test_no_keys_mean_one_scan_and_asking_twice_is_one_job(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", clock=CLOCK)
        request(session, "us", everything=True, clock=CLOCK)
    assert jobs(sessions) == [(JobKind.STYLES_SCAN, "", {"full": True})]


def test_a_narrowed_scan_is_a_job_of_its_own(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", clock=CLOCK)
        request(session, "us", divisions=["02", "01"], seasons=["F31"], status="all", clock=CLOCK)
        request(session, "us", read_only=True, clock=CLOCK)
    assert jobs(sessions) == [
        (JobKind.STYLES_SCAN, "", None),
        (JobKind.STYLES_SCAN, "divisions=01,02 seasons=F31 status=all", {"divisions": ["02", "01"], "seasons": ["F31"], "status": "all"}),
        (JobKind.STYLES_SCAN, "read only", {"fresh": True, "read_only": True}),
    ]
    assert len(scan_key({"seasons": [f"S{number:03}" for number in range(100)]})) < 40


def test_keys_and_filters_do_not_go_together(sessions: Sessions) -> None:
    for given in ({"seasons": ["F31"]}, {"read_only": True}):
        with pytest.raises(NotPossible), sessions() as session:
            request(session, "us", keys=["D410"], clock=CLOCK, **given)  # type: ignore[arg-type]  # one of each kind
    assert jobs(sessions) == []


def test_a_named_style_starts_at_once_though_its_job_is_blocked(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", keys=["D410"], clock=CLOCK)
        session.exec(select(Job)).one().state = JobState.BLOCKED
    with sessions() as session:
        request(session, "us", keys=["D410"], everything=True, clock=CLOCK)
        assert session.exec(select(Job)).one().state == JobState.QUEUED
    assert jobs(sessions) == [(JobKind.STYLES_EXPORT, "D410", {"fresh": True, "full": True})]


def test_a_match_is_one_job_of_the_site(sessions: Sessions) -> None:
    with sessions() as session:
        request_match(session, "us", clock=CLOCK)
        request_match(session, "us", clock=CLOCK)
    assert jobs(sessions) == [(JobKind.STYLES_MATCH, "", None)]


@pytest.mark.parametrize(
    ("colors", "sizes", "keys"),
    [
        ([], [], ["D410", "T200"]),
        (["NVY"], [], ["D410|NVY", "T200|NVY"]),
        (["NVY"], ["S", "M"], ["D410|NVY|S", "D410|NVY|M", "T200|NVY|S", "T200|NVY|M"]),
        ([], ["S"], ["D410||S", "T200||S"]),
    ],
)
def test_what_is_taken_off_is_a_job_each(sessions: Sessions, colors: list[str], sizes: list[str], keys: list[str]) -> None:
    add(sessions, card("D410"), card("T200", "T200"))
    with sessions() as session:
        request_remove(session, "us", ["D410", "T200"], colors=colors, sizes=sizes, by_hand=True, clock=CLOCK)
    assert sorted(jobs(sessions)) == sorted((JobKind.STYLES_REMOVE, key, {"by_hand": True}) for key in keys)


def test_an_unknown_card_is_refused_before_anything_is_asked(sessions: Sessions) -> None:
    add(sessions, card("D410"))
    with pytest.raises(NotPossible, match="no card D411"), sessions() as session:
        request_remove(session, "us", ["D410", "D411"], clock=CLOCK)
    assert jobs(sessions) == []


def test_only_what_is_asked_for_can_be_allowed_and_once(sessions: Sessions) -> None:
    about = {"data_type": "styles", "kind": "style_removal", "key": "D410|NVY", "summary": "?", "detail": {"orders": ["7"]}}
    add(sessions, ManualTask(site_id=1, created_at=NOW, **about))
    for what, key in (("remove", "D410"), ("rekey", "D410|NVY"), ("sell", "D410|NVY")):
        with pytest.raises(NotPossible), sessions() as session:
            allow(session, "us", what, key, "anna", clock=CLOCK)
    with sessions() as session:
        task, released = allow(session, "us", "remove", "D410|NVY", "anna", reason="sold out", clock=CLOCK)
    assert (task.done_by, task.detail, released) == ("anna", {"orders": ["7"], "allowed": True}, 0)
    with sessions() as session:
        (entry,) = session.exec(select(AuditEntry)).all()
    assert (entry.actor, entry.action, entry.subject, entry.reason) == ("anna", "styles.allow_remove", "us D410|NVY", "sold out")
    with pytest.raises(NotPossible, match="Nothing waits"), sessions() as session:
        allow(session, "us", "remove", "D410|NVY", "anna", clock=CLOCK)


def test_only_what_was_taken_off_is_put_back(sessions: Sessions) -> None:
    add(sessions, card("D410", sent={"off": ["D410|NVY"]}))
    for key in ("D410", "D410|RED", "NOSUCH"):
        with pytest.raises(NotPossible, match="was not taken off"), sessions() as session:
            put_back(session, "us", key, "anna", clock=CLOCK)
    with sessions() as session:
        put_back(session, "us", "D410|NVY", "anna", clock=CLOCK)
    assert jobs(sessions) == [(JobKind.STYLES_EXPORT, "D410", {"fresh": True})]


# ---- rekeying ------------------------------------------------------------------------------------------------------------------------


def preview(sessions: Sessions, card_mode: Any = "style_color", **more: Any) -> Preview:
    with sessions() as session:
        return rekey(session, "us", card_mode, by="anna", clock=CLOCK, **more)


def test_a_preview_shows_old_and_new_identifiers_and_changes_nothing(sessions: Sessions) -> None:
    add(sessions, card("D410"), card("T200-BLK", "T200", "BLK"), card("GONE", "G1", state=CardState.REMOVED))
    add(sessions, source("D410", "NVY", "RED"), source("T200", "BLK"))
    found = preview(sessions)
    assert found.rekeyed == (Rekeyed("D410", ("D410",), ("D410-NVY", "D410-RED")),)
    assert (found.unchanged, found.unread, found.run) == (1, (), None)
    with sessions() as session:
        assert session.exec(select(Site)).one().style_settings == {}
        assert session.exec(select(Run)).all() == []


def test_a_paired_card_keeps_its_identifier(sessions: Sessions) -> None:
    add(sessions, card("HAND-NVY", "D410", "NVY"), card("D410", "D410"), source("D410", "NVY", "RED"))
    add(sessions, Mapping(site_id=1, kind="style", joor_code="HAND-NVY", aims_code="D410|NVY", created_at=NOW, updated_at=NOW))
    assert preview(sessions).rekeyed == (Rekeyed("D410", ("D410", "HAND-NVY"), ("D410-RED", "HAND-NVY")),)


def test_a_style_with_a_paired_colour_has_cards_per_colour_in_either_mode(sessions: Sessions) -> None:
    add(sessions, card("HAND-NVY", "D410", "NVY"), card("D410-RED", "D410", "RED"), source("D410", "NVY", "RED"))
    add(sessions, Mapping(site_id=1, kind="style", joor_code="HAND-NVY", aims_code="D410|NVY", created_at=NOW, updated_at=NOW))
    with sessions() as session:
        session.exec(select(Site)).one().style_settings = {"card": "style_color"}
    assert (preview(sessions, "style").rekeyed, preview(sessions, "style").unchanged) == ((), 1)


def test_confirmed_it_changes_the_setting_allows_the_styles_and_asks_for_exports(sessions: Sessions) -> None:
    add(sessions, card("D410"), source("D410", "NVY", "RED"))
    add(sessions, Job(site_id=1, data_type="styles", kind="styles.export", key="D410", state="blocked", wanted_at=NOW, available_at=NOW,
                      created_at=NOW, blocked_on=[{"kind": "decision", "value": "rekey:D410"}]))  # fmt: skip
    found = preview(sessions, confirm=True, reason="per colour from F31")
    assert found.run is not None
    with sessions() as session:
        assert session.exec(select(Site)).one().style_settings == {"card": "style_color"}
        (task,) = session.exec(select(ManualTask)).all()
        (entry,) = session.exec(select(AuditEntry)).all()
        (job,) = session.exec(select(Job)).all()
    assert (task.key, task.done_by) == ("D410", "anna")
    assert task.detail == {"old": ["D410"], "card": "style_color", "separator": "-", "allowed": True}
    assert (entry.action, entry.before, entry.reason) == ("styles.rekey", {"style_settings": {}}, "per colour from F31")
    assert (job.state, job.run_id) == (JobState.QUEUED, found.run.id)


def test_a_style_that_was_never_read_stops_the_change(sessions: Sessions) -> None:
    add(sessions, card("D410"))
    assert preview(sessions).unread == ("D410",)
    with pytest.raises(NotPossible, match="not read yet for 1 style") as caught:
        preview(sessions, confirm=True)
    assert caught.value.fix[0] == "Read everything: joorsync styles read --wait --site us"


def test_the_mode_a_site_has_is_no_change(sessions: Sessions) -> None:
    with pytest.raises(NotPossible, match="one card per style already"):
        preview(sessions, "style")


def test_another_separator_is_a_change_too(sessions: Sessions) -> None:
    add(sessions, card("D410-NVY", "D410", "NVY"), source("D410", "NVY"))
    preview(sessions, confirm=True)
    found = preview(sessions, separator="_")
    assert found.rekeyed == (Rekeyed("D410", ("D410-NVY",), ("D410_NVY",)),)


def test_only_live_cards_count_as_live(sessions: Sessions) -> None:
    add(sessions, card("A", state=CardState.REMOVED), card("B", state=CardState.WANTED))
    with sessions() as session:
        site = session.exec(select(Site)).one()
        assert not live_cards(session, site)
        session.add(card("C", state=CardState.SENDING))
        session.flush()
        assert live_cards(session, site)
