"""Sites by command: secrets stay out of arguments and output, wrong values are named one by one, pauses are lifted by people."""

from pathlib import Path

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.jobs import Job, JobKind, JobState
from models.outbox import Ask, add_jobs
from models.sites import Credential, Site
from runtime.clock import SystemClock
from runtime.secrets import load_credentials, secret_box
from runtime.settings import Settings
from tests.console.conftest import AIMS, JOOR, Shell


def stored_secrets(shell: Shell, key: str = "us") -> dict[str, str]:
    with shell.sessions() as session:
        site = session.exec(select(Site).where(Site.key == key)).one()
        return dict(load_credentials(session, secret_box(Settings()), site.id or 0))


def test_a_site_takes_its_secrets_from_the_environment(shell: Shell) -> None:
    said = shell("sites", "add", "us", "--joor-api", JOOR, "--aims-api", AIMS, JOORSYNC_SECRET_JOOR_TOKEN="CanaryToken-1")
    assert said.code == 0
    assert stored_secrets(shell) == {"joor.token": "CanaryToken-1"}
    assert "Still missing: aims.client_id" in said.err


def test_a_site_takes_its_secrets_from_standard_input_in_the_order_asked(shell: Shell) -> None:
    shell(
        "sites",
        "add",
        "us",
        "--joor-api",
        JOOR,
        "--aims-api",
        AIMS,
        "--secret",
        "joor.token",
        "--secret",
        "aims.token",
        stdin="one-1\ntwo-2\n",
    )
    assert stored_secrets(shell) == {"joor.token": "one-1", "aims.token": "two-2"}


@pytest.mark.parametrize(
    "text",
    [
        'joor.token = "tok en=1"\n[aims]\ntoken = "two"\n',
        "# ours\njoor.token=tok en=1\nJOORSYNC_SECRET_AIMS_TOKEN='two'\n",
    ],
)
def test_a_site_takes_its_secrets_from_a_file(shell: Shell, tmp_path: Path, text: str) -> None:
    file = tmp_path / "secrets"
    file.write_text(text)
    file.chmod(0o644)
    said = shell("sites", "add", "us", "--joor-api", JOOR, "--aims-api", AIMS, "--secrets-file", str(file))
    assert said.code == 0
    assert stored_secrets(shell) == {"joor.token": "tok en=1", "aims.token": "two"}
    assert "chmod 600" in said.err


def test_a_secret_given_as_an_argument_is_refused_and_not_repeated(shell: Shell) -> None:
    said = shell("sites", "add", "us", "--joor-api", JOOR, "--aims-api", AIMS, "--secret", "joor.token=CanaryToken-2")
    assert said.code == 2
    assert "Canary" not in said.out + said.err


def test_a_broken_secrets_file_is_named_by_line_and_shows_no_value(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "s").write_text("joor.token=abc\nCanaryToken\n")
    said = shell("sites", "add", "us", "--joor-api", JOOR, "--aims-api", AIMS, "--secrets-file", "s")
    assert said.code == 2
    assert "line 2" in said.err
    assert "Canary" not in said.err


def test_secrets_never_leave_again(shell: Shell) -> None:
    shell.add_site()
    for said in (shell("sites", "show", "us"), shell("sites", "show", "us", "--json"), shell("sites", "--json"), shell("settings")):
        assert "JoorToken" not in said.out + said.err
    assert shell("sites", "show", "us", "--json").json["secrets"] == ["joor.token"]
    with shell.sessions() as session:
        assert "JoorToken" not in session.exec(select(Credential.ciphertext)).one()
        assert all("JoorToken" not in str(row.model_dump()) for row in session.exec(select(AuditEntry)))


def test_an_unknown_site_is_answered_with_the_known_ones(shell: Shell) -> None:
    shell.add_site("us")
    shell.add_site("eu")
    said = shell("enqueue", "orders", "--site", "uk")
    assert said.code == 2
    assert "no site 'uk'" in said.err
    assert "Known sites: eu, us" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("address", ["http://joor.example.com", "https://127.0.0.1:9", "https://intranet"])
def test_an_unsafe_address_is_refused_unless_the_site_is_a_sandbox(shell: Shell, address: str) -> None:
    said = shell("sites", "add", "us", "--joor-api", address, "--aims-api", AIMS, "--secret", "joor.token", stdin="x-token")
    assert said.code == 2
    assert shell("sites", "--json").json == []
    said = shell("sites", "add", "us", "--joor-api", address, "--aims-api", AIMS, "--sandbox", "--secret", "joor.token", stdin="x-token")
    assert said.code == 0
    assert shell("sites", "set", "us", "--production").code == 2, "a production site may not keep such an address"


def test_settings_are_checked_field_by_field(shell: Shell) -> None:
    shell.add_site()
    said = shell("sites", "set", "us", "--order", "page_size=0", "--order", "statuses=none of them", "--order", "colour=red")
    assert said.code == 2
    for words in ("page_size", "statuses", "colour: there is no such setting"):
        assert words in said.err
    assert "pydantic" not in said.err


def test_settings_are_stored_and_put_back(shell: Shell) -> None:
    shell.add_site()
    more = ["--inventory", "seasons=SP26,FA26", "--inventory", "columns.ots=OTS(i)", "--schedule", "orders_minutes=none"]
    assert shell("sites", "set", "us", "--set", "orders.page_size=100", "--order", "notes.order_comments=note9", *more).code == 0
    found = shell("sites", "show", "us", "--json").json
    assert found["order"]["page_size"] == 100
    assert found["order"]["notes"]["order_comments"] == "note9"
    assert found["order"]["notes"]["order_delivery_name"] == "note1", "the other entries stay"
    assert found["inventory"]["seasons"] == ["SP26", "FA26"]
    assert found["inventory"]["columns"] == {"ots": "OTS(i)"}
    assert found["schedule"]["orders_minutes"] is None
    assert shell("sites", "set", "us", "--order", "page_size=", "--inventory", "seasons=none").code == 0
    found = shell("sites", "show", "us", "--json").json
    assert found["order"]["page_size"] == 50
    assert found["inventory"]["seasons"] is None


def test_a_change_moves_updated_at_so_that_workers_notice(shell: Shell) -> None:
    shell.add_site()
    before = shell("sites", "show", "us", "--json").json["updated_at"]
    shell("sites", "set", "us", "--secret", "aims.token", stdin="another")
    assert shell("sites", "show", "us", "--json").json["updated_at"] > before


def test_a_division_belongs_to_one_site(shell: Shell) -> None:
    shell.add_site("us", "--division", "WOM", "--division", "ACC")
    said = shell("sites", "add", "eu", "--joor-api", JOOR, "--aims-api", AIMS, "--division", "ACC")
    assert said.code == 2
    assert "ACC (site us)" in said.err
    assert shell("sites", "set", "us", "--remove-division", "ACC", "--division", "SHO").code == 0
    assert shell("sites", "show", "us", "--json").json["divisions"] == ["SHO", "WOM"]
    shell.add_site("eu", "--division", "ACC")


def test_a_contract_file_with_unknown_entries_is_refused(shell: Shell, tmp_path: Path) -> None:
    shell.add_site()
    (tmp_path / "c.toml").write_text('[aims360.path]\nterm = "/x"\n')
    said = shell("sites", "set", "us", "--contract", "c.toml")
    assert said.code == 2
    assert "path.term" in said.err
    (tmp_path / "c.toml").write_text('[aims360.path]\nterms = "/x"\n')
    assert shell("sites", "set", "us", "--contract", "c.toml").code == 0
    (tmp_path / "c.toml").write_text("[aims360.path\n")
    assert "not a TOML file" in shell("sites", "set", "us", "--contract", "c.toml").err


def test_resuming_a_site_releases_what_denied_access_blocked(shell: Shell) -> None:
    shell.add_site()
    with shell.sessions() as session:
        site = session.exec(select(Site)).one()
        (job_id,) = add_jobs(session, site.id or 0, [Ask(JobKind.ORDERS_SCAN)], now=SystemClock().now())
        job = session.get_one(Job, job_id)
        job.state, job.blocked_on = JobState.BLOCKED, [{"kind": "access", "value": str(site.id)}]
        session.add(job)
    assert shell("sites", "pause", "us", "--reason", "new token").code == 0
    assert shell("sites", "--json").json[0]["paused"] == "new token"
    assert "1 job(s) released" in shell("sites", "resume", "us").out
    assert shell("jobs", "--json").json[0]["state"] == "queued"
    with shell.sessions() as session:
        actions = [row.action for row in session.exec(select(AuditEntry))]
    assert actions[-2:] == ["site.pause", "site.resume"]


def test_one_lane_can_be_paused_alone(shell: Shell) -> None:
    shell.add_site()
    shell("sites", "pause", "us", "--type", "inventory", "--reason", "stock-taking")
    held = {row["lane"]: row["held"] for row in shell("queues", "--json").json["lanes"]}
    assert held["orders.us"] is None
    assert "stock-taking" in held["inventory.us"]
    shell("sites", "resume", "us", "--type", "inventory")
    assert {row["held"] for row in shell("queues", "--json").json["lanes"]} == {None}


@pytest.mark.parametrize("key", ["US", "a b", "x" * 31, "orders.us", "é"])
def test_a_key_names_queues_so_it_is_plain(shell: Shell, key: str) -> None:
    said = shell("sites", "add", key, "--joor-api", JOOR, "--aims-api", AIMS)
    assert said.code == 2
    assert "cannot be a site's key" in said.err
