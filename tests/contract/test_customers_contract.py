"""Customers of both systems against the sandbox over real HTTP: jobs that end in silence, Data Services who match, codes written back."""

import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from clients.aims360.types import NewStore, OneTimeAddress
from clients.joor.client import JoorClient
from clients.joor.types import BulkConnectionJob, CodeName, ConnectionAddress, ConnectionDraft
from models.errors import AccessDenied, NotPossible, OutcomeUnknown, Rejected, Unavailable
from rules.connection_difference import differences
from tests.contract.conftest import Sandbox

QUAY = ConnectionAddress("BILL", "Harbor & Pine", "207 555 0100", "", "9 Quay St", "", "Portland", "ME", "04101", "US")
STORE_CREATE = "/customers/v1.0/store"


def people(sandbox: Sandbox, path: str, **fields: Any) -> Any:
    """What people do to connections on JOOR."""
    answer = httpx.post(f"{sandbox.url('joor')}/_joor/us/connections{path}", json=fields, trust_env=False)
    return answer.raise_for_status().json()


def known(client: JoorClient) -> ConnectionDraft:
    """A customer that JOOR has, as it shows it."""
    return next(row.shown for row in client.connections() if row.shown and row.customer_code and row.shown.price_types)


def fresh(client: JoorClient, **changes: Any) -> ConnectionDraft:
    """One that JOOR does not know, with codes that it has."""
    account = known(client)
    parts: dict[str, Any] = {
        "email": "orders@harborpine.example",
        "alias": "Harbor",
        "contact_name": "Ada Lund",
        "group": CodeName("IND", "Independents"),
        "billing": (QUAY,),
        "shipping": (ConnectionAddress(**{**QUAY.__dict__, "code": "0001", "email": "one@harborpine.example"}),),
        "price_types": account.price_types,
        "payment_methods": account.payment_methods,
        "shipping_methods": account.shipping_methods,
        **changes,
    }
    return ConnectionDraft(f"N{uuid.uuid4().hex[:10]}", "Harbor & Pine", **parts)


def finished(client: JoorClient, job_id: str) -> BulkConnectionJob:
    for _ in range(20):
        job = client.connections_job(job_id)
        if job.finished:
            return job
    raise AssertionError("the job never ended")


# ---- JOOR ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nesting", ["orders.orders", "orders.order", "orders", "order"])
def test_every_connection_is_read_in_every_form_of_answer(sandbox, joor, nesting):
    sandbox.switch("joor", list_nesting=nesting, numbers="number", empty_list="" if nesting == "order" else [], single_as_object=True)
    rows = sandbox.get("joor", "/_state", what="connections", account="us")["connections"]
    found = list(joor(contract={"connections.page_size": "3"}).connections())
    assert [row.connection_id for row in found] == [str(row["customer_account_id"]) for row in rows]
    client = joor()
    for row in found[:3]:
        assert client.connection_by_id(row.connection_id) == row
        assert row.shown is not None
        if row.customer_code:
            assert client.connection(row.customer_code) == row


def test_a_new_customer_is_not_seen_until_it_is_matched_and_then_shows_what_was_sent(sandbox, joor):
    client = joor()
    draft = fresh(client)
    job_id = client.send_connections([draft])
    job = finished(client, job_id)
    assert (job.records, job.done) == (1, 1)
    assert job.created is not None
    assert client.connection(draft.customer_code) is None
    people(sandbox, "/match", customer_code=draft.customer_code)
    found = client.connection(draft.customer_code)
    assert found is not None
    assert found.shown is not None
    assert differences(draft, found.shown) == []
    assert client.connection_by_id(found.connection_id) == found


def test_a_known_customer_is_updated_at_once_and_sending_it_again_changes_nothing(sandbox, joor):
    client = joor()
    draft = fresh(client)
    finished(client, client.send_connections([draft]))
    people(sandbox, "/match", customer_code=draft.customer_code)
    moved = ConnectionDraft(**{**draft.__dict__, "billing": (ConnectionAddress(**{**QUAY.__dict__, "city": "Bangor"}),)})
    for _ in range(2):
        finished(client, client.send_connections([moved]))
    found = client.connection(draft.customer_code)
    assert found is not None and found.shown is not None  # noqa: PT018 - the second only for the type
    assert differences(moved, found.shown) == []
    assert differences(draft, found.shown) == ["bill-to BILL, city: 'Portland' was sent, JOOR shows 'Bangor'"]


@pytest.mark.parametrize(("validation", "part"), [("silent", "name"), ("ignore", "payment method")])
def test_a_code_that_joor_does_not_have_is_seen_at_the_connection_alone(sandbox, joor, validation, part):
    client = joor()
    draft = fresh(client)
    finished(client, client.send_connections([draft]))
    people(sandbox, "/match", customer_code=draft.customer_code)
    sandbox.switch("joor", connection_validation=validation)
    wrong = {"payment_methods": (CodeName("NONE", "No such terms"),), "customer_name": "Renamed"}
    bad = ConnectionDraft(**{**draft.__dict__, **wrong})
    assert finished(client, client.send_connections([bad])).status == "finished"
    found = client.connection(draft.customer_code)
    assert found is not None and found.shown is not None  # noqa: PT018 - the second only for the type
    assert differences(bad, found.shown)[0].startswith(f"{part}: ")


def test_a_job_nobody_knows_is_over_and_a_refused_body_begins_none(sandbox, joor):
    client = joor()
    assert client.connections_job("99999999") == BulkConnectionJob("99999999", True, "not known any more")
    sandbox.fault("joor", "malformed_json", path="/v2/bulk-connection")
    with pytest.raises(Unavailable):
        client.send_connections([fresh(client)])
    with pytest.raises(AccessDenied):
        joor(token="another-token").send_connections([fresh(client)])


def test_a_lost_answer_of_a_bulk_call_may_simply_be_sent_again(sandbox, joor):
    client = joor(timeout=1.0)
    draft = fresh(client)
    sandbox.fault("joor", "drop_after_commit", path="/v2/bulk-connection")
    with pytest.raises(Unavailable):
        client.send_connections([draft])
    finished(client, client.send_connections([draft]))
    rows = sandbox.get("joor", "/_state", what="pending_connections", account="us")["pending_connections"]
    assert [row["customer_code"] for row in rows].count(draft.customer_code) == 1


def test_a_retailer_who_came_by_himself_gets_a_code_and_loses_nothing(sandbox, joor):
    client = joor()
    made = people(sandbox, "", customer_name="Boutique Lune", customer_contact_email="hello@lune.example")
    before = client.connection_by_id(str(made["customer_account_id"]))
    assert (before.customer_code, before.email) == ("", "hello@lune.example")
    code = f"L{uuid.uuid4().hex[:6]}"
    for _ in range(2):  # repeatable
        client.write_customer_code(before, code)
    after = client.connection(code)
    assert after.connection_id == before.connection_id
    assert after.shown == ConnectionDraft(**{**before.shown.__dict__, "customer_code": code})
    with pytest.raises(Rejected):
        client.write_customer_code(before, known(client).customer_code)
    sandbox.switch("joor", connection_put="absent")
    with pytest.raises(NotPossible, match="no such call") as caught:
        client.write_customer_code(before, code)
    assert "enter customer code" in caught.value.fix[0]


# ---- AIMS360 -------------------------------------------------------------------------------------------------------------------------


def test_customers_changed_since_are_read_alone_and_a_tenant_that_cannot_say_so_is_named(sandbox, aims):
    client = aims()
    everyone = list(client.customers())
    newest = max(row.last_modified for row in everyone)
    assert list(client.customers(since=newest + timedelta(days=1))) == []
    assert list(client.customers(since=newest - timedelta(days=10_000))) == everyone
    middle = sorted(row.last_modified for row in everyone)[len(everyone) // 2].replace(microsecond=0)
    assert list(client.customers(since=middle)) == [row for row in everyone if row.last_modified >= middle]
    sandbox.switch("aims360", absent_fields=["Customers.lastModifiedOn"])
    with pytest.raises(NotPossible, match=r"`customer\.last_modified`"):
        client.customers(since=newest)


def test_a_customer_names_codes_that_the_code_lists_have(aims):
    client = aims()
    tables = {name: {row.id for row in client.codes(name)} for name in ("term", "ship_via", "sales_rep", "country")}
    customers = list(client.customers())
    currencies = {row.code for row in client.codes("currency")}
    assert {row.currency for row in customers} & currencies
    for row in customers:
        assert row.currency in {"", *currencies}
        for kind, value in (
            ("term", row.term_id),
            ("ship_via", row.ship_via_id),
            ("sales_rep", row.sales_rep_id),
            ("country", row.country_id),
        ):
            assert value is None or value in tables[kind]
    assert any(not row.enabled for row in client.codes("sales_rep"))


def test_a_tenant_that_shows_little_of_a_customer_leaves_the_rest_empty(sandbox, aims):
    sandbox.switch("aims360", customer_fields="known")
    for row in aims().customers():
        assert (row.term_id, row.currency, row.city, row.last_modified) == (None, "", "", None)


def test_all_stores_are_those_of_every_customer(aims):
    client = aims(contract={"paging.size": "5"})
    every = {row.id: row for row in client.all_stores()}
    assert every == {row.id: row for customer in client.customers() for row in client.stores(customer.id)}


def test_a_store_is_added_only_where_a_call_is_known(sandbox, aims):
    client = aims()
    customer = next(row for row in client.customers() if row.status == "Active")
    address = OneTimeAddress("Pier", "1 Pier", city="Bath", state="ME", zip_code="04530", country_id=client.codes("country")[0].id)
    new = NewStore(customer.id, f"S{uuid.uuid4().hex[:6]}", address)
    with pytest.raises(NotPossible, match="no call for it is known"):
        client.create_store(new)
    client = aims(contract={"path.store_create": STORE_CREATE})
    with pytest.raises(NotPossible, match="HTTP 404"):
        client.create_store(new)
    sandbox.switch("aims360", store_create_path=STORE_CREATE)
    store_id = client.create_store(new)
    made = next(row for row in client.stores(customer.id) if row.id == store_id)
    assert (made.code, made.name, made.address1, made.city, made.zip_code) == (new.code, "Pier", "1 Pier", "Bath", "04530")
    with pytest.raises(Rejected, match="already exists"):
        client.create_store(new)
    sandbox.fault("aims360", "drop_after_commit", path=STORE_CREATE)
    with pytest.raises(OutcomeUnknown):
        client.create_store(NewStore(customer.id, f"{new.code}B", address))
    assert any(row.code == f"{new.code}B" for row in client.stores(customer.id))


def test_lists_can_be_probed_and_absent_ones_are_none(aims):
    client = aims()
    rows = client.probe("path.customers")
    assert rows
    assert "customerAccount" in rows[0]
    assert client.probe("path.store_create") is None
    assert aims(contract={"path.stores": "/customers/v9.0/nothing"}).probe("path.stores") is None


# ---- clocks --------------------------------------------------------------------------------------------------------------------------


def test_both_clients_learn_the_other_sides_clock_from_any_answer(sandbox, joor, aims):
    def asked():
        for client, ask in clients:
            ask(client)
        return [client.clock_offset() for client, _ in clients]

    clients = ((joor(), lambda client: list(client.connections())), (aims(), lambda client: client.warehouses()))
    assert [client.clock_offset() for client, _ in clients] == [None, None]
    before = asked()
    httpx.post(f"{sandbox.url('joor')}/_advance", json={"seconds": 60}, trust_env=False).raise_for_status()
    moved = [after - earlier for earlier, after in zip(before, asked(), strict=True)]
    assert all(abs(by - timedelta(seconds=60)) < timedelta(seconds=5) for by in moved), moved
