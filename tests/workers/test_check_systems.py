"""Hosts of the right environment, clocks that agree, and an operator who may use the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.sites import Site
from workers.check_systems import clocks, hosts

NOW = datetime(2031, 3, 3, 12, 0, tzinfo=UTC)


def site(**more: Any) -> Site:
    values = {
        "joor_api_url": "https://api.jooraccess.com",
        "joor_auth_url": "https://atlas.jooraccess.com/auth/",
        "aims_api_url": "https://apiwest.aims360.rest",
        "is_sandbox": False,
    }
    return Site(id=1, key="us", created_at=NOW, updated_at=NOW, **{**values, **more})


def test_production_hosts_of_a_production_site_are_well() -> None:
    found = hosts(site())
    assert [(probe.ok, probe.open) for probe in found] == [(True, False)] * 3
    assert "api.jooraccess.com: JOOR's production, over TLS" in found[0].summary


@pytest.mark.parametrize(
    ("area", "more", "words"),
    [
        ("JOOR host", {"joor_api_url": "https://apisandbox.jooraccess.com"}, "is JOOR's sandbox, and us is a production site"),
        ("JOOR token host", {"joor_auth_url": "https://atlas-sandbox.jooraccess.com/auth/"}, "is JOOR's sandbox"),
        ("JOOR host", {"is_sandbox": True}, "is JOOR's production, and us is a test site"),
        ("JOOR host", {"sandbox_of": 2}, "is JOOR's production, and us is a test site"),
        ("JOOR host", {"joor_api_url": "https://udt-sandbox.jooraccess.com", "is_sandbox": True}, "no longer in use"),
    ],
)
def test_a_host_of_the_other_environment_is_wrong(area: str, more: dict[str, Any], words: str) -> None:
    found = next(probe for probe in hosts(site(**more)) if probe.area == area)
    assert not found.ok
    assert words in found.summary
    assert "joorsync sites set us --joor-a" in found.fix[0]


def test_a_sandbox_site_on_sandbox_hosts_is_well() -> None:
    urls = {"joor_api_url": "https://apisandbox.jooraccess.com", "joor_auth_url": "https://atlas-sandbox.jooraccess.com/auth/"}
    assert all(probe.ok and not probe.open for probe in hosts(site(is_sandbox=True, **urls)))


def test_an_address_that_no_document_names_is_for_a_person_to_look_at() -> None:
    found = hosts(site(joor_api_url="https://joor.example.com", aims_api_url="https://api.example.com"))
    assert [(probe.ok, probe.open) for probe in found] == [(True, True), (True, False), (True, True)]
    local = {"joor_api_url": "http://127.0.0.1:1", "joor_auth_url": None, "aims_api_url": "http://127.0.0.1:2", "is_sandbox": True}
    assert not any(probe.open for probe in hosts(site(**local))), "a test system may be anywhere"


class At:
    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def clock_offset(self) -> timedelta | None:
        return None if self.seconds is None else timedelta(seconds=self.seconds)


@pytest.mark.parametrize(
    ("seconds", "ok", "open_", "words"),
    [
        (0, True, False, "within 0 s"),
        (60, True, False, "within 60 s"),
        (61, True, True, "is 61 s ahead of"),
        (-300, True, True, "is 300 s behind"),
        (-301, False, False, "is 301 s behind"),
    ],
)
def test_clocks_are_told_from_a_minute_on_and_wrong_from_five(seconds: float, ok: bool, open_: bool, words: str) -> None:
    joor, aims = clocks(At(seconds), At(0))
    assert (joor.area, joor.ok, joor.open) == ("JOOR clock", ok, open_)
    assert words in joor.summary
    assert aims.ok


def test_a_clock_nobody_has_seen_is_not_told_of() -> None:
    assert clocks(At(None), At(None)) == []
