"""Sites as a file: without secrets, read back to the letter, all or nothing, every error with its place."""

import tomllib
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from models.audit import AuditEntry
from models.jobs import Job, JobKind, JobState
from models.outbox import Ask, add_jobs
from models.sites import Site
from runtime.clock import SystemClock
from tests.console.conftest import AIMS, JOOR, Said, Shell

FILE = Path("sites.toml")
SMALL = f"""
[sites.us]
name = "United States"
joor_api = "{JOOR}"
aims_api = "{AIMS}"
divisions = ["WOM"]
[sites.us.order]
page_size = 70
"""


def load(shell: Shell, text: str, *options: str) -> Said:
    FILE.write_text(text)
    return shell("sites", "import", str(FILE), *options)


def empty(shell: Shell) -> None:
    """The same database without any row: as a new installation has it."""
    with shell.sessions() as session:
        tables = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'alembic%'")).scalars().all()
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in tables:
            session.execute(text(f'DELETE FROM "{table}"'))


@pytest.fixture
def brand(shell: Shell) -> Shell:
    """Two sites and a sandbox account with something of everything that a file holds."""
    more = ["--order", "page_size=70", "--order", "notes.order_comments=note9", "--customer", 'match_days={"50": 1}']
    more += ["--inventory", "horizon_days=none", "--schedule", "orders_minutes=none", "--schedule", "styles_cron=0 6 * * 1-5"]
    more += [
        "--report",
        "recipients=anna@example.com",
        "--order",
        "go_live=2026-02-01",
        "--joor-auth",
        "https://atlas.jooraccess.com/auth/",
    ]
    Path("c.toml").write_text('[aims360.path]\nterms = "/t"\n')
    shell.add_site("us", "--division", "WOM", "--division", "ACC", "--joor-account", "123", "--contract", "c.toml", *more)
    shell.add_site("eu", "--division", "MEN")
    for kind, joor, aims in (
        ("term", 'Net "30"', "N30"),
        ("warehouse", "West", "LA"),
        ("warehouse", "West", "SF"),
        ("customer", "C-1", "HARB"),
    ):
        assert shell("map", "set", kind, joor, "--aims", aims, "--site", "us").code == 0
    assert shell("map", "set", "warehouse", "--aims", "Returns", "--ignore", "--site", "us").code == 0
    assert shell("sites", "set", "us", "--order", "default_warehouse=LA").code == 0
    assert shell("styles", "fields", "set", "trait:Fabric", "--aims", "fabricContent", "--fallback", "Cotton", "--site", "us").code == 0
    sheet = ["--season-name", "Fall", "--season-year", "2031", "--start", "2031-08-01", "--complete", "2031-08-31"]
    said = shell("linesheets", "define", "F1", "--name", "Fall 1", *sheet, "--rule-season", "FA31", "--style", "D410", "--site", "us")
    assert said.code == 0, said.err
    account = ["--sandbox-of", "us", "--joor-api", "https://apisandbox.jooraccess.com", "--secret", "joor.token"]
    assert shell("sites", "add", "us-test", *account, stdin="SandboxToken-1").code == 0
    return shell


# ---- export --------------------------------------------------------------------------------------------------------------------------


def test_a_file_holds_what_differs_from_the_defaults_and_no_secret(brand: Shell) -> None:
    said = brand("sites", "export")
    assert said.code == 0, said.err
    assert "Token" not in said.out
    found = tomllib.loads(said.out)["sites"]
    assert list(found) == ["eu", "us", "us-test"]
    us = found["us"]
    assert us["order"]["page_size"] == 70
    assert "statuses" not in us["order"]
    assert us["schedule"] == {"orders_minutes": "none", "styles_cron": "0 6 * * 1-5"}
    assert us["inventory"] == {"horizon_days": "none"}
    assert us["contract"] == {"aims360": {"path": {"terms": "/t"}}}
    assert us["pairs"]["term"] == [{"joor": 'Net "30"', "aims": "N30"}]
    assert us["pairs"]["warehouse"][0] == {"aims": "Returns", "ignored": True}
    assert set(us["pairs"]) == {"term", "warehouse"}, "pairs of customers belong to one JOOR account"
    assert us["linesheets"][0]["rule"] == {"seasons": ["FA31"], "styles": ["D410"]}
    assert "production_open" not in us
    assert (found["us-test"]["sandbox_of"], "divisions" in found["us-test"]) == ("us", False)


def test_single_sites_are_exported_by_name(brand: Shell) -> None:
    assert list(tomllib.loads(brand("sites", "export", "eu").out)["sites"]) == ["eu"]
    assert brand("sites", "export", "uk").code == 2


def test_what_is_exported_is_read_back_to_the_letter(brand: Shell) -> None:
    assert brand("sites", "export", "--file", "all.toml").code == 0
    before = Path("all.toml").read_text()
    empty(brand)
    assert brand("sites", "--json").json == []
    said = brand("sites", "import", "all.toml")
    assert said.code == 0, said.err
    assert brand("sites", "export").out == before
    assert "has no secrets yet" in said.err
    assert brand("jobs", "--json").json == [], "nothing is synced by an import"


def test_reading_a_file_again_changes_nothing(brand: Shell) -> None:
    text, updated = brand("sites", "export").out, brand("sites", "show", "us", "--json").json["updated_at"]
    said = load(brand, text)
    assert said.code == 0, said.err
    assert said.out.count("nothing changes") == 3
    assert brand("sites", "show", "us", "--json").json["updated_at"] == updated
    with brand.sessions() as session:
        assert session.exec(select(AuditEntry).where(AuditEntry.action == "site.import")).all() == []


# ---- import --------------------------------------------------------------------------------------------------------------------------


def test_a_production_site_arrives_closed_and_without_secrets(shell: Shell) -> None:
    said = load(shell, SMALL)
    assert said.code == 0, said.err
    assert "Site us: added" in said.out
    with shell.sessions() as session:
        site = session.exec(select(Site)).one()
        assert (site.production_open, site.is_sandbox, site.name) == (False, False, "United States")
    assert shell("sites", "show", "us", "--json").json["secrets"] == []


def test_changes_are_shown_field_by_field_with_one_audit_row_per_site(shell: Shell) -> None:
    load(shell, SMALL)
    said = load(
        shell, SMALL.replace("70", "80").replace('["WOM"]', '["WOM", "ACC"]') + '\n[[sites.us.pairs.term]]\njoor = "NET30"\naims = "N30"\n'
    )
    assert said.code == 0, said.err
    assert "order.page_size: 70 -> 80" in said.out
    assert "divisions: WOM -> ACC, WOM" in said.out
    assert "pairs.term.NET30 -> N30" in said.out
    with shell.sessions() as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.action == "site.import").order_by(AuditEntry.id)).all()
    assert len(rows) == 2
    assert (rows[1].subject, rows[1].before, rows[1].after) == (
        "us",
        {"divisions": ["WOM"], "order.page_size": 70},
        {"divisions": ["ACC", "WOM"], "order.page_size": 80, "pairs.term.NET30 -> N30": {}},
    )


def test_a_dry_run_only_shows(shell: Shell) -> None:
    said = load(shell, SMALL, "--dry-run")
    assert said.code == 0, said.err
    assert "Site us: would be added" in said.out
    assert shell("sites", "--json").json == []


def test_a_group_is_replaced_whole_and_what_is_not_named_stays(shell: Shell) -> None:
    load(shell, SMALL + 'default_warehouse = ""\n[sites.us.schedule]\nstyles_minutes = 30\n')
    said = load(shell, "[sites.us.order]\noverlap_minutes = 5\n")
    assert said.code == 0, said.err
    assert "order.page_size: 70 -> (default or none)" in said.out
    found = shell("sites", "show", "us", "--json").json
    assert (found["order"]["page_size"], found["order"]["overlap_minutes"]) == (50, 5)
    assert (found["schedule"]["styles_minutes"], found["divisions"], found["name"]) == (30, ["WOM"], "United States")


def test_divisions_may_move_from_one_site_of_the_file_to_another(shell: Shell) -> None:
    both = SMALL + f'[sites.eu]\njoor_api = "{JOOR}"\naims_api = "{AIMS}"\ndivisions = ["MEN"]\n'
    load(shell, both)
    said = load(shell, both.replace("WOM", "X").replace("MEN", "WOM").replace('"X"', '"MEN"'))
    assert said.code == 0, said.err
    assert [row["divisions"] for row in shell("sites", "--json").json] == [["WOM"], ["MEN"]]


def test_new_pairs_release_what_waited_for_them(shell: Shell) -> None:
    load(shell, SMALL)
    with shell.sessions() as session:
        site = session.exec(select(Site)).one()
        (job_id,) = add_jobs(session, site.id or 0, [Ask(JobKind.ORDERS_IMPORT, "7")], now=SystemClock().now())
        job = session.get_one(Job, job_id)
        job.state, job.blocked_on = JobState.BLOCKED, [{"kind": "term", "value": "NET30"}]
        session.add(job)
    said = load(shell, '[[sites.us.pairs.term]]\njoor = "NET30"\naims = "N30"\n')
    assert "1 job(s) were blocked on these pairs and go on." in said.out
    assert shell("jobs", "--json").json[0]["state"] == "queued"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("[sites.us.order]\npage_sise = 7\n", "sites.us.order.page_sise: there is no such setting; did you mean page_size?"),
        ("[sites.us]\njoor_apy = 'x'\n", "sites.us.joor_apy: there is no such setting; did you mean joor_api?"),
        ("[site.us]\n", "site: there is no such setting; did you mean sites?"),
        ("[[sites.us.pairs.therm]]\njoor = 'a'\naims = 'b'\n", "'therm' is no kind of code pairs; did you mean term?"),
        ("[[sites.us.pairs.term]]\njoor_code = 'a'\n", "sites.us.pairs.term.0.joor_code: there is no such setting"),
        (
            "[[sites.us.linesheets]]\ncode = 'F'\nname = 'F'\nrule = {season = ['x']}\n",
            "rule.season: there is no such setting; did you mean seasons?",
        ),
        ("[sites.us.order]\npage_size = 'many'\n", "sites.us.order.page_size: a valid integer"),
        ("[sites.us.schedule]\nstyles_cron = 'at six'\n", "for example '0 6 * * 1-5'"),
        ("[[sites.us.pairs.term]]\njoor = 'NET30'\n", "sites.us.pairs.term, row 1, aims: is empty"),
        ("[[sites.us.style_fields]]\njoor_field = 'colour'\n", "sites.us.style_fields, row 1, joor_field: 'colour' is no field"),
        ("[sites.us]\nsandbox_of = 'uk'\n", "there is no site 'uk'"),
        ("format = 2\n[sites.us]\n", "this program reads format 1"),
        ("[sites.us\n", "not a TOML file"),
        ("[sites.us]\njoor_api = 'https://apisandbox.jooraccess.com'\n", "is JOOR's sandbox"),
        ("[sites.us.contract.aims360.path]\nterm = '/x'\n", "path.term"),
        ("[sites.us.order]\ndefault_warehouse = 'LA'\n", "sites.us: order.default_warehouse = LA: no stored warehouse pair"),
        ("[[sites.us.linesheets]]\ncode = 'F'\nname = 'F'\nship_start = 2031-08-01\n", "sites.us.linesheets.F: "),
        ("[sites.US]\n", "sites.US: 'US' cannot be a site's key"),
        ("[sites.nn]\nname = 'New'\n", "sites.nn: A site needs both addresses"),
    ],
)
def test_an_error_is_told_with_its_place_and_changes_nothing(shell: Shell, more: str, words: str) -> None:
    load(shell, SMALL)
    before = shell("sites", "export").out
    said = load(shell, more)
    assert said.code == 2
    assert words in said.err
    assert "pydantic" not in said.err
    assert shell("sites", "export").out == before


def test_every_error_of_a_file_is_listed_and_a_good_site_beside_them_is_not_stored(shell: Shell) -> None:
    bad = '[sites.eu]\njoor_api = "http://eu.example.com"\naims_api = "x"\n[sites.fr]\nsandbox_of = "eu"\n[sites.de]\nname = "D"\n'
    said = load(shell, SMALL + bad)
    assert said.code == 2
    assert "sites.eu: http://eu.example.com is not encrypted" in said.err
    assert "sites.de: A site needs both addresses" in said.err
    assert shell("sites", "--json").json == []


def test_a_stored_site_does_not_become_a_sandbox_account_by_a_file(shell: Shell) -> None:
    load(shell, SMALL + f'[sites.eu]\njoor_api = "{JOOR}"\naims_api = "{AIMS}"\n')
    said = load(shell, '[sites.eu]\nsandbox_of = "us"\n')
    assert (said.code, "it is stored as a site of its own, and stays that" in said.err) == (2, True)


def test_a_file_that_cannot_be_read_is_named(shell: Shell) -> None:
    said = shell("sites", "import", "nowhere.toml")
    assert (said.code, "nowhere.toml cannot be read" in said.err) == (2, True)
