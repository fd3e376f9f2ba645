"""Clients for a flow: only with all credentials, only to allowed addresses, rebuilt when the site changes, never more than a few kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from models.errors import AccessDenied, NotPossible
from models.jobs import JobKind
from models.sites import Division, Site
from runtime.clock import FrozenClock
from runtime.db import make_engine, session_factory
from runtime.logs import MASK, REDACTOR
from runtime.secrets import secret_box, store_credential
from runtime.settings import Settings
from workers.connect import KEPT_PER_THREAD, Connections, missing_credentials

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
V2 = {"joor.token": "CanaryJoorToken", "aims.token": "CanaryAimsToken"}
V4 = {f"joor.{name}": f"Canary{name}" for name in ("client_id", "client_secret", "username", "password")}


class Bench:
    def __init__(self, url: str) -> None:
        self.sessions = session_factory(make_engine(url))
        self.settings = Settings(JOORSYNC_KEY=SecretStr(Fernet.generate_key().decode()), DATABASE_URL=url)
        self.connections = Connections(self.sessions, FrozenClock(NOON), self.settings)

    def site(self, key: str = "us", secrets: dict[str, str] | None = None, **values: Any) -> int:
        given: dict[str, Any] = {"joor_api_url": "https://api.jooraccess.com", "aims_api_url": "https://apiwest.aims360.rest", **values}
        with self.sessions() as session:
            site = Site(key=key, created_at=NOON, updated_at=NOON, **given)
            session.add(site)
            session.flush()
            site_id = site.id or 0
            session.add(Division(site_id=site_id, aims_api_url=f"{site.aims_api_url}/{key}", code="WOM"))
        self.store(site_id, V2 if secrets is None else secrets)
        return site_id

    def account(self, of: int, key: str = "us-test", secrets: dict[str, str] | None = None, **values: Any) -> int:
        """The sandbox account of a site: no divisions of its own."""
        given = {"joor_api_url": "http://127.0.0.1:9", "aims_api_url": "https://apiwest.aims360.rest", **values}
        with self.sessions() as session:
            site = Site(key=key, sandbox_of=of, is_sandbox=True, created_at=NOON, updated_at=NOON, **given)
            session.add(site)
            session.flush()
            site_id = site.id or 0
        self.store(site_id, V2 if secrets is None else secrets)
        return site_id

    def store(self, site_id: int, secrets: dict[str, str]) -> None:
        with self.sessions() as session:
            for name, value in secrets.items():
                store_credential(session, secret_box(self.settings), site_id, name, value, NOON)

    def change(self, site_id: int, **values: Any) -> None:
        with self.sessions() as session:
            site = session.get_one(Site, site_id)
            for name, value in values.items():
                setattr(site, name, value)
            session.add(site)

    def connect(self, site_id: int, kind: JobKind = JobKind.ORDERS_SCAN) -> Any:
        return self.connections.connect(site_id, kind)


@pytest.fixture
def bench(sqlite_url: str) -> Bench:
    return Bench(sqlite_url)


def test_a_flow_gets_the_site_as_stored_and_a_meter_at_zero(bench: Bench) -> None:
    around = bench.connect(bench.site(order_settings={"page_size": 7}))
    site = around.context.site
    assert (site.key, site.divisions, site.orders.page_size) == ("us", ("WOM",), 7)
    assert site.aims_tenant == around.context.aims.tenant
    assert (around.calls(), around.credits(), around.exchanges()) == (0, 0, [])


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ([], ["joor.token", "aims.client_id", "aims.client_secret", "aims.username", "aims.password"]),
        (["joor.token", "aims.token"], []),
        (["joor.token", "aims.username"], ["aims.client_id", "aims.client_secret", "aims.password"]),
        (["joor.token", "aims.token", "joor.client_id"], ["joor.client_secret", "joor.username", "joor.password"]),
    ],
)
def test_which_credentials_are_needed(names: list[str], missing: list[str]) -> None:
    assert missing_credentials(dict.fromkeys(names, "x")) == missing


def test_missing_credentials_are_all_named_with_the_commands_that_set_them(bench: Bench) -> None:
    site_id = bench.site(secrets={"aims.token": "CanaryAimsToken"})
    with pytest.raises(AccessDenied) as caught:
        bench.connect(site_id)
    assert caught.value.summary == "Site us has no joor.token"
    assert caught.value.fix == ["joorsync sites set us --secret joor.token", "joorsync sites resume us"]


def test_clients_are_kept_until_the_site_changes(bench: Bench) -> None:
    site_id = bench.site()
    first = bench.connect(site_id)
    assert bench.connect(site_id).context.joor is first.context.joor
    bench.store(site_id, {"joor.token": "CanaryRenewed"})
    bench.change(site_id, updated_at=NOON + timedelta(seconds=1), order_settings={"page_size": 9})
    second = bench.connect(site_id)
    assert second.context.joor is not first.context.joor
    assert second.context.site.orders.page_size == 9
    assert first.context.joor.http._client.is_closed


def test_each_claim_has_a_meter_of_its_own(bench: Bench) -> None:
    site_id = bench.site()
    first = bench.connect(site_id)
    first.context.joor.http.meter.calls = 5
    second = bench.connect(site_id)
    assert (first.calls(), second.calls()) == (5, 0)


def test_data_types_have_clients_of_their_own_because_their_share_of_credits_differs(bench: Bench) -> None:
    site_id = bench.site()
    orders, stock = bench.connect(site_id), bench.connect(site_id, JobKind.INVENTORY_PUSH)
    assert orders.context.joor.http.gate is not stock.context.joor.http.gate


def test_the_number_of_clients_is_bounded_and_the_oldest_are_closed(bench: Bench) -> None:
    ids = [bench.site(f"s{number}") for number in range(KEPT_PER_THREAD + 3)]
    made = [bench.connect(site_id).context.joor.http for site_id in ids]
    closed = [http._client.is_closed for http in made]
    assert closed == [True] * 3 + [False] * KEPT_PER_THREAD
    bench.connections.close()
    assert all(http._client.is_closed for http in made)


@pytest.mark.parametrize("column", ["joor_api_url", "aims_api_url", "joor_auth_url"])
def test_an_unsafe_address_is_never_called_unless_the_site_is_a_sandbox(bench: Bench, column: str) -> None:
    site_id = bench.site(secrets={**V2, **V4}, joor_account_id="9", **{column: "http://127.0.0.1:9"})
    with pytest.raises(NotPossible, match=r"127\.0\.0\.1"):
        bench.connect(site_id)
    bench.change(site_id, is_sandbox=True)
    assert bench.connect(site_id).context.site.key == "us"


def test_no_other_host_is_allowed(bench: Bench) -> None:
    around = bench.connect(bench.site(secrets={**V2, **V4}, joor_account_id="9", joor_auth_url="https://atlas.jooraccess.com/auth/"))
    assert around.context.joor.can_set_export_states
    assert around.context.joor.http.allows("https://atlas.jooraccess.com/auth/")
    assert not around.context.joor.http.allows("https://example.com/")
    assert not around.context.aims.http.allows("https://api.jooraccess.com/")


def test_opened_secrets_are_masked_everywhere_from_then_on(bench: Bench) -> None:
    bench.connect(bench.site(secrets={"joor.token": "CanaryOnlyHere1", "aims.token": "CanaryOnlyHere2"}))
    assert REDACTOR.text("got CanaryOnlyHere1 and CanaryOnlyHere2") == f"got {MASK} and {MASK}"


def test_the_contract_file_of_the_site_is_used(bench: Bench) -> None:
    overrides = {"aims360": {"path": {"terms": "/t"}}, "joor": {"path": {"orders": "/o"}}}
    around = bench.connect(bench.site(contract_overrides=overrides))
    assert around.context.aims.contract["path.terms"] == "/t"
    with pytest.raises(NotPossible, match="unknown entries"):
        bench.connect(bench.site("eu", contract_overrides={"aims360": {"path": {"nonsense": "/t"}}}))


def test_settings_of_another_version_are_words_and_not_a_fault(bench: Bench) -> None:
    with pytest.raises(NotPossible, match="stored settings of site us"):
        bench.connect(bench.site(order_settings={"of_tomorrow": 1}))


def test_a_site_view_does_not_change_under_a_running_flow(bench: Bench) -> None:
    site_id = bench.site()
    context = bench.connect(site_id).context
    bench.change(site_id, updated_at=NOON + timedelta(seconds=1), name="renamed")
    bench.connect(site_id)
    assert context.site == replace(context.site, name="")


# ---- sandbox accounts ----------------------------------------------------------------------------------------------------------------


def test_a_sandbox_account_works_with_the_divisions_of_its_site_and_its_own_secrets(bench: Bench) -> None:
    live = bench.site()
    account = bench.account(live, secrets={"joor.token": "CanarySandboxToken", "aims.token": "CanarySandboxAims"})
    around = bench.connect(account)
    assert (around.context.site.key, around.context.site.divisions) == ("us-test", ("WOM",))
    assert around.context.joor.http.allows("http://127.0.0.1:9/v2/orders")
    assert not around.context.joor.http.allows("https://api.jooraccess.com/")


def test_a_site_and_its_sandbox_account_do_not_take_each_other_for_a_second_site(bench: Bench) -> None:
    live = bench.site()
    account = bench.account(live)
    assert [bench.connect(site_id).context.site.alone for site_id in (live, account)] == [True, True]
    bench.site("eu")
    assert [bench.connect(site_id).context.site.alone for site_id in (live, account)] == [False, False], "it works as its site does"


def test_the_sandbox_account_of_another_site_is_no_second_site(bench: Bench) -> None:
    live, other = bench.site(), bench.site("eu", aims_api_url="https://apieast.aims360.rest")
    bench.account(other, key="eu-test", aims_api_url="https://apiwest.aims360.rest")
    assert bench.connect(live).context.site.alone


def test_a_sandbox_account_takes_up_what_changes_at_its_site(bench: Bench) -> None:
    live = bench.site()
    account = bench.account(live)
    assert bench.connect(account).context.site.divisions == ("WOM",)
    with bench.sessions() as session:
        session.add(Division(site_id=live, aims_api_url="https://apiwest.aims360.rest", code="ACC"))
    bench.change(live, updated_at=NOON + timedelta(seconds=1))
    assert bench.connect(account).context.site.divisions == ("ACC", "WOM")
