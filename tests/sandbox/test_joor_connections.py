"""Customers of the pretend JOOR (fact sheet 3): silent jobs, Data Services who take their time, retailers who come by themselves."""

from typing import Any

import pytest

from tests.sandbox.joor_remote import Remote

PRICE_TYPE = {"price_type_label": "US Dollars", "price_type_currency_code": "USD", "price_type_retail_currency_code": "USD"}


def address(code: str = "0001", city: str = "Portland", kind: str = "billing") -> dict[str, str]:
    return {f"{kind}_code": code, f"{kind}_address_1": "9 Quay St", f"{kind}_city": city, f"{kind}_postal_code": "04101"}


def record(code: str = "HARB", **fields: Any) -> dict[str, Any]:
    return {"customer_code": code, "customer_name": "Harbor & Pine", "price_types": [PRICE_TYPE], **fields}


def submit(joor: Remote, *records: Any, method: str = "POST") -> int:
    """A bulk job; its number."""
    answer = joor.v2(method, "bulk-connection", json={"bulk_connections": {"connection": list(records)}})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["bulk_connections"]["bulk_connections_jobs"][0]["bulk_connections_job_id"])


def look(joor: Remote, job: int) -> dict[str, Any]:
    row = joor.v2("GET", f"bulk-connection/{job}").json()["bulk_connections"]["bulk_connections_jobs"][0]
    assert isinstance(row, dict)
    return row


def push(joor: Remote, *records: Any) -> None:
    """A bulk job, worked off."""
    job = submit(joor, *records)
    while look(joor, job)["status"] != "finished":
        pass


def shown(joor: Remote, code: str) -> dict[str, Any] | None:
    answer = joor.v2("GET", f"connection/customer_code/{code}/")
    if answer.status_code == 404:
        return None
    row = answer.json()["connections"]["connections"][0]
    assert isinstance(row, dict)
    return row


def known(joor: Remote, code: str) -> dict[str, Any]:
    row = shown(joor, code)
    assert row is not None
    return row


def codes(joor: Remote) -> list[str]:
    return [row["customer_code"] for row in joor.v2("GET", "connection/").json()["connections"]["connections"]]


def pending(joor: Remote) -> list[str]:
    return [row["customer_code"] for row in joor.state("pending_connections")["pending_connections"]]


def refused(joor: Remote) -> dict[str, str]:
    """What no caller is told: code -> reason."""
    rows = joor.state("connection_jobs")["connection_jobs"]
    return {entry["customer_code"]: entry["reason"] for row in rows for entry in row["refused"]}


def people(joor: Remote, method: str, path: str, **fields: Any) -> Any:
    return joor.control(method, f"_joor/us/connections{path}", json=fields)


# --- 3.4: jobs


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_job_is_queued_then_started_then_finished_and_applied_only_then(joor: Remote, method: str) -> None:
    joor.set(job_delay=3)
    job = submit(joor, record("C-1", customer_name="Renamed"), record("C-2", customer_name="Renamed"), method=method)
    rows = [look(joor, job) for _ in range(2)]
    assert [(row["status"], row["connection_record_progress"]) for row in rows] == [("queued", 0), ("started", 1)]
    assert known(joor, "C-1")["customer_name"] == "Shop 1"
    done = look(joor, job)
    assert (done["status"], done["connection_record_count"], done["connection_record_progress"]) == ("finished", 2, 2)
    assert done["created"] <= done["modified"]
    assert set(done) == {
        "bulk_connections_job_id",
        "status",
        "created",
        "modified",
        "connection_record_count",
        "connection_record_progress",
    }
    assert [known(joor, code)["customer_name"] for code in ("C-1", "C-2")] == ["Renamed", "Renamed"]


def test_jobs_are_worked_off_in_the_order_they_came_and_apart_from_jobs_of_styles(joor: Remote) -> None:
    submit(joor, record("C-1", customer_name="First"))
    push(joor, record("C-1", customer_name="Second"))
    assert known(joor, "C-1")["customer_name"] == "Second"
    assert [row["status"] for row in joor.state("connection_jobs")["connection_jobs"]] == ["finished", "finished"]
    number = joor.state("connection_jobs")["connection_jobs"][0]["id"]
    assert joor.v2("GET", f"bulk-style/{number}").status_code == 404
    assert joor.v2("GET", f"bulk-connection/{number + 100}").status_code == 404


def test_one_record_may_come_as_an_object_and_an_unreadable_body_makes_no_job(joor: Remote) -> None:
    assert joor.v2("POST", "bulk-connection", json={"bulk_connections": {"connection": record("C-1")}}).status_code == 200
    bodies: list[Any] = [{"connection": [record()]}, {"bulk_connections": {}}, [record()]]
    for body in bodies:
        answer = joor.v2("POST", "bulk-connection", json=body)
        assert answer.status_code == 400
        assert answer.json()["bulk_connections"]["response"]["code"] == "1"
    assert len(joor.state("connection_jobs")["connection_jobs"]) == 1


def test_sending_costs_what_a_write_costs(joor: Remote) -> None:
    joor.set(credit_size=6)
    job = submit(joor, *[record(f"N-{number}") for number in range(50)])
    assert look(joor, job)["status"] in ("queued", "started")
    assert joor.v2("GET", f"bulk-connection/{job}").status_code == 429


# --- 3.2: known and new codes


def test_a_known_code_is_updated_at_once_and_what_is_left_out_stays(joor: Remote) -> None:
    push(joor, record("C-1", customer_email="shop@one.example", billing={"billing_addresses": [address()]}, sales_rep_code="AL"))
    methods = {"payment_methods": [{"payment_method_code": "N30", "payment_method_name": "Net 30"}]}
    push(joor, {"customer_code": "C-1", "customer_name": "Shop One", "billing": methods})
    row = known(joor, "C-1")
    assert (row["customer_name"], row["customer_contact_email"], row["sales_rep_code"]) == ("Shop One", "shop@one.example", "AL")
    assert row["billing"]["payment_methods"] == methods["payment_methods"]
    assert row["billing"]["billing_addresses"][0]["billing_city"] == "Portland"
    assert [effect["changed"] for effect in joor.effects("connection_updated")][1:] == [["customer_name", "billing"]]
    assert pending(joor) == []


def test_sending_the_same_again_changes_nothing(joor: Remote) -> None:
    sent = record("C-1", billing={"billing_addresses": [address(), address("0002", "Bath")]}, warehouses=[{"warehouse_name": "NJ"}])
    push(joor, sent)
    before = known(joor, "C-1")
    ids = [row["billing_address_id"] for row in before["billing"]["billing_addresses"]]
    assert len(set(ids)) == 2
    push(joor, sent)
    assert known(joor, "C-1") == before
    assert len(joor.effects("connection_updated")) == 1


def test_a_new_code_is_visible_to_nobody_until_it_is_matched(joor: Remote) -> None:
    push(joor, record(shipping={"shipping_addresses": [address(kind="shipping")]}))
    assert (shown(joor, "HARB"), codes(joor), pending(joor)) == (None, ["C-1", "C-2", "C-3"], ["HARB"])
    joor.advance(90 * 86400)
    assert shown(joor, "HARB") is None
    matched = people(joor, "POST", "/match", customer_code="HARB")["matched"]
    row = known(joor, "HARB")
    assert matched == {"HARB": row["customer_account_id"]} == {"HARB": "9004"}
    assert (row["customer_name"], row["price_types"]) == ("Harbor & Pine", [PRICE_TYPE])
    assert row["shipping"]["shipping_addresses"][0]["shipping_code"] == "0001"
    assert row["buyers"] == ""
    assert (codes(joor)[-1], pending(joor)) == ("HARB", [])
    assert [(effect["key"], effect["again"]) for effect in joor.effects("connection_sent")] == [("HARB", False)]
    assert joor.keys("connection_updated") == []  # what Data Services do is no client's doing


def test_a_code_sent_twice_before_it_is_matched_is_one_pending_record_with_the_newest_data(joor: Remote) -> None:
    push(joor, record())
    push(joor, record(customer_name="Harbor & Oak"))
    assert pending(joor) == ["HARB"]
    assert people(joor, "POST", "/match", all=True)["matched"].keys() == {"HARB"}
    assert known(joor, "HARB")["customer_name"] == "Harbor & Oak"
    assert [effect["again"] for effect in joor.effects("connection_sent")] == [False, True]


def test_matching_can_take_a_number_of_hours_of_the_sandbox_clock(joor: Remote) -> None:
    joor.set(customer_match=36)
    push(joor, record())
    joor.advance(35 * 3600)
    assert shown(joor, "HARB") is None
    push(joor, record(customer_name="Newest"))  # the waiting time is that of the first
    joor.advance(3600 + 60)
    assert known(joor, "HARB")["customer_name"] == "Newest"
    assert pending(joor) == []


def test_a_rejected_code_stays_invisible_whatever_is_sent_or_waited(joor: Remote) -> None:
    push(joor, record(), record("ALDER"))
    assert people(joor, "POST", "/reject", customer_code="HARB") == {"rejected": "HARB"}
    assert people(joor, "POST", "/match", all=True)["matched"].keys() == {"ALDER"}
    push(joor, record(customer_name="Once More"))
    joor.set(customer_match=1)
    joor.advance(10 * 3600)
    assert shown(joor, "HARB") is None
    assert [(row["customer_code"], row["rejected"]) for row in people(joor, "GET", "")["pending"]] == [("HARB", True)]
    assert "rejected" in people(joor, "POST", "/match", customer_code="HARB")["error"]
    assert "no customer NOPE" in people(joor, "POST", "/match", customer_code="NOPE")["error"]


def test_data_services_may_find_the_new_customer_in_a_retailer_who_came_by_himself(joor: Remote) -> None:
    own = people(joor, "POST", "", customer_name="Harbor and Pine")
    push(joor, record())
    assert people(joor, "POST", "/match", customer_code="HARB", connection_id=own["customer_account_id"])["matched"] == {"HARB": "9004"}
    assert len(codes(joor)) == 4
    assert known(joor, "HARB")["customer_name"] == "Harbor & Pine"


def test_a_pending_code_given_to_a_connection_meanwhile_is_matched_to_that_connection(joor: Remote) -> None:
    own = people(joor, "POST", "", customer_name="Harbor and Pine")
    push(joor, record())
    people(joor, "PATCH", f"/{own['customer_account_id']}", customer_code="HARB")
    people(joor, "POST", "/match", customer_code="HARB")
    assert codes(joor).count("HARB") == 1


# --- 3.1 and 3.5: what JOOR does not take, and does not tell


@pytest.mark.parametrize(
    "fields",
    [
        {"customer_code": ""},
        {"customer_code": None},
        {"customer_code": "X" * 51},
        {"customer_name": "X" * 101},
        {"customer_alias": "X" * 151},
        {"customer_contact_name": "X" * 1001},
        {"customer_email": "x" * 51},
        {"customer_group_code": "X" * 101},
        {"warehouses": [{"warehouse_name": "X" * 151}]},
        {"billing": {"billing_addresses": [address("X" * 51)]}},
        {"price_types": [{**PRICE_TYPE, "price_type_label": "US dollars"}]},
        {"price_types": [{**PRICE_TYPE, "price_type_currency_code": "EUR"}]},
        {"price_types": []},
        {"customer_name": ""},
        {"sales_rep_code": "ZZ"},
        {"billing": {"payment_methods": [{"payment_method_code": "N90", "payment_method_name": "Net 30"}]}},
        {"shipping": {"shipping_methods": [{"shipping_method_name": "Pigeon"}]}},
        {"billing": "Portland"},
        {"price_types": "USD"},
    ],
)
def test_a_record_joor_does_not_like_fails_in_a_finished_job_without_a_word(joor: Remote, fields: dict[str, Any]) -> None:
    job = submit(joor, record(**fields), record("GOOD"), "no object")
    look(joor, job)
    done = look(joor, job)
    assert (done["status"], done["connection_record_progress"]) == ("finished", 3)
    assert pending(joor) == ["GOOD"]
    [row] = joor.state("connection_jobs")["connection_jobs"]
    assert len(row["refused"]) == 2
    assert all(entry["reason"] for entry in row["refused"])


def test_texts_at_their_longest_and_methods_by_name_are_taken(joor: Remote) -> None:
    methods = {"payment_methods": [{"payment_method_name": "Net 30"}]}
    push(joor, record("X" * 50, customer_name="Y" * 100, customer_alias="Z" * 150, sales_rep_code="AL", billing=methods))
    assert (pending(joor), refused(joor)) == (["X" * 50], {})


def test_a_known_customer_is_not_changed_by_a_record_that_fails(joor: Remote) -> None:
    push(joor, record("C-1", sales_rep_code="ZZ"))
    assert known(joor, "C-1")["customer_name"] == "Shop 1"
    assert refused(joor) == {"C-1": "sales_rep_code ZZ does not exist in this account"}
    assert joor.effects() == []


def test_by_switch_what_joor_does_not_know_is_left_out_instead(joor: Remote) -> None:
    joor.set(connection_validation="ignore")
    wrong = {**PRICE_TYPE, "price_type_currency_code": "GBP"}
    methods = {"payment_methods": [{"payment_method_code": "N90"}]}
    push(joor, record("C-1", sales_rep_code="AL", billing={"payment_methods": [{"payment_method_code": "N30"}]}))
    push(joor, record("C-1", price_types=[wrong, PRICE_TYPE], sales_rep_code="ZZ", billing=methods, customer_alias="One"))
    row = known(joor, "C-1")
    assert (row["price_types"], row["sales_rep_code"], row["customer_alias"]) == ([PRICE_TYPE], "AL", "One")
    assert row["billing"]["payment_methods"][0]["payment_method_code"] == "N30"
    push(joor, record("C-1", customer_name="X" * 101))
    assert "C-1" in refused(joor)


def test_codes_can_be_made_to_fail_in_silence(joor: Remote) -> None:
    joor.set(failed_records=["HARB", "C-1"])
    push(joor, record(), record("C-1"), record("C-2"))
    assert pending(joor) == []
    assert [known(joor, code)["customer_name"] for code in ("C-1", "C-2")] == ["Shop 1", "Harbor & Pine"]


# --- 3.3: PUT of one connection


@pytest.mark.parametrize("wrap", [lambda row: row, lambda row: {"connection": row}, lambda row: {"connections": {"connection": row}}])
@pytest.mark.parametrize("path", ["connection/9001/", "connection/customer_code/C-1/", "connection/9001"])
def test_one_connection_is_updated_by_either_path_and_in_each_wrapping(joor: Remote, path: str, wrap: Any) -> None:
    answer = joor.v2("PUT", path, json=wrap({"customer_alias": "One", "price_types": [PRICE_TYPE]}))
    assert answer.status_code == 200
    assert answer.json()["connections"]["connections"][0]["customer_alias"] == "One"
    row = known(joor, "C-1")
    assert (row["customer_name"], row["customer_alias"], row["price_types"]) == ("Shop 1", "One", [PRICE_TYPE])
    assert joor.keys("connection_updated") == ["C-1"]


def test_a_code_is_written_to_a_retailer_who_had_none_as_he_is_shown(joor: Remote) -> None:
    people(joor, "POST", "", customer_name="Lone Retailer", billing={"billing_addresses": [address()]})
    before = joor.v2("GET", "connection/9004/").json()["connections"]["connections"][0]
    assert before["customer_code"] == ""
    answer = joor.v2("PUT", "connection/9004/", json={"connections": {"connection": {**before, "customer_code": "LONE"}}})
    assert answer.status_code == 200
    assert known(joor, "LONE") == {**before, "customer_code": "LONE"}
    assert [(row["key"], row["connection_id"]) for row in joor.effects("connection_code_set")] == [("LONE", "9004")]
    assert joor.effects("connection_updated") == []


@pytest.mark.parametrize(
    ("connection", "fields", "words"),
    [
        ("9004", {"customer_code": "C-2"}, "in use by another connection"),
        ("9001", {"customer_code": "OTHER"}, "cannot be changed"),
        ("9001", {"customer_code": ""}, "cannot be changed"),
        ("9001", {"sales_rep_code": "ZZ"}, "sales_rep_code ZZ"),
        ("9001", {"customer_name": ""}, "customer_name is required"),
        ("9001", {}, "no connection"),
        ("9001", {"connections": [{"customer_name": "A"}, {"customer_name": "B"}]}, "no connection"),
    ],
)
def test_a_single_call_is_told_what_is_wrong_and_changes_nothing(joor: Remote, connection: str, fields: Any, words: str) -> None:
    people(joor, "POST", "", customer_name="Lone Retailer")
    before = joor.state("connections")
    answer = joor.v2("PUT", f"connection/{connection}/", json=fields)
    assert answer.status_code == 400
    assert answer.json()["connections"]["response"]["code"] == "1"
    assert words in answer.json()["connections"]["response"]["comment"]
    assert joor.state("connections") == before
    assert joor.effects() == []


def test_the_call_can_be_absent_and_nobody_knows_a_stranger(joor: Remote) -> None:
    assert joor.v2("PUT", "connection/1/", json={"customer_alias": "x"}).status_code == 404
    assert joor.v2("DELETE", "connection/9001/", json={}).status_code == 404
    joor.set(connection_put="absent")
    assert joor.v2("PUT", "connection/9001/", json={"customer_alias": "x"}).status_code == 404
    assert known(joor, "C-1").get("customer_alias", "") == ""


# --- What people do


def test_a_retailer_connects_by_himself_without_a_code_and_people_edit_by_hand(joor: Remote) -> None:
    made = people(joor, "POST", "", customer_name="Lone Retailer", customer_email="hello@lone.example")
    assert (made["customer_code"], made["price_types"], made["customer_contact_email"]) == ("", [PRICE_TYPE], "hello@lone.example")
    edited = people(joor, "PATCH", f"/{made['customer_account_id']}", customer_code="LONE", customer_buyer_name="Ada")
    assert (edited["customer_code"], edited["customer_buyer_name"]) == ("LONE", "Ada")
    assert known(joor, "LONE")["customer_name"] == "Lone Retailer"
    assert joor.effects() == []  # people are no client


@pytest.mark.parametrize(
    ("method", "path", "fields", "words"),
    [
        ("POST", "", {}, "customer_name"),
        ("POST", "", {"customer_name": "A", "customer_code": "C-1"}, "in use by connection 9001"),
        ("POST", "", {"customer_name": "A", "nickname": "B"}, "no nickname"),
        ("PATCH", "/9001", {"customer_code": "C-2"}, "in use"),
        ("PATCH", "/1", {"customer_code": "C-9"}, "no such connection"),
        ("POST", "/match", {}, "give a customer_code"),
        ("POST", "/reject", {"customer_code": "NOPE"}, "no customer NOPE"),
    ],
)
def test_a_control_that_makes_no_sense_says_so(joor: Remote, method: str, path: str, fields: Any, words: str) -> None:
    before = joor.state("connections")
    assert words in people(joor, method, path, **fields)["error"]
    assert joor.state("connections") == before


def test_an_order_of_a_retailer_without_a_code_can_be_placed(joor: Remote) -> None:
    people(joor, "POST", "", customer_name="Lone Retailer")
    buyer = {"customer_code": "", "customer_name": "Lone Retailer", "company_name": "Lone Retailer"}
    lives = {"billing_postal_code": "B3H 1A1", "shipping_code": "", "shipping_name": "Lone Retailer", "shipping_postal_code": "B3H 1A1"}
    placed = joor.control("POST", "_joor/us/orders", json=buyer | lives)["order_id"]
    row = joor.v2("GET", f"orders/{placed}", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert {name: row[name] for name in buyer | lives} == buyer | lives
    assert row["line_items"]


def test_an_account_has_its_own_customers_alone(joor: Remote) -> None:
    push(joor, record())
    assert [row["account"] for row in joor.state("pending_connections", "")["pending_connections"]] == ["us"]
    assert joor.control("GET", "_state")["accounts"]["us"]["pending_connections"] == 1
    assert joor.state("pending_connections", "eu")["pending_connections"] == []
