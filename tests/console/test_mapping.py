"""Pairs by command and by CSV: what was blocked goes on, contradictions are refused, a wrong file changes nothing."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from console import mapping_csv
from console.mapping import Pair, as_pair, kind_of, plural, refuse, twice
from models.audit import AuditEntry
from models.jobs import Job, JobKind, JobState
from models.mappings import Mapping, MappingKind
from models.outbox import Ask, add_jobs
from models.sites import Site
from runtime.clock import SystemClock
from tests.console.conftest import Said, Shell


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def block(shell: Shell, key: str, kind: str, value: str) -> None:
    with shell.sessions() as session:
        site = session.exec(select(Site)).one()
        (job_id,) = add_jobs(session, site.id or 0, [Ask(JobKind.ORDERS_IMPORT, key)], now=SystemClock().now())
        job = session.get_one(Job, job_id)
        job.state, job.blocked_on = JobState.BLOCKED, [{"kind": kind, "value": value, "where": f"order {key}", "fix": "map it"}]
        session.add(job)


def states(shell: Shell) -> dict[str, str]:
    return {row["key"]: row["state"] for row in shell("jobs", "--json").json}


def pairs(shell: Shell, kind: str) -> set[tuple[str, str]]:
    return {(row["joor"], row["aims360"]) for row in shell("map", "list", kind, "--site", "us", "--json").json}


def load(shell: Shell, text: str | bytes, *more: str, kind: str = "terms") -> Said:
    Path("pairs.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return shell("map", "import", kind, "pairs.csv", "--site", "us", *more)


@pytest.mark.parametrize("word", ["ship_via", "ship-via", "ship-vias", "ShipVias", "shipvia", "SHIP VIAS"])
def test_kinds_are_understood_in_every_spelling(word: str) -> None:
    assert kind_of(word) is MappingKind.SHIP_VIA
    assert kind_of("countries") is MappingKind.COUNTRY


def test_setting_a_pair_releases_what_waited_for_it_and_nothing_else(us: Shell) -> None:
    block(us, "1", "term", "NET45")
    block(us, "2", "term", "NET90")
    block(us, "3", "ship_via", "NET45")
    said = us("map", "set", "term", "NET45", "--aims", "N45", "--site", "us")
    assert said.code == 0
    assert "1 job(s) were blocked" in said.out
    assert states(us) == {"1": "queued", "2": "blocked", "3": "blocked"}


def test_an_inventory_job_waits_for_the_other_side_of_the_pair(us: Shell) -> None:
    block(us, "", "warehouse", "New Jersey")
    us("map", "set", "warehouse", "NJ", "--aims", "NEW JERSEY", "--site", "us")
    assert states(us) == {"": "queued"}


def test_unmapped_lists_each_code_once_with_its_command(us: Shell) -> None:
    block(us, "1", "term", "NET45")
    block(us, "2", "term", "NET45")
    (row,) = us("map", "unmapped", "--site", "us", "--json").json
    assert (row["kind"], row["value"], row["jobs"], row["fix"]) == ("term", "NET45", 2, "map it")
    assert us("map", "unmapped", "sizes", "--site", "us", "--json").json == []


def test_an_aims360_warehouse_belongs_to_one_joor_warehouse(us: Shell) -> None:
    us("map", "set", "warehouse", "NJ", "--aims", "NEW JERSEY", "--site", "us")
    said = us("map", "set", "warehouse", "Other", "--aims", "New Jersey", "--site", "us")
    assert said.code == 2
    assert "offered twice" in said.err
    assert pairs(us, "warehouses") == {("NJ", "NEW JERSEY")}


def test_a_joor_warehouse_may_stand_for_several_with_one_primary(us: Shell) -> None:
    for name in ("A", "B"):
        us("map", "set", "warehouse", "NJ", "--aims", name, "--site", "us")
    us("map", "set", "warehouse", "NJ", "--aims", "C", "--not-primary", "--site", "us")
    rows = us("map", "list", "warehouses", "--site", "us", "--json").json
    assert {row["aims360"] for row in rows if row["primary"]} == {"A"}
    assert len(rows) == 3


def test_an_ignored_aims360_warehouse_can_be_mapped_later(us: Shell) -> None:
    assert us("map", "set", "warehouse", "--aims", "SAMPLES", "--ignore", "--site", "us").code == 0
    assert us("map", "set", "warehouse", "Show room", "--aims", "SAMPLES", "--site", "us").code == 0
    assert pairs(us, "warehouses") == {("Show room", "SAMPLES")}


def test_setting_a_term_again_replaces_it_and_says_so_in_the_audit(us: Shell) -> None:
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us")
    us("map", "set", "term", "N30", "--aims", "NET30", "--site", "us")
    assert pairs(us, "terms") == {("N30", "NET30")}
    with us.sessions() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "mapping.set").order_by(col(AuditEntry.id))).all()
    assert entries[0].before == {"pairs": []}
    assert (entries[-1].before or {})["pairs"][0]["aims_code"] == "30"


def test_removing_a_pair(us: Shell) -> None:
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us")
    assert us("map", "remove", "term", "N30", "--site", "us").code == 0
    assert us("map", "remove", "term", "N30", "--site", "us").code == 2


def test_every_error_of_a_file_is_named_by_line_and_column_and_nothing_is_stored(us: Shell) -> None:
    text = 'joor_code,aims_code,primary\nN30,30,yes\nN60,,yes\nN90,90,perhaps\nN30,31,\n"a\nb",x,\nshort,row\n' + "L" * 201 + ",x,\n"
    said = load(us, text)
    assert said.code == 2
    for words in (
        "line 3, column 2 (aims_code): is empty",
        "line 4, column 3 (primary): 'perhaps' is neither yes nor no",
        "line 5: JOOR term 'N30' is mapped to '30' already (line 2)",
        "line 6, column 1 (joor_code): contains a control character",
        "line 8, column 3: 2 cells",
        "line 9, column 1 (joor_code): is longer than 200 characters",
    ):
        assert words in said.err
    assert "6 errors" in said.err
    assert pairs(us, "terms") == set()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"joor_code,aims_code,colour\nA,B,red\n", "line 1, column 3: unknown column 'colour'"),
        (b"joor_code\nA\n", "column aims_code is missing"),
        (b"joor_code,aims_code,aims_code\nA,B,C\n", "column aims_code is there twice"),
        ("joor_code,aims_code\nA,B\nCafé,C\n".encode("latin-1"), "line 3: not UTF-8 text"),
        (b'joor_code,aims_code\nA,"B\nC,D\n', "line 2"),
        (b"joor_code,aims_code\nA,B\0\n", "line 2: not a text file"),
        (b"PK\x03\x04 this is a spreadsheet", "unknown column"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(us: Shell, data: bytes, words: str) -> None:
    said = load(us, data)
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err
    assert pairs(us, "terms") == set()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_of_spreadsheets_are_read(us: Shell, encoding: str, delimiter: str) -> None:
    text = "Joor_Code,AIMS_CODE\r\nNetto 30 Täge,30\r\n\r\n".replace(",", delimiter)
    assert load(us, text.encode(encoding)).code == 0
    assert pairs(us, "terms") == {("Netto 30 Täge", "30")}


def test_importing_releases_and_reports(us: Shell) -> None:
    block(us, "1", "term", "N60")
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us")
    us("map", "set", "term", "OLD", "--aims", "x", "--site", "us")
    said = load(us, "joor_code,aims_code\nN30,30\nN60,60\n")
    assert "1 added, 0 changed, 1 unchanged, 0 removed" in said.out
    assert states(us) == {"1": "queued"}
    said = load(us, "joor_code,aims_code\nN30,NET30\nN60,60\n", "--replace")
    assert "1 added, 0 changed, 1 unchanged, 2 removed" in said.out
    assert pairs(us, "terms") == {("N30", "NET30"), ("N60", "60")}


def test_an_import_may_not_contradict_a_stored_pair_that_stays(us: Shell) -> None:
    us("map", "set", "warehouse", "NJ", "--aims", "NEW JERSEY", "--site", "us")
    said = load(us, "joor_code,aims_code\nOther,new jersey\n", kind="warehouses")
    assert said.code == 2
    assert "offered twice" in said.err
    assert load(us, "joor_code,aims_code\nOther,new jersey\n", "--replace", kind="warehouses").code == 0
    assert pairs(us, "warehouses") == {("Other", "new jersey")}


def test_a_cell_that_a_spreadsheet_would_run_is_exported_as_text(us: Shell) -> None:
    us("map", "set", "customer", '=HYPERLINK("x")', "--aims", "+A", "--site", "us")
    text = us("map", "export", "customers", "--site", "us").out
    assert "'=HYPERLINK" in text
    assert "'+A" in text
    assert load(us, text, "--replace", kind="customers").out.startswith("0 added, 0 changed, 1 unchanged")


def test_exporting_to_a_file_and_importing_it_changes_nothing(us: Shell) -> None:
    us("map", "set", "customer", "Café, “Nord”", "--aims", "C1", "--name", 'with "quotes"', "--site", "us")
    assert us("map", "export", "customers", "out.csv", "--site", "us").code == 0
    said = us("map", "import", "customers", "out.csv", "--site", "us")
    assert said.out.startswith("0 added, 0 changed, 1 unchanged, 0 removed")


_text = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp", "Zs", "Cf", "Co", "Cn"]), min_size=1, max_size=12)


@given(
    st.lists(st.builds(Pair, joor_code=_text, aims_code=_text, joor_name=st.just("") | _text, is_primary=st.booleans()), min_size=1),
    st.sampled_from(sorted(MappingKind)),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_exported_is_what_is_imported(given_pairs: list[Pair], kind: MappingKind) -> None:
    """Property: for every list of pairs that may stand together."""
    kept: list[Pair] = []
    for pair in given_pairs:
        if not refuse(kind, pair) and not twice(kind, [*kept, pair]):
            kept.append(pair)
    now = SystemClock().now()
    rows = [
        Mapping(site_id=1, kind=kind.value, created_at=now, updated_at=now, **{**vars(pair), "aims_id": pair.aims_id or None})
        for pair in kept
    ]
    assert [as_pair(row) for row in rows] == kept
    assert mapping_csv.parse(mapping_csv.export(rows).encode(), kind, "x.csv") == kept
    assert kind_of(plural(kind)) is kind
