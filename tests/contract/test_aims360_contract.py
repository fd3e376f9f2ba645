"""The AIMS360 client against the sandbox over real HTTP: lookups, stock, orders, and every way an answer can get lost."""

import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from PIL import Image

from clients.aims360.client import AimsCredentials
from clients.aims360.types import NewCustomer, OneTimeAddress, OrderDraft, OrderDraftLine
from models.errors import AccessDenied, NotPossible, OutcomeUnknown, Rejected, Unavailable
from models.settings import InventorySettings

TODAY = datetime.now(UTC).date()


@pytest.fixture
def draft(aims):
    """An order AIMS360 would take: an active customer, an active style-colour of an enabled division."""

    def build(reference, **changes):
        client = aims()
        customer = next(found for found in client.customers() if found.status == "Active")
        color = next(found for found in client.all_style_colors() if found.active and found.sizes)
        line = OrderDraftLine(color.id, client.warehouses()[0].id, Decimal("85.10"), ((color.sizes[0].name, 4),))
        term, ship_via, country = (client.codes(kind)[0].id for kind in ("term", "ship_via", "country"))
        options = {
            "customer_id": customer.id,
            "division_id": color.division_id,
            "status": "Hold",
            "purchase_order": f"PO-{reference}",
            "lines": (line,),
            "term_id": term,
            "ship_via_id": ship_via,
            "season_id": color.season_id,
            "entered": TODAY,
            "start": date(2031, 8, 1),
            "complete": date(2031, 8, 31),
            "ship_to": OneTimeAddress("Corner Shop", "1 Main St", city="Austin", state="TX", zip_code="78701", country_id=country),
            **changes,
        }
        return customer, OrderDraft(reference=reference, **options)

    return build


def created(sandbox, reference):
    rows = sandbox.get("aims360", "/_state", what="orders")["orders"]
    return [row["order"] for row in rows if row["thirdPartyOrderID"] == reference]


# ---- reads ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"next_link_on_last_page": True},
        {"next_link_host": "apieast1.aims360.rest"},
        {"page_cap": 5},
        {"page_size": 3, "page_cap": 7},
    ],
)
def test_the_whole_catalogue_comes_once_whatever_the_pages_are_like(sandbox, aims, switches):
    sandbox.switch("aims360", **switches)
    found = list(aims().all_style_colors())
    total = len(sandbox.get("aims360", "/_state", what="style_colors")["style_colors"])
    assert len(found) == len({row.id for row in found}) == total
    assert all(row.sizes for row in found)
    assert list(aims(contract={"paging.size": "4"}).all_style_colors()) == found


def test_every_lookup_the_orders_need_is_there(sandbox, aims):
    client = aims()
    for kind in ("division", "season", "term", "ship_via", "country", "currency", "discount_reason", "order_status_reason"):
        rows = client.codes(kind)
        assert rows, kind
        assert all(row.id and row.code for row in rows), kind
    assert {row.name for row in client.warehouses()} == set(sandbox.described["brand"]["warehouses"])
    customers = list(client.customers())
    assert client.customer(customers[0].account) == customers[0]
    assert client.customer("NO SUCH") is None
    assert {row.status for row in customers} >= {"Active"}
    with_stores = next(stores for stores in (client.stores(row.id) for row in customers) if stores)
    assert all(store.code and store.address1 for store in with_stores)
    color = next(client.all_style_colors())
    assert client.style_colors(color.style, color.color) == [color]
    assert client.style_colors("NO SUCH") == []


def test_only_what_changed_since_is_read_and_a_tenant_that_cannot_say_so_is_named(sandbox, aims):
    everything = list(aims().all_style_colors())
    newest = max(row.last_modified for row in everything)
    assert list(aims().all_style_colors(since=newest + timedelta(days=1))) == []
    assert list(aims().all_style_colors(since=newest - timedelta(days=1_000))) == everything
    middle = sorted(row.last_modified for row in everything)[len(everything) // 2]
    assert list(aims().all_style_colors(since=middle)) == [row for row in everything if row.last_modified >= middle]
    sandbox.switch("aims360", absent_fields=["StyleColors.lastModifiedOn"])
    with pytest.raises(NotPossible, match=r"`style_color\.last_modified`"):
        aims().all_style_colors(since=newest)


def test_a_style_colour_has_all_the_facts_know_of_it(sandbox, aims):
    tenant = {row["id"]: row for row in sandbox.get("aims360", "/_state", what="style_colors")["style_colors"]}
    for found in aims().all_style_colors():
        row = tenant[found.id]
        assert (found.body_code, found.body_description) == (row["body_code"], row["body_description"])
        assert (found.brand_name, found.origin_country) == (row["brand_name"], row["origin_country"])
        assert [(size.name, size.position) for size in found.sizes] == [
            (size["name"], place) for place, size in enumerate(row["sizes"], start=1)
        ]
    assert aims().style_details(found.style_id)["fabricContent"] == row["fabric_content"]
    assert aims().style_details("00000000-0000-0000-0000-000000000000") == {}


def test_every_price_of_every_currency_is_read_or_only_those_of_some(sandbox, aims):
    prices = list(aims(contract={"paging.size": "7"}).prices())
    first = {price.style_color_id: price for price in reversed(prices)}
    colors = list(aims().all_style_colors())
    assert {row.id: (row.wholesale_price, row.retail_price) for row in colors} == {
        key: (price.wholesale, price.retail) for key, price in first.items()
    }
    assert {(price.currency, price.level) for price in prices} == {("USD", "Wholesale"), ("EUR", "Wholesale")}
    some = [colors[3].id, colors[1].id]
    assert list(aims().prices(some)) == [price for key in some for price in prices if price.style_color_id == key]
    sandbox.switch("aims360", absent_routes=["GET /styles/v1.0/prices"])
    with pytest.raises(NotPossible, match=r"path\.prices"):
        aims().prices()


@pytest.mark.parametrize("form", ["array", "envelope"])
def test_pictures_are_read_with_style_colour_and_place_and_their_bytes_are_whole(sandbox, aims, form):
    sandbox.switch("aims360", document_list=form)
    client = aims(contract={"paging.size": "10"})
    found = {image.id: image for image in client.images()}
    tenant = {row["id"]: row for row in sandbox.get("aims360", "/_state", what="images")["images"]}
    assert {key: (image.name, image.style, image.color) for key, image in found.items()} == {
        key: (row["name"], row["style"], row["color"]) for key, row in tenant.items()
    }
    assert all(image.number == int(image.name.rpartition(".")[0].rpartition("_")[2]) for image in found.values())
    assert {image.public for image in found.values()} >= {True}
    for image in list(found.values())[:5]:
        content = client.image_bytes(image, 100_000)
        assert len(content) == image.size
        assert Image.open(io.BytesIO(content)).size == (66, 90)
        if image.public:
            assert httpx.get(image.uri, trust_env=False).content == content


def test_a_large_picture_is_left_where_it_lies(sandbox, aims):
    sandbox.switch("aims360", awkward_images=True)
    large = max(aims().images(), key=lambda image: image.size)
    with pytest.raises(Rejected, match="5,200,000 bytes"):
        aims().image_bytes(large, 4_000_000)
    with pytest.raises(Rejected, match="not there"):
        aims().image_bytes(replace(large, id="00000000-0000-0000-0000-000000000000"), 10_000_000)
    assert len(aims().image_bytes(large, 10_000_000)) == 5_200_000


def test_work_in_process_agrees_with_what_the_tenant_has(sandbox, aims):
    rows = list(aims().wip())
    wanted, taken, dates = Counter(), Counter(), {}
    for row in sandbox.get("aims360", "/_state", what="wip")["wip"]:
        key = (row["number"], row["style_color_id"], row["size"])
        if row["status"] == "Open" and row["open"]:
            wanted[key] += row["open"]
            dates.setdefault(key, set()).add(row["in_warehouse_date"])
    for row in sandbox.get("aims360", "/_state", what="open_orders")["open_orders"]:
        taken[row["wip_reference"], row["style_color_id"], row["size"]] += row["allocated"]
    found, allocated = Counter(), Counter()
    for row in rows:
        key = (row.reference, row.style_color_id, row.size)
        found[key] += row.open_quantity
        allocated[key] += row.allocated
        assert (row.in_warehouse_date and row.in_warehouse_date.isoformat()) in dates[key]
    assert found == wanted
    assert {key: units for key, units in allocated.items() if units} == {key: min(taken[key], wanted[key]) for key in wanted if taken[key]}
    assert any(allocated.values())
    assert any(row.in_warehouse_date is None for row in rows)


@pytest.mark.parametrize("switches", [{}, {"job_polls": 5}, {"inline_rows": 100000}])
@pytest.mark.parametrize("output", ["JSON", "CSV"])
def test_stock_comes_from_the_view_in_every_way_a_job_can_answer(sandbox, aims, switches, output):
    sandbox.switch("aims360", **switches)
    rows = list(aims(contract={"aqua.format": output}).stock(InventorySettings(arithmetic="computed")))
    expected = {
        (row["style"], row["color"], row["size"], row["warehouse"]): row["on_hand"]
        for row in sandbox.get("aims360", "/_state", what="stock")["stock"]
    }
    found = {(row.style, row.color, row.size, row.warehouse): row.on_hand for row in rows}
    assert {key: found[key] for key in expected if key in found} == {key: value for key, value in expected.items() if key in found}
    assert len(found) == len(rows)
    assert {key for key, value in expected.items() if value} <= set(found)


def test_the_assumed_rest_source_agrees_with_the_view(sandbox, aims):
    client = aims()
    by_view = {(row.style, row.color, row.size, row.warehouse): row for row in client.stock(InventorySettings())}
    rest = list(client.stock(InventorySettings(source="rest")))
    assert rest
    for row in rest:
        twin = by_view[row.style, row.color, row.size, row.warehouse]
        assert (row.on_hand, row.allocated, row.ots, row.style_color_id) == (twin.on_hand, twin.allocated, twin.ots, twin.style_color_id)


def test_a_renamed_column_is_named_and_can_be_mapped(sandbox, aims):
    sandbox.switch("aims360", aqua_columns={"OTS": "Free To Sell"})
    with pytest.raises(NotPossible, match="for `ots`") as caught:
        aims().stock(InventorySettings())
    assert "Free To Sell" in caught.value.fix[0]
    assert list(aims().stock(InventorySettings(columns={"ots": "Free To Sell"})))


def test_a_failed_job_is_a_refusal_and_a_strange_link_is_not_followed(sandbox, aims):
    sandbox.switch("aims360", job_outcome="Failed")
    with pytest.raises(Rejected, match="failed"):
        aims().stock(InventorySettings())
    sandbox.switch("aims360", job_outcome="Completed", publish_link_host="http://localhost:1", inline_rows=0)
    with pytest.raises(AccessDenied, match="localhost:1, which is not an allowed host"):
        aims().stock(InventorySettings())


# ---- access --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_deny_access_and_an_expired_token_is_renewed(sandbox, aims, status):
    sandbox.switch("aims360", auth_failure_status=status)
    with pytest.raises(AccessDenied):
        aims(credentials=AimsCredentials(token="eyJ.not.valid")).warehouses()
    with pytest.raises(AccessDenied):
        aims(credentials=AimsCredentials(**{**sandbox.described["aims"], "password": "wrong-password"})).warehouses()
    client = aims()
    client.warehouses()
    sandbox.fault("aims360", "token_expired", path="warehouses")
    assert client.warehouses()


def test_an_operator_without_permission_is_denied_after_one_renewal(sandbox, aims):
    sandbox.switch("aims360", operators_without_permission=[sandbox.described["aims"]["username"]])
    with pytest.raises(AccessDenied) as caught:
        aims().warehouses()
    assert any("API permission" in step for step in caught.value.fix)


# ---- orders --------------------------------------------------------------------------------------------------------------------------


def test_an_order_is_created_found_again_and_is_what_was_asked_for(sandbox, aims, draft):
    client = aims()
    customer, wanted = draft("JOOR-1", net_discount_percentage=Decimal("12.5"), header={"notes": "Grüße"})
    number = client.create_order(client.order_body(wanted))
    (found,) = client.find_orders("JOOR-1", customer_account=customer.account, purchase_order="PO-JOOR-1", entered=TODAY)
    assert (found.order, found.third_party_order_id, found.customer_account) == (number, "JOOR-1", customer.account)
    assert created(sandbox, "JOOR-1") == [number]
    assert client.find_orders("JOOR-0", customer_account=customer.account) == []
    (row,) = [row for row in sandbox.get("aims360", "/_state", what="orders")["orders"] if row["order"] == number]
    assert row["body"]["lineItems"][0]["price"] == 85.1
    assert row["body"]["notes"] == "Grüße"


def test_a_refused_order_quotes_aims360_and_creates_nothing(sandbox, aims, draft):
    _, wanted = draft("JOOR-2")
    client = aims()
    body = client.order_body(wanted)
    body["lineItems"][0]["sizes"][0]["sizeName"] = "NO SUCH SIZE"
    with pytest.raises(Rejected) as caught:
        client.create_order(body)
    assert caught.value.remote_message
    assert created(sandbox, "JOOR-2") == []


@pytest.mark.parametrize(
    ("fault", "orders"),
    [
        ({"kind": "status", "status": 500}, 0),
        ({"kind": "status", "status": 503, "body": '{"error": {"code": "ServerBusy"}}'}, 0),
        ({"kind": "status_after_commit", "status": 500}, 1),
        ({"kind": "drop_before"}, 0),
        ({"kind": "drop_after_commit"}, 1),
        ({"kind": "timeout_after_commit", "seconds": 3}, 1),
        ({"kind": "half_body"}, 1),
        ({"kind": "malformed_json"}, 1),
        ({"kind": "html"}, 0),
        ({"kind": "huge_body", "bytes": 10_000_000}, 0),
    ],
)
def test_a_lost_answer_of_a_create_is_unknown_is_sent_once_and_is_found_by_reference(sandbox, aims, draft, fault, orders):
    reference = f"JOOR-{fault['kind']}-{fault.get('status', '')}-{orders}"
    customer, wanted = draft(reference)
    client = aims(timeout=1.0)
    client.warehouses()  # the token is there
    sandbox.fault("aims360", path="/orders/v1.0/order", method="POST", times=-1, **fault)
    with pytest.raises(OutcomeUnknown) as caught:
        client.create_order(client.order_body(wanted))
    assert "looked up before anything is sent again" in caught.value.summary
    sandbox.reset({"aims360": {}})
    found = client.find_orders(reference, customer_account=customer.account, purchase_order=wanted.purchase_order, entered=TODAY)
    assert [row.order for row in found] == created(sandbox, reference)
    assert len(found) == orders


def test_a_throttled_create_was_not_made_and_says_when_to_come_back(sandbox, aims, draft):
    _, wanted = draft("JOOR-429")
    client = aims()
    body = client.order_body(wanted)
    sandbox.fault("aims360", "status", path="/orders/v1.0/order", method="POST", status=429, headers={"Retry-After": "7"})
    with pytest.raises(Unavailable) as caught:
        client.create_order(body)
    assert caught.value.retry_after == 7
    assert created(sandbox, "JOOR-429") == []


def test_without_the_reference_on_the_read_model_candidates_come_by_customer_and_purchase_order(sandbox, aims, draft):
    customer, wanted = draft("JOOR-blind")
    client = aims()
    number = client.create_order(client.order_body(wanted))
    options = {"customer_account": customer.account, "purchase_order": wanted.purchase_order, "entered": TODAY}
    for absent in (["Orders.thirdPartyOrderID"], ["Orders.thirdPartyOrderID", "Orders.customerPurchaseOrder"]):
        sandbox.switch("aims360", absent_fields=absent)
        found = client.find_orders("JOOR-blind", **options)
        assert number in [row.order for row in found]
        assert {row.third_party_order_id for row in found} == {None}
    with pytest.raises(NotPossible):
        client.find_orders("JOOR-blind")


def test_the_name_of_the_store_member_is_a_matter_of_the_contract(sandbox, aims, draft):
    client = aims()
    customer, store = next(
        (customer, store)
        for customer in client.customers()
        if customer.status == "Active"
        for store in client.stores(customer.id)
        if store.active and not store.no_shipment
    )
    _, wanted = draft("JOOR-store", customer_id=customer.id, ship_to=None, store_id=store.id)
    sandbox.switch("aims360", store_id_member="storeStoreID")
    other = aims(contract={"order.store_id": "storeStoreID"})
    assert other.create_order(other.order_body(wanted))


def test_a_customer_is_created_once_and_a_missing_call_says_what_to_do_by_hand(sandbox, aims):
    client = aims()
    made = client.create_customer(NewCustomer("NEWCO", "New Co", email="new@co.example"))
    assert client.customer("NEWCO").id == made.id
    with pytest.raises(Rejected):
        client.create_customer(NewCustomer("NEWCO", "New Co"))
    sandbox.switch("aims360", absent_routes=["POST /customers/v1.0/customer"])
    with pytest.raises(NotPossible, match="no call for it"):
        client.create_customer(NewCustomer("NEWC2", "New Co 2"))


def test_a_code_table_that_is_not_there_names_its_contract_entry(sandbox, aims):
    sandbox.switch("aims360", absent_routes=["GET /codes/v1.0/divisions"])
    with pytest.raises(NotPossible, match=r"path\.divisions"):
        aims().codes("division")
