"""Going live: opening and closing production, attesting, and the first run of each data type."""

from typing import Any

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.golive import Certification
from models.jobs import Job, JobKind, JobState, Run
from models.outbox import Ask, add_jobs
from models.sites import Site
from runtime.clock import SystemClock
from tests.console.conftest import Shell


@pytest.fixture
def town(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def certified(town: Shell, *, passed: bool, failed: str = "") -> int:
    """A certification that has ended, as `joorsync certify` stores it."""
    rows = [{"key": failed, "outcome": "failed"}] if failed else []
    now = SystemClock().now()
    with town.sessions() as session:
        site_id = session.exec(select(Site.id)).one() or 0
        row = Certification(site_id=site_id, sandbox_id=site_id, started_at=now, finished_at=now, passed=passed, report={"scenarios": rows})
        session.add(row)
        session.flush()
        return row.id or 0


def audit(town: Shell, action: str) -> list[AuditEntry]:
    with town.sessions() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action)))


def dry_run(town: Shell, data_type: str = "styles", state: JobState = JobState.UNCHANGED) -> int:
    """A dry run of which the worker has done what there is."""
    said = town("enqueue", data_type, "--site", "us", "--dry-run", "--json")
    with town.sessions() as session:
        for job in session.exec(select(Job).where(Job.run_id == said.json["run"])):
            job.state, job.counts, job.note, job.finished_at = state, {"asked": 12}, "dry run: 12 of 12 styles differ", SystemClock().now()
            session.add(job)
    return int(said.json["run"])


# ---- production --------------------------------------------------------------------------------------------------------------------------


def test_production_opens_only_after_a_passed_certification(town: Shell) -> None:
    said = town("sites", "open", "us")
    assert (said.code, "has not been certified" in said.err, "joorsync certify --site us" in said.err) == (2, True, True)
    certified(town, passed=False, failed="styles.create")
    said = town("sites", "open", "us")
    assert said.code == 2
    assert "failed in: styles.create" in said.err
    number = certified(town, passed=True)
    said = town("sites", "open", "us")
    assert said.code == 0, said.err
    assert town("sites", "show", "us", "--json").json["production_open"] is True
    (entry,) = audit(town, "site.open")
    assert (entry.before, entry.after) == (
        {"production_open": False},
        {"production_open": True, "certification": number, "override": False},
    )


def test_a_later_failed_certification_counts_more_than_an_earlier_passed_one(town: Shell) -> None:
    certified(town, passed=True)
    certified(town, passed=False, failed="inventory.set")
    assert town("sites", "open", "us").code == 2


def test_an_override_needs_a_reason_and_is_audited(town: Shell) -> None:
    assert "needs a reason" in town("sites", "open", "us", "--override").err
    said = town("sites", "open", "us", "--override", "--reason", "JOOR has certified us by hand")
    assert said.code == 0, said.err
    (entry,) = audit(town, "site.open")
    assert (entry.reason, (entry.after or {})["override"]) == ("JOOR has certified us by hand", True)


def test_opening_says_what_a_person_should_still_know(town: Shell) -> None:
    certified(town, passed=True)  # with a digest of other settings
    said = town("sites", "open", "us")
    for words in ("have changed since certification", "No go-live date", "joorsync attest licence --site us", "first run is a dry run"):
        assert words in said.err


def test_closing_needs_a_reason_and_opening_releases_what_waited(town: Shell) -> None:
    town("sites", "open", "us", "--override", "--reason", "r")
    assert "needs a reason" in town("sites", "close", "us").err
    assert town("sites", "close", "us", "--reason", "a wrong price list").code == 0
    assert [entry.reason for entry in audit(town, "site.close")] == ["a wrong price list"]
    now = SystemClock().now()
    with town.sessions() as session:
        site_id = session.exec(select(Site.id)).one() or 0
        (job_id,) = add_jobs(session, site_id, [Ask(JobKind.STYLES_EXPORT, "D410")], now=now)
        job = session.get_one(Job, job_id)
        job.state, job.blocked_on = JobState.BLOCKED, [{"kind": "decision", "value": "production:us", "where": "", "fix": ""}]
        session.add(job)
    said = town("sites", "open", "us", "--override", "--reason", "prices are right again")
    assert "1 job(s) released" in said.out
    with town.sessions() as session:
        assert session.get_one(Job, job_id).state == JobState.QUEUED


def test_another_account_is_one_that_nobody_has_opened(town: Shell) -> None:
    assert town("sites", "open", "us", "--override", "--reason", "migrated").code == 0
    assert town("sites", "set", "us", "--name", "United States").code == 0
    with town.sessions() as session:
        assert session.exec(select(Site.production_open)).one()
    assert town("sites", "set", "us", "--joor-account", "424242").code == 0
    with town.sessions() as session:
        assert not session.exec(select(Site.production_open)).one()


def test_a_sandbox_account_has_no_production(shell: Shell) -> None:
    shell.add_site("us", "--sandbox", "--joor-api", "https://apisandbox.jooraccess.com")
    assert "sandbox account" in shell("sites", "open", "us").err
    assert shell("enqueue", "styles", "--site", "us", "--json").json["dry_run"] is False


# ---- first runs --------------------------------------------------------------------------------------------------------------------------


def test_the_first_run_is_a_dry_run_and_says_so(town: Shell) -> None:
    said = town("enqueue", "styles", "--site", "us")
    assert said.code == 0
    assert "This is the first production run of styles for us, so it is a dry run: nothing is sent." in said.err
    assert "When it looks right: joorsync enqueue styles --site us --confirm" in said.err
    with town.sessions() as session:
        assert session.exec(select(Run.dry_run)).all() == [True]
    assert town("enqueue", "styles", "--site", "us", "--json").json["dry_run"] is True


def test_confirming_needs_an_open_site_and_a_dry_run_that_has_ended_since(town: Shell) -> None:
    dry_run(town)
    said = town("enqueue", "styles", "--site", "us", "--confirm")
    assert (said.code, "is closed" in said.err, "joorsync sites open us" in said.err) == (2, True, True)
    town("sites", "open", "us", "--override", "--reason", "r")
    said = town("enqueue", "styles", "--site", "us", "--confirm")
    assert (said.code, "No dry run of styles" in said.err) == (2, True), "the one before does not count"
    assert "joorsync enqueue styles --site us --dry-run --wait" in said.err
    dry_run(town, state=JobState.FAILED)
    assert town("enqueue", "styles", "--site", "us", "--confirm").code == 2, "nobody saw what would be sent"


def test_confirming_stores_what_was_seen_and_asks_for_the_real_run(town: Shell) -> None:
    town("sites", "open", "us", "--override", "--reason", "r")
    seen = dry_run(town)
    said = town("enqueue", "styles", "--site", "us", "--confirm", "--reason", "Anna looked", "--json")
    assert said.code == 0, said.err
    assert said.json["dry_run"] is False
    (entry,) = audit(town, "golive.first_run")
    assert (entry.subject, entry.reason) == ("us styles", "Anna looked")
    assert (entry.after or {})["run"] == seen
    assert (entry.after or {})["counts"] == {"asked": 12}
    again = town("enqueue", "styles", "--site", "us", "--confirm")
    assert "was confirmed by" in again.err
    assert town("enqueue", "orders", "--site", "us", "--json").json["dry_run"] is True, "another data type has a first run of its own"


def test_confirm_and_dry_run_do_not_go_together(town: Shell) -> None:
    assert town("enqueue", "styles", "--site", "us", "--confirm", "--dry-run").code == 2


def test_a_switched_off_data_type_is_not_confirmed_by_the_way(town: Shell) -> None:
    town("sites", "open", "us", "--override", "--reason", "r")
    dry_run(town)
    town("sites", "set", "us", "--schedule", "off=styles")
    assert town("enqueue", "styles", "--site", "us", "--confirm").code == 2


# ---- attesting ---------------------------------------------------------------------------------------------------------------------------


def rows(town: Shell) -> dict[str, Any]:
    return {row["what"]: row for row in town("attest", "--json").json}


def test_what_is_attested_and_what_is_open(town: Shell) -> None:
    found = rows(town)
    assert not any(row["confirmed"] for row in found.values())
    assert found["first run of orders"]["how"] == "joorsync enqueue orders --site us --confirm"
    assert town("attest", "licence", "--site", "us", "--tier", "Luxury", "--reason", "contract of March").code == 0
    assert town("attest", "aims-schedule-off", "--site", "us").code == 0
    found = rows(town)
    assert (found["licence"]["detail"], found["licence"]["reason"]) == ({"tier": "luxury", "api_access": True}, "contract of March")
    assert found["aims-schedule-off"]["confirmed"]
    assert found["licence"]["at"]
    assert found["licence"]["by"]
    assert len(audit(town, "golive.attest")) == 2
    assert "licence" in town("attest", "--site", "us").out


def test_a_licence_without_its_tier_or_api_access_is_refused(town: Shell) -> None:
    assert "Designer or the Luxury" in town("attest", "licence", "--site", "us", "--tier", "basic").err
    assert town("attest", "licence", "--site", "us", "--tier", "designer", "--no-api-access").code == 2
    assert not rows(town)["licence"]["confirmed"]


def test_what_does_not_hold_any_more_is_taken_back(town: Shell) -> None:
    town("attest", "aims-schedule-off", "--site", "us")
    assert town("attest", "aims-schedule-off", "--site", "us", "--take-back", "--reason", "it runs again").code == 0
    assert not rows(town)["aims-schedule-off"]["confirmed"]
    assert [entry.reason for entry in audit(town, "golive.unattest")] == ["it runs again"]
    assert town("attest", "aims-schedule-off", "--site", "us", "--take-back").code == 2


def test_an_unknown_name_lists_what_can_be_attested(town: Shell) -> None:
    said = town("attest", "everything", "--site", "us")
    assert (said.code, "licence, aims-schedule-off" in said.err) == (2, True)
    assert town("attest", "licence").code == 2
