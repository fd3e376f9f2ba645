"""The way of a site to production, step by step: what is done, who has to do the rest."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from console.certifications import digest_of
from console.check_golive import Step, checklist, findings
from models.golive import AIMS_SCHEDULE_OFF, CUSTOMERS_REVIEWED, LICENCE, Certification, Confirmation
from models.sites import Site
from tests.console.conftest import Shell

NOW = datetime(2031, 3, 3, 12, 0, tzinfo=UTC)


def steps(shell: Shell, key: str = "us") -> dict[str, Step]:
    with shell.sessions() as session:
        return {step.key: step for step in checklist(session, session.exec(select(Site).where(Site.key == key)).one())}


def confirm(shell: Shell, *names: str) -> None:
    with shell.sessions() as session:
        site = session.exec(select(Site)).one()
        session.add_all([Confirmation(site_id=site.id or 0, name=name, at=NOW, by="anna") for name in names])


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def test_a_new_production_site_has_everything_before_it_and_says_who_does_it(us: Shell) -> None:
    found = steps(us)
    assert [key for key, step in found.items() if step.done] == ["JOOR token"]
    assert (found["sandbox account"].who, found["licence"].who, found["certified"].who) == ("JOOR", "AIMS360", "brand")
    assert all("joorsync " in step.next for step in found.values())
    assert found["AIMS360's own JOOR schedule"].next.endswith("joorsync attest aims-schedule-off --site us")
    assert found["first run of orders"].next.endswith("joorsync enqueue orders --site us --confirm")


def test_what_people_have_confirmed_is_done_with_their_name(us: Shell) -> None:
    confirm(us, LICENCE, AIMS_SCHEDULE_OFF, CUSTOMERS_REVIEWED, "first_run.orders")
    found = steps(us)
    done = {"JOOR token", "licence", "AIMS360's own JOOR schedule", "customers reviewed", "first run of orders"}
    assert {key for key, step in found.items() if step.done} == done
    assert found["licence"].title.endswith("(anna, 2031-03-03)")


def test_without_the_schedule_attested_a_production_site_is_not_well_and_a_test_site_is_reminded(us: Shell) -> None:
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        wrong = [item for item in findings(session, site, "site us") if not item.ok]
        assert [item.area for item in wrong] == ["site us, AIMS360's own JOOR schedule"]
        site.is_sandbox = True
        states = {item.area: item.state for item in findings(session, site, "site us")}
    assert states == {"site us, licence": "open", "site us, AIMS360's own JOOR schedule": "open"}


def test_data_types_that_are_off_have_no_first_run(us: Shell) -> None:
    us("sites", "set", "us", "--schedule", "off=images,customers")
    found = steps(us)
    assert "first run of images" not in found
    assert "customers reviewed" not in found
    assert "first run of orders" in found


def test_a_certification_counts_when_it_passed_and_nothing_has_changed_since(us: Shell) -> None:
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        run = {"site_id": site.id or 0, "sandbox_id": site.id or 0, "settings_digest": digest_of(session, site)}
        session.add(Certification(**run, started_at=NOW, finished_at=NOW, passed=True))
    assert steps(us)["certified"].done
    assert us("sites", "set", "us", "--order", "page_size=20").code == 0
    changed = steps(us)["certified"]
    assert (changed.done, "have changed since" in changed.title) == (False, True)
    with us.sessions() as session:
        run["settings_digest"] = digest_of(session, session.exec(select(Site)).one())
        session.add(Certification(**run, started_at=NOW + timedelta(days=1), finished_at=NOW + timedelta(days=1), passed=False))
    assert (steps(us)["certified"].done, "2031-03-04: failed" in steps(us)["certified"].title) == (False, True)


def test_the_sandbox_account_is_a_site_of_its_own(us: Shell) -> None:
    us.add_site("us-test")
    with us.sessions() as session:
        account = session.exec(select(Site).where(Site.key == "us-test")).one()
        account.sandbox_of = session.exec(select(Site.id).where(Site.key == "us")).one()
    assert steps(us)["sandbox account"].done
    assert "(us-test)" in steps(us)["sandbox account"].title
