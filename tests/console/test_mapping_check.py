"""Whether pairs still mean something: usage and state in the list, words and commands in the check, codes nobody has paired yet."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from models.catalogue import StyleSource
from models.cursors import Cursor
from models.customers import CustomerSource, JoorCode, JoorConnection
from models.jobs import Job, JobKind, JobState
from models.lookups import LISTS_READ, Lookup
from models.mappings import Mapping
from models.outbox import Ask, add_jobs
from runtime.clock import SystemClock
from tests.console.conftest import Shell

NOW = SystemClock().now()


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def add(shell: Shell, *rows: Any) -> None:
    with shell.sessions() as session:
        session.add_all(rows)


def pair(joor: str, aims: str, kind: str = "term", **more: Any) -> Mapping:
    return Mapping(site_id=1, kind=kind, joor_code=joor, aims_code=aims, created_at=NOW, updated_at=NOW, **more)


def read(at: Any = NOW, **unread: str) -> Cursor:
    return Cursor(site_id=1, name=LISTS_READ, at=at, position={"tenant": "t", "unread": unread})


def aims(code: str, kind: str = "term", *, enabled: bool = True) -> Lookup:
    return Lookup(tenant="t", kind=kind, code=code, aims_id=code, extra={"enabled": enabled}, fetched_at=NOW)


def joor(code: str, kind: str = "term", *, seen: int = 3, at: Any = NOW, origin: str = "order", name: str = "") -> JoorCode:
    return JoorCode(site_id=1, kind=kind, code=code, name=name, origin=origin, seen=seen, last_seen_at=at)


def customer(account: str, **more: Any) -> CustomerSource:
    return CustomerSource(site_id=1, account=account, aims_id=account, row={}, digest="d", read_at=NOW, **more)


def connection(number: int, code: str = "", **more: Any) -> JoorConnection:
    return JoorConnection(site_id=1, connection_id=str(number), customer_code=code, raw={}, read_at=NOW, **more)


def states(shell: Shell) -> dict[str, str]:
    return {row["joor"]: row["state"] for row in shell("map", "list", "--site", "us", "--json").json}


def checked(shell: Shell, *kind: str) -> tuple[int, list[str], list[str], list[str]]:
    said = shell("map", "check", *kind, "--site", "us", "--json")
    found = said.json
    return (said.code, *([row["words"] for row in found[name]] for name in ("wrong", "remarks", "unread")))


def test_a_term_that_aims360_no_longer_has(us: Shell) -> None:
    add(us, read(), aims("N60"), joor("N30"), joor("N60"), pair("N30", "NET30", uses=12), pair("N60", "N60"))
    said = us("map", "check", "--site", "us")
    assert said.code == 1
    assert 'term: "NET30" no longer exists in AIMS360 (pair JOOR N30 -> NET30, used 12 times)' in said.out
    assert 'joorsync map set term "N30" --aims "CODE" --site us' in said.out
    assert "2 pair(s): 1 wrong, 0 to look at." in said.out
    assert states(us) == {"N30": "gone in AIMS360", "N60": "ok"}


def test_a_term_that_aims360_has_switched_off(us: Shell) -> None:
    add(us, read(), aims("COD", enabled=False), joor("COD"), pair("COD", "COD"))
    code, wrong, _, _ = checked(us)
    assert (code, wrong) == (1, ['"COD" is switched off in AIMS360 (pair JOOR COD -> COD, used 0 times)'])
    assert states(us) == {"COD": "switched off in AIMS360"}


def test_a_code_that_joor_does_not_use_now_is_only_remarked(us: Shell) -> None:
    add(us, read(), aims("N30"), joor("OLD", seen=0, at=NOW - timedelta(days=3)), pair("OLD", "N30"), pair("NEVER", "N30"))
    code, wrong, remarks, _ = checked(us, "terms")
    assert (code, wrong, len(remarks)) == (0, [], 2)
    assert remarks[0] == '"NEVER" was not seen on JOOR at the last reading (pair JOOR NEVER -> N30, used 0 times)'
    assert states(us) == {"OLD": "not seen on JOOR", "NEVER": "not seen on JOOR"}


def test_a_price_label_that_joor_no_longer_lists_is_wrong(us: Shell) -> None:
    add(us, read(), aims("USD", "currency"), joor("Euro", "price_label", origin="list"))
    add(us, pair("US Dollars", "USD/Wholesale", "price_label"))
    code, wrong, _, _ = checked(us)
    assert (code, wrong) == (1, ['"US Dollars" is no longer on JOOR (pair JOOR US Dollars -> USD/Wholesale, used 0 times)'])


def test_customers_are_checked_against_both_sides(us: Shell) -> None:
    add(us, customer("HARB"), customer("OLD", status="Inactive"), customer("GONE", gone=True))
    add(us, connection(1, "C-1"), connection(2, name="Casa Luna", postal_code="10012"), connection(3, "C-3", gone=True))
    add(us, pair("C-1", "HARB", "customer"), pair("retailer:Casa Luna/10012", "HARB", "customer"), pair("C-2", "OLD", "customer"))
    add(us, pair("C-3", "HARB", "customer"), pair("C-4", "GONE", "customer"), pair("shipping:STORE1", "HARB", "customer"))
    _, wrong, remarks, unread = checked(us, "customers")
    assert wrong == [
        '"C-3" is no longer a connection of JOOR (pair JOOR C-3 -> HARB, used 0 times)',
        '"GONE" no longer exists in AIMS360 (pair JOOR C-4 -> GONE, used 0 times)',
    ]
    assert (remarks, unread) == (['"OLD" is Inactive in AIMS360 (pair JOOR C-2 -> OLD, used 0 times)'], [])


def test_styles_and_stores_are_checked_against_what_was_read(us: Shell) -> None:
    rows = [{"color": "NVY", "active": True, "sizes": [{"name": "M"}]}]
    add(us, StyleSource(site_id=1, style="D410", rows=rows, digest="d", read_at=NOW))
    add(
        us, pair("H1", "D410", "style"), pair("H2", "D410|NVY", "style"), pair("H3", "D410|RED", "style"), pair("H4", "D410|NVY|M", "style")
    )
    add(us, customer("HARB", stores=[{"code": "S1", "active": True}, {"code": "S2", "no_shipment": True}]))
    add(us, *(pair(f"HARB|{code}", f"HARB|{code}", "store") for code in ("S1", "S2", "S3")))
    _, wrong, remarks, _ = checked(us)
    assert [words.split(" (")[0] for words in remarks] == ['"HARB|S2" is No Shipment in AIMS360']
    assert [words.split(" (")[0] for words in wrong] == [
        '"HARB|S3" no longer exists in AIMS360',
        '"D410|RED" no longer exists in AIMS360',
    ]


def test_what_was_not_read_yet_names_the_command_that_reads_it(us: Shell) -> None:
    add(us, pair("N30", "N30"), pair("C-1", "HARB", "customer"), pair("H1", "D410", "style"))
    said = us("map", "check", "--site", "us")
    assert said.code == 0
    assert "AIMS360's terms were not read yet; read them: joorsync map auto term --wait --site us" in said.err
    assert "AIMS360's customers were not read yet; read them: joorsync map auto customers --fresh --wait --site us" in said.err
    assert "JOOR's connections were not read yet" in said.err
    assert "AIMS360's styles were not read yet; read them: joorsync styles read --wait --site us" in said.err
    assert set(states(us).values()) == {"not read yet"}


def test_an_old_reading_and_a_list_that_is_not_shown_are_said(us: Shell) -> None:
    add(us, read(NOW - timedelta(days=9), sales_rep="AIMS360 has no such list"), pair("ANN", "ANN", "sales_rep"))
    _, wrong, _, unread = checked(us)
    assert wrong == []
    assert unread == ["AIMS360's sales-reps cannot be read: AIMS360 has no such list", "JOOR's sales-reps were last read 9 days ago"]


def test_codes_that_nobody_has_paired_are_listed_before_anything_blocks(us: Shell) -> None:
    add(us, read(), aims("N30"), aims("USD", "currency"), joor("N30"), joor("N90", name="Net 90"), joor("OLD", at=NOW - timedelta(days=2)))
    add(us, joor("N60"), pair("N60", "N30"), joor("US Dollars", "price_label", seen=0, origin="list", name="USD"))
    add(us, joor("Net30", origin="name"), aims("Net30"))
    with us.sessions() as session:
        (job_id,) = add_jobs(session, 1, [Ask(JobKind.ORDERS_IMPORT, "1")], now=NOW)
        job = session.get_one(Job, job_id)
        job.state, job.blocked_on = JobState.BLOCKED, [{"kind": "term", "value": "N90", "where": "order 1", "fix": "map it"}]
        session.add(job)
    rows = us("map", "unmapped", "--site", "us", "--json").json
    assert [(row["kind"], row["value"], row["jobs"], row["where"]) for row in rows] == [
        ("term", "N90", 1, "order 1"),
        ("term", "Net30", 0, "seen on 3 connections and orders"),
        ("price_label", "US Dollars", 0, "USD, in JOOR's list"),
    ]
    assert rows[2]["fix"] == 'joorsync map set price_label "US Dollars" --aims "USD" --site us'
    assert rows[1]["fix"] == 'joorsync map set term "Net30" --aims "CODE" --site us'


def test_copying_gives_another_site_the_pairs_of_codes_alone(us: Shell) -> None:
    us.add_site("eu")
    add(us, pair("N30", "N30", uses=5), pair("N60", "N60"), pair("C-1", "HARB", "customer"), pair("NJ", "NEW JERSEY", "warehouse"))
    add(us, Mapping(site_id=2, kind="term", joor_code="N60", aims_code="SIXTY", created_at=NOW, updated_at=NOW))
    said = us("map", "copy", "--from", "us", "--to", "eu")
    assert said.out.startswith("2 pair(s) copied, 0 were there, 1 left.")
    assert "term 'N60' was not copied: JOOR term 'N60' is mapped to 'SIXTY' already" in said.err
    with us.sessions() as session:
        copied = session.exec(select(Mapping).where(Mapping.site_id == 2)).all()
    assert sorted((row.kind, row.joor_code, row.aims_code, row.uses) for row in copied) == [
        ("term", "N30", "N30", 0),
        ("term", "N60", "SIXTY", 0),
        ("warehouse", "NJ", "NEW JERSEY", 0),
    ]
    assert us("map", "copy", "--from", "us", "--to", "eu").out.startswith("0 pair(s) copied, 2 were there, 1 left.")
    assert us("map", "copy", "customers", "--from", "us", "--to", "eu").code == 2


def test_customers_go_to_a_file_and_come_back(us: Shell) -> None:
    add(us, pair("retailer:Café, Nord/75 003", "NORD", "customer", joor_name='Café "Nord"'), pair("SHOW", "", "customer", ignored=True))
    assert us("map", "export", "customers", "out.csv", "--site", "us").code == 0
    assert us("map", "import", "customers", "out.csv", "--site", "us", "--replace").out.startswith(
        "0 added, 0 changed, 2 unchanged, 0 removed"
    )
