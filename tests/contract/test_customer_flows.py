"""Customers through the real clients, from a pretend AIMS360 to a pretend JOOR: read, sent, matched by people there, updated."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any, cast

import httpx
import pytest

from clients.aims360.client import AimsClient
from clients.aims360.types import NewCustomer, OneTimeAddress
from clients.joor.client import JoorClient
from models.errors import Outcome, Rejected, Synced, SyncError, Unchanged, Waiting
from tests.contract.conftest import COMMAND, Sandbox
from tests.workers.customers_world import World


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    """What these tests change stays changed."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        yield Sandbox(json.loads(started.stdout.readline()))
        started.terminate()


@pytest.fixture
def world(sqlite_url: str, sandbox: Sandbox, joor: Callable[..., JoorClient], aims: Callable[..., AimsClient]) -> Iterator[World]:
    made = World(sqlite_url, missing_pair="leave_out", price_labels="fixed", fixed_price_labels=["US Dollars"])
    made.joor, made.aims = cast(Any, joor()), cast(Any, aims())
    made.review()
    yield made
    made.close()


def person(sandbox: Sandbox, path: str, **fields: Any) -> None:
    """What people do to connections on JOOR."""
    httpx.post(f"{sandbox.url('joor')}/_joor/us/connections{path}", json=fields, trust_env=False).raise_for_status()


def follow(world: World, account: str, **payload: Any) -> Outcome | SyncError:
    """Until JOOR's job is done."""
    (answer,) = world.named(account, **payload)
    while isinstance(answer, Waiting) and world.card(account).state == "sent":
        world.clock.at = answer.until
        (answer,) = world.named(account)
    return answer


def test_a_known_customer_is_updated_and_seen_as_it_was_sent(world: World) -> None:
    world.scan(read_only=True)
    answer = follow(world, "CAFEL", full=True)
    assert isinstance(answer, Synced), answer
    assert answer.note.startswith("Café Lumière (CAFEL) is on JOOR")
    card = world.card("CAFEL")
    assert (card.state, card.is_new) == ("active", False)
    shown = cast(JoorClient, world.joor).connection("CAFEL")
    assert shown is not None
    assert shown.shown is not None
    assert [price.label for price in shown.shown.price_types] == ["US Dollars"]
    assert isinstance(world.named("CAFEL")[0], Unchanged)


def test_a_new_customer_waits_for_people_on_joor(world: World, sandbox: Sandbox) -> None:
    address = OneTimeAddress("New Shop", "5 Elm St", city="Bath", state="ME", zip_code="04530")
    cast(AimsClient, world.aims).create_customer(NewCustomer("NEWSHOP", "New Shop", "new@shop.example", address=address))
    answer = follow(world, "NEWSHOP")
    assert isinstance(answer, Waiting), answer
    assert (world.card("NEWSHOP").state, world.card("NEWSHOP").is_new) == ("awaiting", True)
    person(sandbox, "/match", customer_code="NEWSHOP")
    world.clock.at = answer.until
    (answer,) = world.named("NEWSHOP")
    assert isinstance(answer, Synced), answer
    assert world.card("NEWSHOP").state == "active"
    assert sandbox.get("joor", "/_state", what="pending_connections", account="us")["pending_connections"] == []


def test_a_price_label_that_joor_does_not_have_is_seen_at_the_customer(world: World) -> None:
    world.map("price_label", "US Dollar", "USD/Wholesale")
    world.set(fixed_price_labels=["US Dollar"])
    answer = follow(world, "COPPE")
    assert isinstance(answer, Rejected), answer
    assert "US Dollar (USD)" in answer.summary
    assert world.card("COPPE").state == "visible"


def test_inactive_and_no_shipment_customers_are_not_sent(world: World) -> None:
    world.scan()
    assert world.jobs() == []
    for account, status in (("ALDER", "Inactive"), ("SAFFR", "No Shipment")):
        (answer,) = world.named(account)
        assert isinstance(answer, Unchanged)
        assert status in answer.why
