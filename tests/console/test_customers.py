"""Commands about customers: how far each is on JOOR, sending, reading, and the review."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.customers import CustomerCard, CustomerSource, CustomerState, JoorConnection
from models.golive import CUSTOMERS_REVIEWED, Confirmation
from models.jobs import Job, JobKind, JobState
from models.ledgers import ManualTask
from models.mappings import Mapping, Proposal
from models.sites import Site
from tests.console.conftest import Shell

NOW = datetime(2031, 3, 3, tzinfo=UTC)
LATER = datetime(2031, 3, 5, tzinfo=UTC)


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    with shell.sessions() as session:
        site = session.get_one(Site, 1)
        site.is_sandbox = True  # no gate of a production site is in the way
        session.add(site)
    return shell


def add(shell: Shell, *rows: Any) -> None:
    with shell.sessions() as session:
        session.add_all(rows)


def all_of(shell: Shell, table: type[Any]) -> list[Any]:
    with shell.sessions() as session:
        return list(session.exec(select(table)).all())


def source(account: str, **changes: Any) -> CustomerSource:
    stores = [{"code": "S1", "name": "Main", "city": "Bath", "active": True, "no_shipment": False}]
    values: dict[str, Any] = {"name": f"Shop {account}", "row": {}, "stores": stores, "digest": "x", "read_at": NOW, "aims_id": "1"}
    return CustomerSource(site_id=1, account=account, **(values | changes))


def card(code: str, state: str = CustomerState.ACTIVE, **changes: Any) -> CustomerCard:
    return CustomerCard(site_id=1, code=code, state=state, **({"account": code, "sent_at": NOW, "active_at": LATER} | changes))


def waiting(shell: Shell) -> None:
    """HARB is on JOOR under another code, NOIR waits for JOOR's people, NEWB was never sent."""
    add(shell, source("HARB"), source("NOIR"), source("NEWB", gone=True))
    add(shell, card("H-1", account="HARB"))
    add(shell, card("NOIR", CustomerState.AWAITING, awaiting_since=NOW, due_at=LATER, escalated_at=LATER))


# ---- lists ---------------------------------------------------------------------------------------------------------------------------


def test_customers_are_listed_with_how_far_they_are(us: Shell) -> None:
    waiting(us)
    rows = us("customers", "--json").json
    assert [(row["account"], row["code_on_joor"], row["state"], row["aims360"]) for row in rows] == [
        ("HARB", "H-1", "active", "Active"),
        ("NEWB", None, "unsent", "gone"),
        ("NOIR", "NOIR", "awaiting", "Active"),
    ]
    assert [row["since"][:10] if row["since"] else None for row in rows] == ["2031-03-05", None, "2031-03-03"]
    (row,) = us("customers", "list", "--state", "awaiting", "--site", "us", "--json").json
    assert (row["account"], row["due"][:10], row["escalated"][:10]) == ("NOIR", "2031-03-05", "2031-03-05")
    assert [row["account"] for row in us("customers", "--state", "Unsent", "--json").json] == ["NEWB"]
    assert "Shop HARB" in us("customers").out
    assert "At most 1 are shown" in us("customers", "--limit", "1").err


def test_one_that_was_never_sent_shows_the_code_that_joor_is_known_to_have(us: Shell) -> None:
    add(us, source("HARB"), source("NOIR"), source("ELSE"))
    add(us, JoorConnection(site_id=1, connection_id="9", customer_code="NOIR", raw={}, read_at=NOW))
    for joor in ("H-1", "retailer:Harbor/04101"):
        add(us, Mapping(site_id=1, kind="customer", joor_code=joor, aims_code="HARB", created_at=NOW, updated_at=NOW))
    assert {row["account"]: row["code_on_joor"] for row in us("customers", "--json").json} == {"HARB": "H-1", "NOIR": "NOIR", "ELSE": None}


def test_an_unknown_state_or_customer_is_refused_with_what_to_do(us: Shell) -> None:
    said = us("customers", "--state", "sold")
    assert (said.code, "awaiting, visible, active, unsent" in said.err) == (2, True)
    said = us("customers", "show", "NOBODY", "--site", "us")
    assert said.code == 2
    assert "joorsync customers read --site us" in said.err


def test_one_customer_tells_its_whole_story_by_account_and_by_code(us: Shell) -> None:
    waiting(us)
    add(us, JoorConnection(site_id=1, connection_id="9", customer_code="NOIR", name="Maison Noir", raw={}, read_at=NOW))
    add(us, Mapping(site_id=1, kind="customer", joor_code="NOIR", aims_code="NOIR", created_by="anna", created_at=NOW, updated_at=NOW))
    add(us, ManualTask(site_id=1, data_type="customers", kind="customer_match", key="2031-03-05", created_at=NOW,
                       summary="JOOR has not matched 1", steps=["Write to JOOR"], detail={"codes": ["NOIR"]}))  # fmt: skip
    job = {"kind": "customers.export", "key": "NOIR", "state": "waiting", "note": "JOOR matches it"}
    add(us, Job(site_id=1, data_type="customers", wanted_at=NOW, available_at=LATER, created_at=NOW, **job))
    said = us("customers", "show", "NOIR", "--site", "us")
    for words in (
        "Customer NOIR  Shop NOIR  AIMS360: Active",
        "store S1 Main, Bath: open",
        "On JOOR: code NOIR  awaiting  since 2031-03-03",
        "expected by 2031-03-05 00:00:00Z, told to a person",
        "as JOOR shows it: Maison Noir",
        "Paired: customer NOIR -> NOIR (anna)",
        "JOOR has not matched 1",
        "customers.export  waiting, again 2031-03-05 00:00:00Z: JOOR matches it",
    ):
        assert words in said.out
    assert us("customers", "show", "H-1", "--site", "us", "--json").json["account"] == "HARB"


# ---- asking --------------------------------------------------------------------------------------------------------------------------


def test_named_customers_are_asked_for_and_read_first(us: Shell) -> None:
    said = us("customers", "export", "HARB", "NOIR", "--site", "us", "--all", "--json")
    assert (said.code, said.json["jobs"]) == (0, 2), said.err
    jobs = all_of(us, Job)
    assert [(job.kind, job.key, job.dry_run) for job in jobs] == [(JobKind.CUSTOMERS_EXPORT, key, False) for key in ("HARB", "NOIR")]
    assert jobs[0].payload == {"fresh": True, "named": True, "full": True}
    assert us("customers", "export", "HARB", "--site", "us", "--dry-run").code == 0
    assert [job.dry_run for job in all_of(us, Job)] == [False, False, True]


def test_reading_asks_for_nothing_else(us: Shell) -> None:
    assert us("customers", "read", "--site", "us", "--allow-empty").code == 0
    (job,) = all_of(us, Job)
    assert (job.kind, job.payload) == (JobKind.CUSTOMERS_SCAN, {"full": True, "read_only": True, "allow_empty": True})


# ---- the review ----------------------------------------------------------------------------------------------------------------------


def test_a_review_before_both_sides_were_read_is_refused(us: Shell) -> None:
    said = us("customers", "review", "--site", "us")
    assert (said.code, "were not read yet" in said.err) == (2, True)


def test_a_review_lets_blocked_exports_go_on(us: Shell) -> None:
    waiting(us)
    about = [{"kind": "decision", "value": "customers:review"}]
    job = {"kind": "customers.export", "key": "NEWB", "state": "blocked"}
    add(us, Job(site_id=1, data_type="customers", wanted_at=NOW, available_at=NOW, created_at=NOW, blocked_on=about, **job))
    said = us("customers", "review", "--site", "us")
    assert said.code == 0, said.err
    assert "1 job(s) go on." in said.out
    assert all_of(us, Job)[0].state == JobState.QUEUED
    (row,) = all_of(us, Confirmation)
    assert row.name == CUSTOMERS_REVIEWED
    assert "customers.review" in [entry.action for entry in all_of(us, AuditEntry)]


def test_open_proposals_keep_the_review_back_unless_there_is_a_reason(us: Shell) -> None:
    waiting(us)
    add(us, Proposal(site_id=1, kind="customer", joor_code="X1", aims_code="NEWB", score=80, created_at=NOW))
    said = us("customers", "review", "--site", "us")
    assert (said.code, "would be doubled" in said.err) == (2, True)
    assert us("customers", "review", "--site", "us", "--anyway").code == 2
    said = us("customers", "review", "--site", "us", "--anyway", "--reason", "they are closed shops", "--json")
    assert said.json == {"reviewed": "us", "released": 0, "delayed": None}
    assert all_of(us, Confirmation)[0].reason == "they are closed shops"
