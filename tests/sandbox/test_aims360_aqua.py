"""Aqua exports of the pretend AIMS360: request, poll, download, rerun."""

import csv
import io
import re

import pytest

from sandbox.aims360_views import VIEWS
from tests.sandbox.aims_remote import OTS_VIEW, STOCK_VIEW, AimsRemote

LIST = "jobsmanagement/odata/v1.0/backgroundjob"
CLERK = "clerk@brand.example"


def test_an_export_answers_a_job_and_a_link_on_this_server(aims: AimsRemote) -> None:
    body = aims.export().json()
    assert set(body) == {"jobId", "jobStatus", "publishLink", "publishLinkAccessScope"}
    assert (body["jobStatus"], body["publishLinkAccessScope"]) == ("Queued", "Private")
    assert re.fullmatch(r"[0-9a-f-]{36}-\d{17}", body["jobId"])
    assert body["publishLink"].startswith(f"{aims.url}/documentmanagement/v1.0/aimsdocument/")
    assert [effect["key"] for effect in aims.effects("export_requested")] == [body["jobId"]]


def test_the_older_path_and_the_older_casing_work_too(aims: AimsRemote) -> None:
    body = {
        "exportType": "View",
        "exportDataSettings": {"Source": "Terms", "viewName": "All Terms"},
        "exportCriteriaVersion": "v1.0",
        "outputFormat": "json",
        "publishLinkAccessScope": "PRIVATE",
    }
    assert aims.post("reports/v1.0/exportdata", body).status_code == 200


def test_a_job_stays_unfinished_for_some_polls_and_its_two_forms_disagree_in_casing(aims: AimsRemote) -> None:
    job_id = aims.export().json()["jobId"]
    first = aims.job(job_id)
    assert (first["jobID"], first["jobStatus"]) == (job_id, "Queued")
    assert "jobId" not in first
    [second] = aims.query(LIST, f"jobId eq '{job_id}'")
    assert (second["jobId"], second["jobStatus"], second["canReRun"]) == (job_id, "Inprogress", "Yes")
    assert {"clientID", "DatabaseName", "requestURL", "purgeDateTime"} <= set(second)
    assert aims.job(job_id)["jobStatus"] == "Completed"


def test_the_single_form_says_in_progress_its_own_way(aims: AimsRemote) -> None:
    job_id = aims.export().json()["jobId"]
    assert [aims.job(job_id)["jobStatus"] for _ in range(3)] == ["Queued", "InProgress", "Completed"]


def test_the_number_of_polls_and_the_outcome_are_switches(aims: AimsRemote) -> None:
    aims.set(job_polls=0, job_outcome="Failed")
    started = aims.export().json()
    job = aims.job(started["jobId"])
    assert (job["jobStatus"], job["percentCompleted"]) == ("Failed", 100)
    assert aims.http.get(started["publishLink"], headers=aims.bearer()).status_code == 404


def test_nothing_can_be_downloaded_before_the_job_is_done(aims: AimsRemote) -> None:
    started = aims.export().json()
    assert aims.http.get(started["publishLink"], headers=aims.bearer()).status_code == 404
    aims.finish(started["jobId"])
    assert aims.http.get(started["publishLink"], headers=aims.bearer()).status_code == 200


def test_a_private_result_is_the_creating_operators_only(aims: AimsRemote) -> None:
    started = aims.export().json()
    aims.finish(started["jobId"])
    denied = aims.http.get(started["publishLink"], headers=aims.bearer(CLERK))
    assert (denied.status_code, denied.json()["error"]["message"]) == (403, "Access denied.")
    assert aims.http.get(started["publishLink"]).status_code == 401


def test_a_public_result_needs_no_token_and_an_organisations_any_operators(aims: AimsRemote) -> None:
    public = aims.export(publishLinkAccessScope="Public").json()
    aims.finish(public["jobId"])
    assert aims.http.get(public["publishLink"]).status_code == 200
    shared = aims.export(publishLinkAccessScope="PeopleInOrganization").json()
    aims.finish(shared["jobId"])
    assert aims.http.get(shared["publishLink"], headers=aims.bearer(CLERK)).status_code == 200
    assert aims.http.get(f"{shared['publishLink']}/guessed").status_code == 403


def test_a_rerun_refreshes_the_data_behind_the_same_link_once_it_is_done(aims: AimsRemote) -> None:
    started = aims.export(("Customers", "All Customers")).json()
    aims.finish(started["jobId"])
    aims.change("customers", account="FRESH", name="Fresh")

    def accounts() -> set[str]:
        body = aims.http.get(started["publishLink"], headers=aims.bearer()).json()
        return {row["CustomerAccount"] for row in body["data"]}

    again = aims.post(f"jobsmanagement/v1.0/backgroundjob/{started['jobId']}/rerun", {}).json()
    assert (again["jobId"], again["publishLink"], again["jobStatus"]) == (started["jobId"], started["publishLink"], "Queued")
    assert again["jobRunId"]
    assert "FRESH" not in accounts()  # still what the first run found
    aims.finish(started["jobId"])
    assert "FRESH" in accounts()
    assert len(aims.effects("export_rerun")) == 1


def test_a_purged_job_cannot_be_rerun_nor_read(aims: AimsRemote) -> None:
    started = aims.export().json()
    aims.finish(started["jobId"])
    aims.advance(seconds=31 * 86400)
    assert aims.post(f"jobsmanagement/v1.0/backgroundjob/{started['jobId']}/rerun", {}).status_code == 404
    assert aims.get(f"jobsmanagement/v1.0/backgroundjob/{started['jobId']}").status_code == 404
    assert aims.query(LIST, f"jobId eq '{started['jobId']}'") == []
    assert aims.http.get(started["publishLink"], headers=aims.bearer()).status_code == 404


def test_a_job_that_cannot_be_rerun_says_so(aims: AimsRemote) -> None:
    aims.set(job_can_rerun="No")
    job_id = aims.export().json()["jobId"]
    assert aims.job(job_id)["canReRun"] == "No"
    assert aims.post(f"jobsmanagement/v1.0/backgroundjob/{job_id}/rerun", {}).status_code == 400


def test_a_small_result_can_come_inside_the_job(aims: AimsRemote) -> None:
    aims.set(inline_rows=10, job_polls=0)
    job = aims.job(aims.export(("Terms", "All Terms")).json()["jobId"])
    assert job["responseType"] == "In-line JSON"
    assert '"totalRecordCount": 5' in job["response"]
    assert aims.job(aims.export().json()["jobId"])["responseType"] == "Publishlink"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("exportType", "Grid"),
        ("exportCriteriaVersion", "v9"),
        ("outputFormat", "PDF"),
        ("publishLinkAccessScope", "Everyone"),
        ("exportDataSettings", {"source": "Terms", "viewName": "No Such View"}),
    ],
)
def test_a_wrong_export_request_is_refused(aims: AimsRemote, member: str, value: object) -> None:
    assert aims.export(**{member: value}).status_code == 400
    assert aims.effects("export_requested") == []


def test_an_unknown_view_can_be_a_job_that_fails_instead(aims: AimsRemote) -> None:
    aims.set(unknown_view="failed")
    assert aims.finish(aims.export(("Terms", "No Such View")).json()["jobId"]) == "Failed"


@pytest.mark.parametrize(("source", "view"), [(source, view) for source, views in VIEWS.items() for view in views])
def test_every_system_view_can_be_exported(aims: AimsRemote, source: str, view: str) -> None:
    aims.set(job_polls=0)
    rows = aims.view((source, view))
    assert rows
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]*", column) for row in rows for column in row)


def test_the_stock_view_adds_up_to_the_state(aims: AimsRemote) -> None:
    keys = ("style", "color", "size", "warehouse")
    state = {tuple(row[key] for key in keys): row for row in aims.state("stock")}
    wanted: dict[tuple[str, ...], int] = {}
    for row in aims.state("open_orders"):
        key = tuple(row[key] for key in keys)
        wanted[key] = wanted.get(key, 0) + row["quantity"] - row["allocated"]
    rows = {(row["Style"], row["Color"], row["Size"], row["Warehouse"]): row for row in aims.view(OTS_VIEW)}
    assert set(rows) == set(state) | set(wanted)
    for key, row in rows.items():
        truth = state.get(key, {"on_hand": 0, "allocated": 0, "pick_tickets": 0, "upc": None})
        assert (row["OnHand"], row["Allocated"], row["PickTickets"]) == (truth["on_hand"], truth["allocated"], truth["pick_tickets"])
        assert row["OpenOrders"] == wanted.get(key, 0)
        assert row["OTS"] == max(0, row["OnHand"]) - row["Allocated"] - row["PickTickets"] - row["OpenOrders"]
    assert "OTS" not in aims.view(STOCK_VIEW)[0]


def test_the_purchase_order_view_shows_sizes_dates_and_what_is_promised(aims: AimsRemote) -> None:
    rows = aims.view(("Purchase Orders", "Open PO Line Details by Size"))
    assert any(row["InWarehouse"] == "1899-12-30" for row in rows)
    promised = sum(row["AllocatedQty"] for row in rows)
    assert promised == sum(row.allocated for row in aims.brand.open_orders if row.wip_reference)
    assert sum(row["OpenQty"] for row in rows) == sum(row["open"] for row in aims.state("wip") if row["status"] == "Open")


def test_columns_can_be_named_as_a_tenant_named_them(aims: AimsRemote) -> None:
    aims.set(aqua_columns={"OnHand": "QtyOnHand", STOCK_VIEW[0]: {"UPC": "Barcode", "Season": None}})
    row = aims.view(STOCK_VIEW)[0]
    assert {"QtyOnHand", "Barcode"} <= set(row)
    assert not {"OnHand", "UPC", "Season"} & set(row)
    assert "UPC" in aims.view(("Styles UPC", "All Styles"))[0]


def test_a_csv_export_has_a_header_row_and_the_same_data(aims: AimsRemote) -> None:
    started = aims.export(("Customers", "All Customers"), outputFormat="CSV").json()
    aims.finish(started["jobId"])
    answer = aims.http.get(started["publishLink"], headers=aims.bearer())
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"))))
    assert [row["CustomerName"] for row in rows] == [customer.name for customer in aims.brand.customers]
