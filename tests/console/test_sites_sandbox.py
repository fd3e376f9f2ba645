"""The sandbox account of a site: secrets, addresses and lanes of its own, the site's divisions, a copy of its settings and pairs."""

import pytest
from sqlmodel import select

from models.sites import Division, Site
from runtime.secrets import load_credentials, secret_box
from runtime.settings import Settings
from tests.console.conftest import AIMS, Said, Shell

TEST_JOOR = "https://apisandbox.jooraccess.com"


def add_account(shell: Shell, key: str = "us-test", of: str = "us", *more: str, joor: str = TEST_JOOR) -> Said:
    return shell("sites", "add", key, "--sandbox-of", of, "--joor-api", joor, "--secret", "joor.token", *more, stdin=f"SandboxToken-{key}")


@pytest.fixture
def live(shell: Shell) -> Shell:
    """A live site with divisions, settings, a style field and pairs."""
    shell.add_site("us", "--division", "WOM", "--division", "ACC", "--order", "page_size=70", "--schedule", "styles_minutes=30")
    assert shell("map", "set", "term", "NET30", "--aims", "N30", "--site", "us").code == 0
    assert shell("map", "set", "customer", "C-1", "--aims", "HARB", "--site", "us").code == 0
    assert shell("styles", "fields", "set", "description", "--aims", "longDescription", "--site", "us").code == 0
    return shell


def pairs(shell: Shell, key: str) -> list[tuple[str, str, str]]:
    return [(row["kind"], row["joor"], row["aims360"]) for row in shell("map", "list", "--site", key, "--json").json]


def test_it_has_the_divisions_settings_and_code_pairs_of_its_site(live: Shell) -> None:
    said = add_account(live)
    assert said.code == 0, said.err
    found = live("sites", "show", "us-test", "--json").json
    assert (found["sandbox_of"], found["is_sandbox"], found["aims_api_url"]) == ("us", True, AIMS)
    assert found["divisions"] == ["ACC", "WOM"]
    assert found["order"]["page_size"] == 70
    assert pairs(live, "us-test") == [("term", "NET30", "N30")], "customers belong to one JOOR account"
    assert live("styles", "fields", "list", "--site", "us-test", "--json").json[0]["aims_field"] == "longDescription"
    with live.sessions() as session:
        assert {row.site_id for row in session.exec(select(Division))} == {1}, "no division has two sites"


def test_it_is_only_worked_when_somebody_asks(live: Shell) -> None:
    live("sites", "set", "us", "--schedule", "off=images")
    add_account(live)
    schedule = live("sites", "show", "us-test", "--json").json
    assert {name: value for name, value in schedule["schedule"].items() if name.endswith("_minutes") and value is not None} == {}
    assert schedule["schedule"]["off"] == ["images"]
    assert set(schedule["next_due"].values()) == {None}


def test_secrets_of_both_accounts_are_kept_apart(live: Shell) -> None:
    add_account(live)
    with live.sessions() as session:
        sites = {site.key: site.id or 0 for site in session.exec(select(Site))}
        secrets = {key: load_credentials(session, secret_box(Settings()), site_id) for key, site_id in sites.items()}
    assert secrets == {"us": {"joor.token": "JoorToken-us"}, "us-test": {"joor.token": "SandboxToken-us-test"}}


def test_both_name_each_other(live: Shell) -> None:
    add_account(live)
    assert live("sites", "show", "us", "--json").json["sandbox_account"] == "us-test"
    assert "sandbox_account: us-test" in live("sites", "show", "us").out
    assert [(row["site"], row["sandbox_of"], row["sandbox_account"]) for row in live("sites", "--json").json] == [
        ("us", None, "us-test"),
        ("us-test", "us", None),
    ]


def test_a_plain_http_address_is_allowed_and_a_production_one_is_refused(live: Shell) -> None:
    said = add_account(live, joor="https://api.jooraccess.com")
    assert said.code == 2
    assert "JOOR's production address" in said.err
    assert "apisandbox.jooraccess.com" in said.err
    assert add_account(live, joor="http://127.0.0.1:9999").code == 0
    said = live("sites", "set", "us-test", "--joor-auth", "https://atlas.jooraccess.com/auth/")
    assert (said.code, "production address" in said.err) == (2, True)


@pytest.mark.parametrize(
    "option", ["--joor-api=https://apisandbox.jooraccess.com", "--joor-auth=https://atlas-sandbox.jooraccess.com/auth/"]
)
def test_a_site_that_is_not_marked_as_a_sandbox_may_not_have_a_sandbox_address(live: Shell, option: str) -> None:
    said = live("sites", "set", "us", option)
    assert said.code == 2
    assert "is JOOR's sandbox" in said.err
    assert "--sandbox-of us" in said.err
    assert live("sites", "set", "us", "--joor-api", TEST_JOOR, "--sandbox").code == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("add", "us-deep", "--sandbox-of", "us-test", "--joor-api", TEST_JOOR), "is itself the sandbox account of us"),
        (("add", "us-two", "--sandbox-of", "us", "--joor-api", TEST_JOOR), "has a sandbox account: us-test"),
        (("add", "xx", "--sandbox-of", "nowhere", "--joor-api", TEST_JOOR), "There is no site 'nowhere'"),
        (("set", "us-test", "--division", "SHO"), "has its divisions"),
        (("set", "us-test", "--production"), "it never goes live"),
        (("refresh", "us"), "is not the sandbox account of another site"),
    ],
)
def test_what_a_sandbox_account_cannot_be(live: Shell, command: tuple[str, ...], words: str) -> None:
    add_account(live)
    said = live("sites", *command, *(("--secret", "joor.token") if command[0] == "add" else ()), stdin="a-token-1")
    assert said.code == 2
    assert words in said.err
    assert len(live("sites", "--json").json) == 2


def test_a_refresh_brings_it_to_its_site_again(live: Shell) -> None:
    add_account(live)
    live("sites", "set", "us-test", "--order", "page_size=5", "--schedule", "orders_minutes=1")
    live("map", "set", "term", "NET30", "--aims", "WRONG", "--site", "us-test")
    live("map", "set", "ship-via", "OWN", "--aims", "OWN", "--site", "us-test")
    live("sites", "set", "us", "--order", "page_size=90", "--contract", contract(live))
    live("map", "set", "term", "NET60", "--aims", "N60", "--site", "us")
    assert live("sites", "refresh", "us-test").code == 0
    found = live("sites", "show", "us-test", "--json").json
    assert found["order"]["page_size"] == 90
    assert found["contract_overrides"] == {"aims360": {"path": {"terms": "/x"}}}
    assert found["schedule"]["orders_minutes"] == 1, "when it works is its own"
    assert pairs(live, "us-test") == [("ship_via", "OWN", "OWN"), ("term", "NET30", "N30"), ("term", "NET60", "N60")]
    before = found["updated_at"]
    live("sites", "refresh", "us-test")
    assert live("sites", "show", "us-test", "--json").json["updated_at"] == before, "nothing to copy: running workers keep their clients"


def contract(shell: Shell) -> str:
    from pathlib import Path

    Path("contract.toml").write_text('[aims360.path]\nterms = "/x"\n')
    return "contract.toml"
