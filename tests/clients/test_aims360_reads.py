"""Reading AIMS360: paging that loses nothing, names in any case, dates of 1899, stock from a view, wrong contracts."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from clients.aims360.client import AimsClient, AimsCredentials, Contract, tenant_of
from models.errors import AccessDenied, NotPossible, Rejected, Unavailable
from models.settings import InventorySettings
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

TOKEN = AimsCredentials(token="eyJ-long-lived-token")
USER = AimsCredentials(username="api@brand.example", password="pass-word-1", client_id="cid", client_secret="c-secret-1")
NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def aims(make_http):
    def build(*script: Any, credentials: AimsCredentials = TOKEN, **options: Any) -> tuple[AimsClient, Remote]:
        remote = script[0] if isinstance(script[0], Remote) else Remote(*script)
        contract = Contract(options.pop("contract", None))
        clock = options.pop("clock", FrozenClock(NOW))
        return AimsClient(make_http(remote, **options), credentials=credentials, contract=contract, clock=clock), remote

    return build


def value(*rows: dict[str, Any], **more: Any) -> httpx.Response:
    return answer({"@odata.context": "https://apieast1.aims360.rest/x", "value": list(rows), **{f"@odata.{k}": v for k, v in more.items()}})


def warehouse(number: int) -> dict[str, Any]:
    return {"warehouseID": f"w{number}", "warehouseName": f"W{number}"}


class Table:
    """Serves rows by $skip; `cap` limits pages whatever `pagesize` says."""

    def __init__(self, rows: list[dict[str, Any]], *, cap: int = 250, count: bool = True, next_link: str = "") -> None:
        self.rows, self.cap, self.count, self.next_link = rows, cap, count, next_link
        self.skips: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        skip = int(request.url.params.get("$skip", 0))
        self.skips.append(skip)
        page = self.rows[skip : skip + min(self.cap, int(request.url.params["pagesize"]))]
        more = {"nextLink": self.next_link} if self.next_link else {}
        return value(*page, **({"count": len(self.rows)} if self.count else {}), **more)


# ---- paging --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "table", "skips"),
    [
        (0, {}, [0]),
        (249, {}, [0]),
        (250, {}, [0]),
        (251, {}, [0, 250]),
        (500, {"count": False}, [0, 250, 500]),
        (300, {"count": False}, [0, 250]),
        (250, {"cap": 100}, [0, 100, 200]),  # a server that caps its pages: the count says there is more
        (250, {"next_link": "https://apieast1.aims360.rest/warehouses?$skip=250"}, [0]),
    ],
)
def test_every_row_is_read_once_whatever_the_server_pages_like(aims, rows, table, skips):
    served = Table([warehouse(n) for n in range(rows)], **table)
    client, remote = aims(served)
    assert [found.id for found in client.warehouses()] == [f"w{n}" for n in range(rows)]
    assert served.skips == skips
    assert {request.url.host for request in remote.requests} == {"remote.example"}


def test_the_query_is_said_as_the_facts_have_it(aims):
    client, remote = aims(value())
    client.customer("O'NEIL 1")
    assert remote.requests[0].url.raw_path == (
        b"/customers/v1.0/customers?$filter=customerAccount%20eq%20%27O%27%27NEIL%201%27&$count=true&pagesize=250"
    )
    assert remote.requests[0].headers["authorization"] == "Bearer eyJ-long-lived-token"


def test_rows_that_come_twice_while_the_data_changes_count_once(aims):
    first = [warehouse(n) for n in range(250)]
    client, _ = aims(value(*first, count=252), value(warehouse(249), warehouse(250), count=252))
    assert len(client.warehouses()) == 251


def test_a_server_that_ignores_skip_is_noticed(aims):
    with pytest.raises(Unavailable, match=r"the page at \$skip=250 repeats earlier rows"):
        aims(value(*[warehouse(n) for n in range(250)]))[0].warehouses()


def test_a_bare_array_is_a_list_and_anything_else_is_not(aims):
    assert [found.name for found in aims(answer([warehouse(1)]))[0].warehouses()] == ["W1"]
    for strange in ({"rows": []}, {"value": "none"}, {"value": [5]}, None, "text"):
        with pytest.raises(Unavailable, match="JSON without a list `value`"):
            aims(answer(strange))[0].warehouses()


def test_a_path_that_does_not_exist_says_which_contract_entry_to_correct(aims):
    with pytest.raises(NotPossible, match=r"`path.divisions`, evidence A, A-01") as caught:
        aims(answer({"error": {"message": "nope"}}, 404))[0].codes("division")
    assert any("joorsync sites set us --contract FILE" in step for step in caught.value.fix)


# ---- rows ----------------------------------------------------------------------------------------------------------------------------


def test_property_names_match_in_any_case(aims):
    client, _ = aims(value({"CUSTOMERid": "c1", "CustomerAccount": "ACME1", "customername": "Acme", "STATUS": "No Shipment"}))
    found = client.customer("ACME1")
    assert (found.id, found.name, found.status) == ("c1", "Acme", "No Shipment")


def test_a_field_of_another_name_is_reported_with_the_names_that_are_there_and_can_be_set(aims):
    rows = value({"storeStoreID": "s1", "customerID": "c1", "store": "01"})
    with pytest.raises(NotPossible, match=r"no field 'customerStoreID' \(contract entry `store.id`, evidence A, A-04\)") as caught:
        aims(rows)[0].stores("c1")
    assert any("customerID, store, storeStoreID" in step for step in caught.value.fix)
    assert aims(rows, contract={"store.id": "storeStoreID"})[0].stores("c1")[0].id == "s1"


def test_code_tables_have_their_own_names_and_keep_disabled_rows(aims):
    client, remote = aims(value({"shipviaID": "1", "shipviaCode": "UPSG", "shipviaName": "UPS Ground", "shipviaEnabled": False}))
    (row,) = client.codes("ship_via")
    assert (row.id, row.code, row.name, row.enabled) == ("1", "UPSG", "UPS Ground", False)
    assert remote.requests[0].url.path == "/codes/v1.0/shipvias"


def test_style_colours_come_with_sizes_exact_prices_and_only_those_asked_for(aims):
    row = {
        "styleColorID": "sc1",
        "styleID": "s1",
        "style": "DR-1001",
        "color": "NAVY",
        "sizes": [{"sizeName": "S", "upc": "012345678905"}, {"sizeName": "M", "upc": ""}],
        "lastModifiedOn": "1899-12-30T00:00:00Z",
    }
    body = json.dumps({"value": [row, {**row, "styleColorID": "sc2", "color": "RED"}]}).replace(
        '"style":', '"wholesalePrice": 85.10, "style":'
    )
    client, remote = aims(httpx.Response(200, content=body.encode()))
    (found,) = client.style_colors("DR-1001", "NAVY")
    assert (found.id, found.wholesale_price, str(found.wholesale_price)) == ("sc1", Decimal("85.10"), "85.10")
    assert [(size.name, size.upc) for size in found.sizes] == [("S", "012345678905"), ("M", None)]
    assert found.last_modified is None
    assert remote.requests[0].url.params["$expand"] == "sizes"
    assert remote.requests[0].url.params["$filter"] == "style eq 'DR-1001' and color eq 'NAVY'"
    assert json.loads(json.dumps(found.raw))["wholesalePrice"] == "85.10"


PO = {
    "type": "Style",
    "purchaseOrderNo": "P1",
    "stylePOLines": [
        {
            "styleColorID": "sc1",
            "warehouseID": "w1",
            "inWarehouseDate": "2031-09-15",
            "xFactoryDate": "1899-12-30T00:00:00",
            "sizes": [{"sizeName": "S", "openQuantity": 10}, {"sizeName": "M", "openQuantity": 0}],
        },
        {"styleColorID": "sc1", "inWarehouseDate": "2031-08-01", "sizes": [{"sizeName": "S", "openQuantity": 4}]},
    ],
}
ALLOCATED = {
    "order": "100",
    "lineItems": [
        {
            "styleColorID": "sc1",
            "allocations": [
                {"wipReference": "P1", "sizeName": "S", "allocatedQuantity": 6},
                {"wipReference": "P2", "sizeName": "S", "allocatedQuantity": 99},
            ],
        }
    ],
}


def test_work_in_process_is_less_what_orders_have_allocated_the_earliest_line_first(aims):
    client, remote = aims(value(PO, {**PO, "purchaseOrderNo": "P9", "status": "Cancelled"}), value(ALLOCATED))
    first, second = client.wip()
    assert (first.open_quantity, first.allocated, first.in_warehouse_date, first.x_factory_date) == (10, 2, date(2031, 9, 15), None)
    assert (second.open_quantity, second.allocated, second.warehouse_id) == (4, 4, None)
    assert remote.requests[0].url.params["$filter"] == "type eq 'Style'"
    assert remote.requests[1].url.params["$filter"] == "lineItems/any(l: l/allocations/any(a: a/wipReference eq 'P1'))"
    assert len(remote.requests) == 2
    client, remote = aims(value(PO))
    assert [row.allocated for row in client.wip(with_allocations=False)] == [0, 0]
    assert len(remote.requests) == 1


def test_an_open_quantity_under_another_name_is_never_taken_for_zero(aims):
    line = {**PO["stylePOLines"][1], "sizes": [{"sizeName": "S", "openQty": 4}]}
    with pytest.raises(NotPossible, match=r"`wip.open_quantity`, evidence A, A-11"):
        list(aims(value({**PO, "stylePOLines": [line]}))[0].wip())


# ---- the token -----------------------------------------------------------------------------------------------------------------------


def test_a_refused_token_is_asked_for_again_once_by_password(aims):
    remote = Remote(answer({"ACCESS_token": "tok-1"}), answer({}, 403), answer({"access_token": "tok-2"}), value(warehouse(1)))
    client, _ = aims(remote, credentials=USER)
    assert len(client.warehouses()) == 1
    form = parse_qs(remote.requests[0].content.decode())
    assert form["grant_type"] == ["password"]
    assert form["username"] == ["api@brand.example"]
    assert [request.headers.get("authorization") for request in remote.requests] == [None, "Bearer tok-1", None, "Bearer tok-2"]


def test_a_static_token_that_is_refused_denies_access_and_says_what_to_set(aims):
    with pytest.raises(AccessDenied) as caught:
        aims(answer({"error": {"code": "AuthenticationFailed"}}, 403))[0].warehouses()
    assert "`joorsync sites set us --secret aims.token`" in caught.value.fix
    with pytest.raises(AccessDenied, match="refused the credentials"):
        aims(answer({"error": "invalid_grant"}, 400), credentials=USER)[0].warehouses()
    with pytest.raises(AccessDenied, match="no AIMS360 token"):
        aims(value(), credentials=AimsCredentials(username="only-a-name"))[0].warehouses()


def test_the_tenant_is_a_digest_of_address_and_user():
    assert tenant_of("https://a.example/", USER) == tenant_of("https://a.example", USER) != tenant_of("https://b.example", USER)
    assert "brand" not in tenant_of("https://a.example", USER)
    assert len(tenant_of("https://a.example", TOKEN)) == 16


# ---- stock ---------------------------------------------------------------------------------------------------------------------------

VIEW_ROW = {"Style": "D410", "Color": "NVY", "Size": "M", "Warehouse": "NJ", "UPC": "8400", "OnHand": 9, "OTS": -2}


class Aqua:
    """The jobs service: an export is done after `polls` polls."""

    def __init__(self, result: bytes | None, *, polls: int = 2, link: str = "https://remote.example/doc/1", **job: Any) -> None:
        self.result, self.polls, self.link, self.job = result, polls, link, job
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if request.method == "POST":
            return answer({"jobId": "j1", "jobStatus": "Queued", "publishLink": self.link})
        if request.url.path.startswith("/doc/"):
            return httpx.Response(200, content=self.result or b"")
        self.polls -= 1
        status = "InProgress" if self.polls >= 0 else "Completed"
        return value(
            {
                "jobID": "j1",
                "JobStatus": status,
                "publishLink": self.link,
                "responseType": "Publishlink",
                **(self.job if self.polls < 0 else {}),
            }
        )


def stock(aims, result: Any, *, settings: dict[str, Any] | None = None, **options: Any):
    body = result if isinstance(result, bytes) else json.dumps({"totalRecordCount": len(result), "data": result}).encode()
    clock = FrozenClock(NOW)
    client, _ = aims(Aqua(body, **options), clock=clock)
    return list(client.stock(InventorySettings(**(settings or {})))), clock


def test_stock_is_exported_waited_for_and_read_with_the_token_privately(aims):
    remote = Aqua(json.dumps({"totalRecordCount": 1, "data": [VIEW_ROW]}).encode())
    clock = FrozenClock(NOW)
    client, _ = aims(remote, clock=clock)
    (row,) = client.stock(InventorySettings())
    assert (row.style, row.color, row.size, row.warehouse, row.upc, row.on_hand, row.ots) == ("D410", "NVY", "M", "NJ", "8400", 9, -2)
    request = json.loads(remote.requests[0].content)
    assert request["exportDataSettings"] == {
        "source": "Warehouse Inventory Details by Size",
        "viewName": "Style/Inventory Items With OTS(i)",
    }
    assert request["publishLinkAccessScope"] == "Private"
    assert remote.requests[1].url.params["$filter"] == "jobId eq 'j1'"
    assert remote.requests[-1].headers["authorization"] == "Bearer eyJ-long-lived-token"
    assert 4 <= (clock.now() - NOW).total_seconds() <= 14


def test_csv_small_inline_results_and_loosely_spelled_columns_are_read(aims):
    csv_text = '\ufeffstyle,COLOR,size_name,Warehouse Name,OTS (i),On Hand\r\n"D410","NVY","M","N,J","1,204",\r\n'.encode()
    (row,), _ = stock(aims, csv_text)
    assert (row.warehouse, row.ots, row.on_hand) == ("N,J", 1204, 0)
    inline = json.dumps({"totalRecordCount": 1, "data": [VIEW_ROW]})
    (row,), _ = stock(aims, [], responseType="In-line JSON", response=inline)
    assert row.ots == -2


def test_a_missing_column_names_column_view_and_setting(aims):
    rows = [{key: item for key, item in VIEW_ROW.items() if key != "OTS"}]
    with pytest.raises(NotPossible, match=r"'Style/Inventory Items With OTS\(i\)' has no column 'OTS' or .* for `ots`") as caught:
        stock(aims, rows)
    assert caught.value.field == "ots"
    assert any("columns.ots=COLUMN" in step for step in caught.value.fix)
    (row,), _ = stock(
        aims,
        rows,
        settings={"arithmetic": "computed", "subtract_allocated": False, "subtract_pick_tickets": False, "subtract_open_orders": False},
    )
    assert row.ots is None
    with pytest.raises(NotPossible, match="for `allocated`"):
        stock(aims, rows, settings={"arithmetic": "computed"})
    with pytest.raises(NotPossible, match="'Free' for `ots`"):
        stock(aims, [VIEW_ROW], settings={"columns": {"ots": "Free"}})
    with pytest.raises(NotPossible, match="unknown fields: otz"):
        stock(aims, [VIEW_ROW], settings={"columns": {"otz": "Free"}})
    (row,), _ = stock(aims, [{**VIEW_ROW, "Free": "7"}], settings={"columns": {"ots": "free"}})
    assert row.ots == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [({"OTS": "many"}, "Row 2 .* holds 'many' in column 'OTS'"), ({"OTS": 1.5}, "'1.5'"), ({"Size": ""}, "nothing in column 'Size'")],
)
def test_a_bad_cell_names_its_row_and_column_and_nothing_is_given(aims, change, words):
    with pytest.raises(Rejected, match=words):
        stock(aims, [VIEW_ROW, {**VIEW_ROW, **change}])


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (b'{"totalRecordCount": 5, "data": [{"Style": "D410"}]}', "1 rows came of 5"),
        (b'{"totalRecordCount": 1, "data": [{"Sty', "cannot be read"),
        (b"<html>denied</html>", "a web page came"),
        (b"", "nothing came"),
        (b"Style,Color\r\nD410\r\n", "more or fewer columns"),
        (b'{"rows": []}', "JSON without a list `data`"),
    ],
)
def test_half_a_result_is_never_taken_for_the_stock(aims, result, words):
    with pytest.raises(Unavailable, match=words):
        stock(aims, result)


def test_a_failed_job_and_one_that_never_ends_are_told_apart(aims):
    with pytest.raises(Rejected, match="failed: view was deleted"):
        stock(aims, [], jobStatus="Failed", JobStatus="Failed", jobStatusText="view was deleted")
    with pytest.raises(Unavailable, match="still inprogress after 600 s"):
        stock(aims, [], polls=10_000)


def test_a_result_on_a_strange_host_is_not_fetched(aims):
    remote = Aqua(b"{}", link="https://elsewhere.example/doc/1")
    with pytest.raises(AccessDenied, match=r"elsewhere\.example, which is not an allowed host"):
        aims(remote)[0].stock(InventorySettings())
    assert all(request.url.host == "remote.example" for request in remote.requests)


def test_a_tenant_on_aims360_may_fetch_from_the_other_region(aims):
    client, _ = aims(value(), base_url="https://apiwest.aims360.rest")
    assert client.http.allows("https://apieast.aims360.rest/x")
    assert not client.http.allows("http://apieast.aims360.rest/x")
    assert not aims(value())[0].http.allows("https://apieast.aims360.rest/x")


def test_the_assumed_rest_source_gives_the_same_rows(aims):
    def serve(request: httpx.Request) -> httpx.Response:
        style = {"styleColorID": "sc1", "style": "D410", "color": "NVY", "sizes": [{"sizeName": "M", "upc": "8400"}]}
        inventory = {"styleColorID": "sc1", "warehouseID": "w1", "sizes": [{"sizeName": "M", "onHand": 9, "allocated": 1, "ots": -2}]}
        found = {"stylecolors": style, "warehouses": warehouse(1), "inventory": inventory}
        return value(found[request.url.path.rsplit("/", 1)[1].lower()])

    (row,) = aims(serve)[0].stock(InventorySettings(source="rest"))
    assert (row.style, row.size, row.warehouse, row.upc, row.on_hand, row.allocated, row.ots) == ("D410", "M", "W1", "8400", 9, 1, -2)
