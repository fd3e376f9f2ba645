"""Customers on JOOR: read in every nesting, sent whole or not at all, jobs that tell nothing, and codes that a person may have to type."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from clients.joor.client import JoorClient, JoorContract
from clients.joor.connections import unsendable
from clients.joor.parse import parse_connection
from clients.joor.types import BulkConnectionJob, CodeName, ConnectionAddress, ConnectionDraft, PriceTypeName
from models.errors import AccessDenied, NotPossible, Rejected, SyncError, Unavailable
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
USD = PriceTypeName("US Dollars", "USD", "USD")
QUAY = ConnectionAddress("BILL", "Harbor & Pine", "207 555 0100", "", "9 Quay St", "", "Portland", "ME", "04101", "US")
STORE = replace(QUAY, code="STORE1", name="Store 1", email="store1@harborpine.example")
HARBOR = ConnectionDraft(
    "C-20417",
    "Harbor & Pine",
    alias="Harbor & Pine - main",
    email="orders@harborpine.example",
    contact_name="Ada Lund",
    group=CodeName("IND", "Independents"),
    company_number=CodeName("2", "US"),
    sales_rep_code="R1",
    warehouses=(CodeName("NJ", "New Jersey"),),
    buyers=(("Ada Lund", "ada@harborpine.example"),),
    billing=(QUAY,),
    payment_methods=(CodeName("N30", "Net 30"),),
    shipping=(STORE,),
    shipping_methods=(CodeName("UPSG", "UPS Ground"),),
    price_types=(USD,),
)
#: As GET shows it (facts 3.5).
SHOWN: dict[str, Any] = {
    "customer_account_id": 9007,
    "customer_code": "C-20417",
    "customer_name": "Harbor & Pine",
    "customer_alias": "Harbor & Pine - main",
    "customer_contact_email": "orders@harborpine.example",
    "customer_contact_name": "Ada Lund",
    "customer_buyer_name": "",
    "customer_group_name": "Independents",
    "customer_group_code": "IND",
    "company_number_name": "US",
    "company_number_code": 2,
    "sales_rep_code": "R1",
    "warehouses": [{"warehouse_name": "New Jersey", "warehouse_code": "NJ"}],
    "buyers": [{"buyer_name": "Ada Lund", "buyer_email": "ada@harborpine.example"}],
    "billing": {
        "billing_addresses": [
            {
                "billing_address_id": 71,
                "billing_code": "BILL",
                "billing_name": "Harbor & Pine",
                "billing_phone": "207 555 0100",
                "billing_address_1": "9 Quay St",
                "billing_address_2": "",
                "billing_city": "Portland",
                "billing_state": "ME",
                "billing_postal_code": "04101",
                "billing_country": "US",
            }
        ],
        "payment_methods": [{"payment_method_name": "Net 30", "payment_method_code": "N30"}],
    },
    "shipping": {
        "shipping_addresses": [
            {
                "shipping_code": "STORE1",
                "shipping_name": "Store 1",
                "shipping_phone": "207 555 0100",
                "shipping_email": "store1@harborpine.example",
                "shipping_address_1": "9 Quay St",
                "shipping_city": "Portland",
                "shipping_state": "ME",
                "shipping_postal_code": "04101",
                "shipping_country": "US",
            }
        ],
        "shipping_methods": [{"shipping_method_name": "UPS Ground", "shipping_method_code": "UPSG"}],
    },
    "price_types": [{"price_type_label": "US Dollars", "price_type_currency_code": "USD", "price_type_retail_currency_code": "USD"}],
    "customer_locations": "",
    "discounts": [],
}


@pytest.fixture
def joor(make_http):
    def build(*script: Any, **contract: str) -> tuple[JoorClient, Remote]:
        remote = Remote(*script)
        http = make_http(remote, system="JOOR")
        return JoorClient(http, token="v2-token-text", clock=FrozenClock(NOW), contract=JoorContract(contract)), remote

    return build


def bulk(status: str = "queued", job: Any = 71, **more: Any) -> httpx.Response:
    row = {"bulk_connections_job_id": job, "status": status, **more}
    return answer({"bulk_connections": {"response": {"code": 0}, "bulk_connections_jobs": [row]}})


def sent(remote: Remote) -> Any:
    return json.loads(remote.requests[-1].content)


# ---- what is shown -------------------------------------------------------------------------------------------------------------------


def test_everything_a_draft_can_say_is_read_from_what_is_shown():
    assert parse_connection(SHOWN).shown == HARBOR


def nested(value: Any) -> Any:
    """XML's habits: lists as plural > singular, a list of one as the object, an empty one as ""."""
    if not isinstance(value, dict):
        return value
    singular = {"warehouses": "warehouse", "buyers": "buyer", "billing_addresses": "billing_address", "payment_methods": "payment_method"}
    singular |= {"shipping_addresses": "shipping_address", "shipping_methods": "shipping_method", "price_types": "price_type"}
    return {name: {singular[name]: item} if name in singular else nested(item) for name, item in value.items()}


def alone(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: alone(item) for name, item in value.items()}
    return (alone(value[0]) if len(value) == 1 else "") if isinstance(value, list) else value


@pytest.mark.parametrize("form", [nested, alone, lambda row: alone(nested(row)), lambda row: {**row, "billing": [row["billing"]]}])
def test_it_is_the_same_in_every_nesting(form):
    assert parse_connection(form(SHOWN)).shown == HARBOR


def test_empty_parts_are_none_however_they_are_written():
    empty = {"customer_account_id": "9", "customer_name": "Lune", "warehouses": "", "price_types": [], "shipping": "", "buyers": None}
    for billing in ("", [], None, {"billing_addresses": "", "payment_methods": [{}]}, {"billing_addresses": {"billing_code": ""}}):
        found = parse_connection({**empty, "billing": billing})
        assert found.shown == ConnectionDraft("", "Lune")
        assert (found.connection_id, found.customer_code, found.shipping_codes) == ("9", "", ())


def test_the_e_mail_stands_under_either_name_and_what_was_read_can_be_read_again():
    found = parse_connection({"customer_account_id": 1, "customer_name": "Lune", "customer_email": "a@lune.example"})
    assert (found.email, found.shown and found.shown.email) == ("a@lune.example", "a@lune.example")
    assert parse_connection(parse_connection(SHOWN).raw) == parse_connection(SHOWN)


@pytest.mark.parametrize(
    "envelope",
    [
        {"connections": {"response": {"code": 0}, "connection": [SHOWN]}},
        {"connections": {"response": {"code": 0}, "connections": {"connection": SHOWN}}},
        {"connection": {"response": {"code": "0"}, **SHOWN}},
        [SHOWN],
        {"connections": {"response": {"code": 0}, "connection": {key: value for key, value in SHOWN.items() if key != "customer_code"}}},
    ],
)
def test_a_retailer_is_read_by_joors_own_id_even_without_a_code(joor, envelope):
    client, remote = joor(answer(envelope))
    found = client.connection_by_id("9007")
    assert (found.connection_id, found.customer_name) == ("9007", "Harbor & Pine")
    assert remote.requests[0].url.path == "/v2/connection/9007/"
    assert remote.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "reply",
    [
        answer({"connections": {"response": {"code": 1, "comment": "no"}}}, 404),
        answer({"connections": {"response": {"code": 4, "comment": "No such connection"}}}),
        answer({"connections": {"response": {"code": 0}, "connections": ""}}),
        answer({"connection": {**SHOWN, "customer_account_id": 9008}}),
    ],
)
def test_an_unknown_id_is_none(joor, reply):
    assert joor(reply)[0].connection_by_id("9007") is None


def test_a_failure_is_not_taken_for_an_unknown_customer(joor):
    with pytest.raises(Rejected, match="refused with code 9: An unknown error occurred"):
        joor(answer({"connections": {"response": {"code": 9, "comment": "An unknown error occurred"}}}))[0].connection("C-20417")


def test_a_row_that_cannot_be_read_is_named(joor):
    with pytest.raises(Rejected, match=r"reading connections: connection 'C-20417' cannot be read: price_types is not a list"):
        list(joor(answer({"connections": [{**SHOWN, "price_types": "US Dollars"}]}))[0].connections())


# ---- sending -------------------------------------------------------------------------------------------------------------------------


def test_a_customer_is_sent_in_the_documented_shape(joor):
    client, remote = joor(bulk())
    assert client.send_connections([HARBOR]) == "71"
    request = remote.requests[0]
    assert (request.method, request.url.path) == ("POST", "/v2/bulk-connection")
    assert request.headers["authorization"].startswith("OAuth2 ")
    (record,) = sent(remote)["bulk_connections"]["connection"]
    expected = {key: value for key, value in SHOWN.items() if value not in ("", []) and key != "customer_account_id"}
    expected["customer_email"] = expected.pop("customer_contact_email")
    expected["company_number_code"] = "2"
    (bill_to,) = SHOWN["billing"]["billing_addresses"]
    bill_to = {key: value for key, value in bill_to.items() if key not in ("billing_address_id", "billing_address_2")}
    expected["billing"] = {**SHOWN["billing"], "billing_addresses": [bill_to]}
    assert record == expected


def test_empty_parts_are_not_sent_so_that_joor_keeps_what_it_has(joor):
    client, remote = joor(bulk())
    bare = ConnectionDraft("LUNE", "Lune", price_types=(PriceTypeName("Euro", "EUR"),), shipping=(ConnectionAddress(),))
    client.send_connections([bare, replace(HARBOR, customer_code="X")])
    first, second = sent(remote)["bulk_connections"]["connection"]
    assert first == {
        "customer_code": "LUNE",
        "customer_name": "Lune",
        "price_types": [{"price_type_label": "Euro", "price_type_currency_code": "EUR"}],
    }
    assert second["customer_code"] == "X"


def test_doors_are_asked_for_only_where_the_draft_does(joor):
    client, remote = joor(bulk())
    client.send_connections([replace(HARBOR, create_doors=True)])
    (record,) = sent(remote)["bulk_connections"]["connection"]
    assert record["shipping"]["shipping_addresses"][0]["shipping_create_doors"] == "1"
    assert "create_doors" not in json.dumps(record["billing"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer_code": " "}, "customer_code is missing"),
        ({"customer_name": ""}, "customer_name is missing"),
        ({"price_types": ()}, "price_types is missing"),
        ({"price_types": (PriceTypeName("", "USD"),)}, "price_type_label is missing"),
        ({"price_types": (PriceTypeName("US Dollars", ""),)}, "price_type_currency_code is missing"),
        ({"customer_name": "n" * 101}, "customer_name has 101 characters, JOOR takes 100"),
        ({"customer_code": "c" * 51}, "customer_code has 51 characters, JOOR takes 50"),
        ({"alias": "a" * 151}, "customer_alias has 151 characters, JOOR takes 150"),
        ({"email": "e" * 51}, "customer_email has 51 characters, JOOR takes 50"),
        ({"contact_name": "c" * 1001}, "customer_contact_name has 1001 characters, JOOR takes 1000"),
        ({"group": CodeName("g" * 101)}, "customer_group_code has 101 characters, JOOR takes 100"),
        ({"company_number": CodeName("1", "n" * 151)}, "company_number_name has 151 characters, JOOR takes 150"),
        ({"sales_rep_code": "r" * 101}, "sales_rep_code has 101 characters, JOOR takes 100"),
        ({"warehouses": (CodeName("w" * 101),)}, "warehouse_code has 101 characters, JOOR takes 100"),
        ({"billing": (replace(QUAY, code="b" * 51),)}, "billing_code has 51 characters, JOOR takes 50"),
    ],
)
def test_a_record_that_joor_would_not_take_is_named_in_words_and_never_sent(joor, change, words):
    bad = replace(HARBOR, **change)
    assert words in (unsendable(bad) or "")
    client, remote = joor(bulk())
    with pytest.raises(ValueError, match=words):
        client.send_connections([HARBOR, bad])
    assert remote.requests == []


def test_texts_at_their_limit_and_addresses_of_any_length_are_sendable():
    full = replace(HARBOR, customer_name="n" * 100, customer_code="c" * 50, email="e" * 50)
    assert unsendable(replace(full, shipping=(replace(STORE, address_1="a" * 500),))) is None


def test_everything_that_is_wrong_is_said_at_once(joor):
    words = unsendable(replace(HARBOR, customer_name="", price_types=(), alias="a" * 151))
    assert words is not None
    assert [part.split()[0] for part in words.split("; ")] == ["customer_name", "price_types", "customer_alias"]
    with pytest.raises(ValueError, match="no customer to send"):
        joor(bulk())[0].send_connections([])


@pytest.mark.parametrize(
    ("reply", "failure", "words"),
    [
        (answer({"bulk_connections": {"response": {"code": 3, "comment": "bad body", "log_id": "u-9"}}}), Rejected, "code 3: bad body"),
        (answer({"response": {"comment": "too much"}}, 400), Rejected, "too much"),
        (answer({"message": "no"}, 401), AccessDenied, "401"),
        (answer({"message": "slow down"}, 429, **{"retry-after": "30"}), Unavailable, "429"),
        (answer({"message": "boom"}, 500), Unavailable, "500"),
        (httpx.Response(200, content=b"<html>hello</html>", headers={"content-type": "text/html"}), Unavailable, "a web page came"),
        (httpx.Response(200, content=b'{"bulk_connections": {'), Unavailable, "broken JSON"),
        (answer({"bulk_connections": {"response": {"code": 0}}}), Unavailable, "no number of a job came"),
        (answer([]), Unavailable, "no number of a job came"),
        (answer({"bulk_connections": {"jobs": [{"job": 71}]}}), Unavailable, "JSON without a list"),
        (httpx.ReadTimeout("slow"), Unavailable, "no answer within"),
    ],
)
def test_a_job_that_was_not_seen_to_begin_says_why(joor, reply, failure, words):
    with pytest.raises(SyncError, match=words) as caught:
        joor(reply)[0].send_connections([HARBOR])
    assert type(caught.value) is failure
    assert caught.value.summary.startswith("JOOR, sending 1 customer(s): ")


def test_an_answer_without_a_jobs_number_says_which_entry_to_correct_and_another_name_can_be_set(joor):
    with pytest.raises(Unavailable) as caught:
        joor(answer({"bulk_connections": ""}))[0].send_connections([HARBOR])
    assert "`bulk_connection.job_id`" in caught.value.fix[0]
    named = answer({"bulk_connections": {"bulk_connections_jobs": [{"id": 5, "status": "queued"}]}})
    assert joor(named, **{"bulk_connection.job_id": "id"})[0].send_connections([HARBOR]) == "5"


@pytest.mark.parametrize(
    "jobs", [{"bulk_connections_job_id": 71, "status": "started"}, [{"bulk_connections_job_id": "71", "status": "STARTED"}]]
)
def test_a_jobs_progress_is_read_as_one_or_as_a_list(joor, jobs):
    client, remote = joor(answer({"bulk_connections": {"response": {"code": 0}, "bulk_connections_jobs": jobs}}))
    assert client.connections_job("71") == BulkConnectionJob("71", False, "started")
    assert remote.requests[0].url.path == "/v2/bulk-connection/71"


def test_a_finished_job_tells_how_many_and_when(joor):
    more = {"created": "2031-03-04T12:00:00+01:00", "connection_record_count": "3", "connection_record_progress": 2}
    found = joor(bulk("finished", **more))[0].connections_job("71")
    assert found == BulkConnectionJob("71", True, "finished", 3, 2, datetime(2031, 3, 4, 11, tzinfo=UTC))
    odd = joor(bulk("failed", created="soon", connection_record_count="many"))[0].connections_job("71")
    assert (odd.finished, odd.status, odd.records, odd.created) == (True, "failed", None, None)


@pytest.mark.parametrize(
    "reply", [answer({"x": 1}, 404), answer({"bulk_connections": {"response": {"code": 2, "comment": "Job does not exist"}}})]
)
def test_a_job_that_joor_no_longer_knows_is_finished(joor, reply):
    assert joor(reply)[0].connections_job("71") == BulkConnectionJob("71", True, "not known any more")


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (bulk(job=72), Unavailable),
        (answer({"bulk_connections": {"response": {"code": 8, "comment": "bad"}}}), Rejected),
        (answer({"message": "no"}, 401), AccessDenied),
        (answer({}, 503), Unavailable),
        (httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}), Unavailable),
    ],
)
def test_another_job_or_a_failure_never_counts_as_finished(joor, reply, failure):
    with pytest.raises(failure):
        joor(reply)[0].connections_job("71")


# ---- customer codes ------------------------------------------------------------------------------------------------------------------

LUNE = parse_connection({**SHOWN, "customer_account_id": 9301, "customer_code": "", "customer_name": "Boutique Lune"})
TAKEN = answer({"connections": {"response": {"code": 0}, "connection": SHOWN}})


def test_a_code_is_written_into_the_connection_as_it_is_shown(joor):
    client, remote = joor(TAKEN)
    assert client.can_update_connections
    client.write_customer_code(LUNE, "LUNE")
    request = remote.requests[0]
    assert (request.method, request.url.path) == ("PUT", "/v2/connection/9301/")
    record = sent(remote)["connections"]["connection"]
    assert (record["customer_code"], record["customer_name"]) == ("LUNE", "Boutique Lune")
    assert record["price_types"] == SHOWN["price_types"]
    assert record["shipping"] == SHOWN["shipping"]
    assert record["customer_email"] == record["customer_contact_email"] == "orders@harborpine.example"
    assert not {"customer_locations", "discounts", "customer_buyer_name"} & set(record), "empty parts would empty what JOOR has"


@pytest.mark.parametrize(("root", "path"), [("", []), ("connection", ["connection"]), ("a.b.c", ["a", "b", "c"])])
def test_the_nodes_around_it_can_be_set(joor, root, path):
    client, remote = joor(TAKEN, **{"connection_update.root": root})
    client.write_customer_code(LUNE, "LUNE")
    body = sent(remote)
    for node in path:
        assert list(body) == [node]
        body = body[node]
    assert body["customer_code"] == "LUNE"


@pytest.mark.parametrize("status", [404, 405])
def test_a_joor_without_that_call_leaves_the_clicks_to_a_person(joor, status):
    with pytest.raises(NotPossible, match=rf"no such call, or no such connection any more \(HTTP {status}\)") as caught:
        joor(answer({}, status))[0].write_customer_code(LUNE, "LUNE")
    assert caught.value.fix[0] == "Open the connection of Boutique Lune on JOOR, enter customer code LUNE and save."


def test_without_a_known_call_nothing_is_sent(joor):
    client, remote = joor(TAKEN, **{"path.connection_update": ""})
    assert not client.can_update_connections
    with pytest.raises(NotPossible, match="no call for it is known"):
        client.write_customer_code(LUNE, "LUNE")
    with pytest.raises(ValueError, match="no JOOR id"):
        joor(TAKEN)[0].write_customer_code(replace(LUNE, connection_id=""), "LUNE")
    assert remote.requests == []


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (answer({"connections": {"response": {"code": 5, "comment": "code is in use"}}}), Rejected),
        (answer({"message": "no"}, 403), AccessDenied),
        (answer({"message": "slow"}, 429), Unavailable),
        (answer({}, 500), Unavailable),
        (httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}), Unavailable),
    ],
)
def test_a_code_that_was_not_taken_is_a_failure(joor, reply, failure):
    with pytest.raises(failure):
        joor(reply)[0].write_customer_code(LUNE, "LUNE")


def test_what_postgresql_cannot_keep_never_leaves_the_parser() -> None:
    found = parse_connection({"customer_account_id": "7", "customer_name": "Har\x00bor \ud800", "note\x00": "a\x00b"})
    assert found.customer_name == "Harbor ?"
    assert found.shown is not None
    assert found.shown.customer_name == "Harbor ?"
    assert found.raw["note"] == "ab"
