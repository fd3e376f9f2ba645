"""`joorsync ship-tos`, and what `joorsync orders` says of an order's AIMS360 customer, as a person types them."""

from typing import Any

from models import ManualTask, OrderImport, OrderPart, ShipToOffer, Site
from tests.workers.orders_cast import NOON


def with_offer(shell: Any, *, sandbox: bool = True) -> None:
    with shell.sessions() as session:
        session.add(
            Site(key="us", is_sandbox=sandbox, joor_api_url="https://j", aims_api_url="https://a", created_at=NOON, updated_at=NOON)
        )
        session.flush()
        place = {"name": "Bath", "address1": "1 New Rd", "city": "Bath", "country_id": "guid-US"}
        session.add(
            ShipToOffer(site_id=1, account="HARB", digest="a", joor_code="DOOR9", address=place, orders=["7700123"], created_at=NOON)
        )
        session.add(ManualTask(site_id=1, data_type="orders", kind="ship_to", key="HARB|a", summary="A new ship-to", created_at=NOON))


def test_a_ship_to_is_listed_accepted_and_gone_from_the_list_only_when_it_is_decided(shell: Any) -> None:
    with_offer(shell)
    (row,) = shell("ship-tos", "--json").json
    assert (row["site"], row["account"], row["place"], row["orders"], row["state"]) == (
        "us",
        "HARB",
        "Bath, 1 New Rd, Bath",
        ["7700123"],
        "open",
    )
    assert "joorsync ship-tos accept ID" in shell("ship-tos", "--site", "us").out
    said = shell("ship-tos", "accept", "1", "--site", "us", "--code", "PORT")
    assert "Ship-to 1 becomes store PORT of customer HARB (run 1)." in said.out
    assert shell("jobs", "--json").json[0]["kind"] == "customers.store"
    assert [row["state"] for row in shell("ship-tos", "list", "--json").json] == ["accepted"]
    assert "is refused" in shell("ship-tos", "refuse", "1", "--site", "us", "--reason", "one order").out
    assert shell("ship-tos", "--json").json == []
    assert [row["state"] for row in shell("ship-tos", "--all", "--json").json] == ["refused"]
    assert "Nothing to do by hand" in shell("tasks").out


def test_a_wrong_number_is_an_error_in_words(shell: Any) -> None:
    with_offer(shell)
    said = shell("ship-tos", "accept", "7", "--site", "us")
    assert (said.code, said.out) == (2, "")
    assert "Site us has no ship-to 7" in said.err


def test_before_a_production_sites_first_run_it_is_a_dry_run_and_says_what_to_do_then(shell: Any) -> None:
    with_offer(shell, sandbox=False)
    said = shell("ship-tos", "accept", "1", "--site", "us")
    assert "It is a dry run" in said.err
    assert "joorsync ship-tos accept 1 --site us" in said.err


def test_the_account_a_retailer_would_get_can_be_asked_with_its_rule(shell: Any) -> None:
    shell.add_site("us", "--order", "account_prefix=J-")
    said = shell("orders", "account-rule", "--site", "us", "--name", "Harbor & Pine", "--postal", "04101")
    assert said.out.splitlines()[0] == "J-HARBCE6E"
    assert "the first 4 letters or digits of the name" in said.out
    assert "retailer:NAME/POSTAL CODE" in said.out
    only_rule = shell("orders", "account-rule", "--site", "us", "--json").json
    assert only_rule["account"] == ""
    assert shell("orders", "account-rule", "--site", "us", "--code", "C-1", "--json").json["account"] == "C-1"


def test_an_order_shows_the_aims360_customer_it_goes_to(shell: Any) -> None:
    with_offer(shell)
    with shell.sessions() as session:
        order = OrderImport(site_id=1, joor_order_id="7700123", raw={}, raw_digest="d", downloaded_at=NOON)
        session.add(order)
        session.flush()
        body = {"customerID": "guid", "$look_up": {"account": "HARBCE6E"}}
        session.add(OrderPart(order_import_id=order.id or 0, site_id=1, reference="JOOR-7700123", body=body, body_digest="d"))
        session.add(OrderImport(site_id=1, joor_order_id="7700124", raw={}, raw_digest="d", downloaded_at=NOON))
    assert "AIMS360 customer HARBCE6E" in shell("orders", "show", "7700123").out
    assert shell("orders", "show", "7700124", "--json").json["customer"] == ""
