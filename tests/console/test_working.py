"""Commands that do work, against the pretend systems over HTTP: enqueue --wait, dry runs, check, orders, the demo."""

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.demo_sandbox import Sandbox
from tests.console.conftest import Shell

TINY = ["--styles", "10", "--orders", "24"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(TINY) as running:
        yield running


@pytest.fixture
def town(shell: Shell, sandbox: Sandbox) -> Shell:
    """A site of the pretend brand with every secret and no pairs."""
    about = sandbox.about
    account = about["accounts"]["us"]
    lines = [f"joor.{name}={account[name]}" for name in ("token", "client_id", "client_secret", "username", "password")]
    lines += [f"aims.{name}={value}" for name, value in about["aims"].items()]
    Path("secrets").write_text("\n".join(lines))
    Path("secrets").chmod(0o600)
    urls = ["--joor-api", about["joor"], "--joor-auth", about["joor_auth"], "--aims-api", about["aims360"]]
    more = [option for code in account["division_codes"] for option in ("--division", code)]
    said = shell("sites", "add", "us", *urls, "--joor-account", account["account_id"], "--sandbox", "--secrets-file", "secrets", *more)
    assert said.code == 0, said.err
    return shell


def pairs(shell: Shell, sandbox: Sandbox, *names: str) -> None:
    for name in names:
        for joor, aims in sandbox.about["brand"]["counterparts"][f"us.{name}"].items():
            assert shell("map", "set", name, joor, "--aims", aims, "--site", "us").code == 0


def test_orders_are_done_here_and_now_and_blocked_ones_go_on_once_mapped(town: Shell, sandbox: Sandbox) -> None:
    first = town("enqueue", "orders", "--site", "us", "--wait", "--json")
    assert first.code == 1, "nothing is mapped yet"
    assert first.json["problems"]
    assert all(problem["fix"] for problem in first.json["problems"])
    blocked = sum(row["blocked"] for row in first.json["outcome"])
    pairs(town, sandbox, "warehouses", "terms", "ship_vias")
    second = town("enqueue", "orders", "--site", "us", "--wait")
    left = [row for row in town("jobs", "--state", "blocked", "--json").json if row["kind"] == "orders.import"]
    awkward = {str(order_id) for ids in sandbox.about["brand"]["cases"].values() for order_id in ids}
    assert len(left) < blocked
    assert {row["key"] for row in left} <= awkward
    assert "orders" in second.out
    imported = town("orders", "--state", "imported", "--json").json
    assert imported
    shown = town("orders", "show", imported[0]["joor_order_id"])
    assert f"AIMS360 order {imported[0]['aims_orders'][0]}" in shown.out
    refused = town("orders", "remove", imported[0]["joor_order_id"], "--site", "us")
    assert (refused.code, "it is in AIMS360" in refused.err) == (2, True)
    assert town("orders", "remove", left[0]["key"], "--site", "us").code == 0
    assert town("orders", "show", left[0]["key"], "--json").json["state"] == "removed"
    assert town("orders", "fetch-again", left[0]["key"], "--site", "us").code == 0
    assert town("orders", "show", "1", "--site", "us").code == 2


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(town: Shell, sandbox: Sandbox) -> None:
    pairs(town, sandbox, "warehouses")
    before = sandbox.effects().get("joor.inventory_set", 0)
    said = town("enqueue", "inventory", "--site", "us", "--dry-run", "--wait", "--json")
    assert said.code == 0, said.err
    assert "positions would be sent" in said.json["previews"][0]["note"]
    assert said.json["previews"][0]["result"]
    assert sandbox.effects().get("joor.inventory_set", 0) == before
    assert town("enqueue", "inventory", "--site", "us", "--allow-empty", "--wait").code == 0
    assert sandbox.effects()["joor.inventory_set"] > before


def test_up_works_until_it_is_told_to_stop(town: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    monkeypatch.setattr("console.cli.until_signalled", lambda: stop)
    town("sites", "set", "us", "--schedule", "inventory_minutes=none")
    timer = threading.Timer(6.0, stop.set)
    timer.start()
    said = town("up")
    assert said.code == 0
    done = [row for row in town("jobs", "--json").json if row["kind"] == "orders.scan" and row["state"] in ("succeeded", "unchanged")]
    assert done, "the timetable asked and the worker did it"


def test_the_demo_ends_well_its_second_run_writes_nothing_and_its_third_only_changes(shell: Shell) -> None:
    said = shell("demo", "--styles", "8", "--orders", "22")
    assert said.code == 0, said.out + said.err
    first, rest = said.out.split("Again, with nothing changed:")
    again, changes = rest.split("After these changes:")
    for effect in ("aims360.order_created", "joor.product_created", "joor.price_created", "joor.asset_added", "joor.collection_updated"):
        assert effect in first
    assert "The pretend systems counted: no writes at all" in again
    counted = next(line for line in changes.splitlines() if line.startswith("The pretend systems counted"))
    effects = set(re.findall(r"joor\.(\w+)", counted))
    assert {"price_updated", "sku_created", "price_created"} <= effects
    a_card_per_colour = {"product_created", "asset_added", "collection_items_added"}  # of the second site's new colour
    styles = {"price_updated", "sku_created", "price_created", "collection_updated", "collection_items_removed"}
    assert effects <= styles | a_card_per_colour, "nothing else"
    assert "JOOR credits" in changes
    assert "awkward orders and customers that wait for a person" in changes
    (file,) = Path("var/demo").glob("*.db")
    with sqlite3.connect(file) as database:
        sent = database.execute("SELECT sum(sent) FROM job WHERE kind = 'inventory.push'").fetchone()[0]
        assert f"joor.inventory_set {sent:,}" in first, "the table's number is the pretend system's own"
        exchanges = "".join(row[0] or "" for row in database.execute("SELECT exchanges FROM attempt"))
        secrets = [row[0] for row in database.execute("SELECT ciphertext FROM credential")]
    assert len(secrets) == 18
    assert "Bearer" not in exchanges
    assert "password" not in json.dumps(said.out)


def test_the_demo_leaves_a_database_with_real_sites_alone(shell: Shell, amqp_url: str) -> None:
    shell.add_site("us")
    said = shell("demo", "--styles", "8", "--orders", "8", AMQP_URL=amqp_url)
    assert said.code == 2
    assert "real sites (us)" in said.err
    assert [row["site"] for row in shell("sites", "--json").json] == ["us"]


def test_the_demo_on_services(shell: Shell, amqp_url: str, postgres_url: str) -> None:
    said = shell("demo", "--styles", "8", "--orders", "22", AMQP_URL=amqp_url, DATABASE_URL=postgres_url)
    assert said.code == 0, said.out + said.err
    assert "The pretend systems counted: no writes at all" in said.out
    assert "postgresql+psycopg" in said.out
    lanes = shell("queues", "--json", AMQP_URL=amqp_url, DATABASE_URL=postgres_url).json["lanes"]
    assert {(row["ready"], row["dead"]) for row in lanes} == {(0, 0)}
    assert shell("topology", AMQP_URL=amqp_url, DATABASE_URL=postgres_url).out.startswith("12 lanes declared")


def test_the_demo_on_pretend_systems_that_run_already(shell: Shell, sandbox: Sandbox) -> None:
    Path("where.json").write_text(json.dumps(sandbox.about))
    said = shell("demo", "--sandbox-file", "where.json")
    assert said.code == 0, said.out + said.err
    assert sandbox.effects(), "they are left running"
