"""`check --contract`: each assumed entry against rows that hold, differ, are empty, or are not there at all."""

import tomllib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clients.aims360.client import AimsClient
from clients.aims360.contract import Contract
from models.errors import Rejected, SyncError, Unavailable
from models.jobs import DataType
from models.settings import CustomerSettings, InventorySettings, OrderSettings, Schedule, StyleSettings
from workers import check_needs
from workers.check_contract import aims_verdicts
from workers.check_verdict import Verdict, field_verdict, snippet
from workers.sync import SiteView

US = SiteView(1, "us", "US", "tenant", ("01",), OrderSettings(), InventorySettings(), StyleSettings(), Schedule())
TERMS = [{"termID": "t1", "termCode": "N30", "termName": "Net 30"}, {"termID": "t2", "termCode": "COD", "termName": None}]


class Tenant:
    """An AIMS360 that serves these lists, and an empty one for every other path. An exception in their place is raised."""

    def __init__(self, contract: Contract | None = None, **lists: Any) -> None:
        self.contract = contract or Contract()
        self.lists = lists
        self.asked: list[tuple[str, str]] = []

    def probe(self, path_key: str, *, expand: str = "") -> list[dict[str, Any]] | None:
        self.asked.append((path_key, expand))
        found = self.lists.get(path_key.removeprefix("path."), [])
        if isinstance(found, SyncError):
            raise found
        if expand and isinstance(found, SimpleNamespace):
            raise Rejected("AIMS360, probing: HTTP 400")
        return found.rows if isinstance(found, SimpleNamespace) else found


def verdicts(tenant: Tenant) -> dict[str, Verdict]:
    return {found.key: found for found in aims_verdicts(cast(AimsClient, tenant), US)}


def test_names_that_are_there_hold_and_say_how_many_rows_had_a_value() -> None:
    found = verdicts(Tenant(terms=TERMS))
    assert (found["term.code"].verdict, found["term.code"].words) == ("holds", "2 of 2 row(s) have a value")
    assert (found["term.name"].verdict, found["term.name"].words) == ("holds", "1 of 2 row(s) have a value")
    assert (found["path.terms"].verdict, found["path.terms"].words) == ("holds", "read 2 row(s)")


def test_names_are_compared_without_regard_to_case() -> None:
    assert verdicts(Tenant(terms=[{"TERMID": "t1", "termcode": "N30"}]))["term.code"].verdict == "holds"


def test_a_path_that_is_not_there_is_missing_and_its_fields_are_not_probed() -> None:
    found = verdicts(Tenant(terms=None))
    assert (found["path.terms"].verdict, found["path.terms"].toml) == ("missing", '[aims360.path]\nterms = "..."')
    assert (found["term.code"].verdict, found["term.code"].words) == ("not probed", "its list `path.terms` is missing")
    assert found["term.code"].toml == ""


def test_a_name_that_is_not_there_differs_with_the_names_that_are_and_the_closest_one() -> None:
    rows = [{"termID": "t1", "termsCode": "N30", "termName": "Net 30"}]
    found = verdicts(Tenant(terms=rows))["term.code"]
    assert (found.verdict, found.right) == ("differs", "termsCode")
    assert found.toml == '[aims360.term]\ncode = "termsCode"'
    assert "there are: termID, termsCode, termName" in found.words


def test_a_name_that_another_entry_stands_for_is_not_proposed() -> None:
    found = verdicts(Tenant(terms=[{"termID": "t1", "termCode": "N30"}]))["term.name"]
    assert (found.verdict, found.right, found.toml) == ("differs", "", '[aims360.term]\nname = "..."')


def test_an_empty_list_proves_the_path_and_none_of_its_fields() -> None:
    found = verdicts(Tenant())
    assert found["path.terms"].verdict == "holds"
    assert (found["term.code"].verdict, found["term.code"].words) == ("not probed", "the list is empty (`path.terms`)")


def test_fields_inside_lines_and_sizes_are_looked_for_there() -> None:
    size = {"sizeName": "M", "openQty": 4}
    order = {"purchaseOrderNo": "P1", "type": "Style", "stylePOLines": [{"styleColorID": "c1", "sizes": [size]}]}
    found = verdicts(Tenant(purchase_orders=[order]))
    assert found["wip.style_color_id"].verdict == found["wip.size_name"].verdict == "holds"
    assert (found["wip.open_quantity"].verdict, found["wip.open_quantity"].right) == ("differs", "openQty")
    assert found["wip.in_warehouse_date"].verdict == "differs"


def test_lists_inside_rows_are_asked_for_by_expand() -> None:
    tenant = Tenant()
    verdicts(tenant)
    asked = dict(tenant.asked)
    assert asked["path.style_colors"] == "sizes"
    assert asked["path.purchase_orders"] == "stylePOLines"
    assert asked["path.orders"] == "lineItems($expand=allocations)"


def test_a_refused_expand_leaves_the_rows_themselves_provable() -> None:
    rows = SimpleNamespace(rows=[{"order": "1", "customerAccount": "HARB", "entered": "2031-03-03", "thirdPartyOrderID": "x"}])
    found = verdicts(Tenant(orders=rows))
    assert found["order_row.third_party_order_id"].verdict == "holds"
    assert found["allocation.quantity"].words == "no row has anything in `allocation.lines` (lineItems)"


def test_what_only_writing_shows_is_not_probed_and_says_so() -> None:
    found = verdicts(Tenant())
    assert "it writes" in found["path.customer_create"].words
    assert "it writes" in found["order.store_id"].words
    assert found["images.category"].words == "an option"
    assert "enqueue inventory --dry-run" in found["aqua_stock.size"].words


def test_every_assumed_entry_gets_a_verdict() -> None:
    assumed = {entry.key for entry in Contract.entries if entry.assumed}
    assert assumed <= verdicts(Tenant()).keys()


def test_a_field_with_evidence_is_told_when_it_proves_wrong_and_only_then() -> None:
    assert "currency.code" not in verdicts(
        Tenant(currencies=[{"currencyID": "1", "currencyCode": "USD", "currencyName": "", "currencyEnabled": True}])
    )
    wrong = verdicts(Tenant(currencies=[{"currencyID": "1", "currencyISO": "USD"}]))["currency.code"]
    assert (wrong.verdict, wrong.grade) == ("differs", "C")


def test_a_value_of_the_sites_own_is_held_against_the_rows() -> None:
    own = Contract({"term.code": "code"})
    assert verdicts(Tenant(own, terms=TERMS))["term.code"].right == "termCode"


def test_a_path_that_the_site_has_emptied_is_no_missing_one() -> None:
    found = verdicts(Tenant(Contract({"path.prices": ""}), prices=None))
    assert (found["path.prices"].verdict, found["price.currency"].verdict) == ("not probed", "not probed")
    assert found["path.prices"].words == "`path.prices` is empty: the site does without it"


def test_a_tenant_that_does_not_answer_is_asked_once() -> None:
    gone = Unavailable("AIMS360, probing: no answer")
    tenant = Tenant(currencies=gone)
    found = verdicts(tenant)
    assert len(tenant.asked) == 1
    assert found["term.code"].words == "AIMS360, probing: no answer"


@pytest.mark.parametrize(
    ("key", "site", "needed"),
    [
        ("term.code", US, ("orders", "customers")),
        ("term.code", replace(US, schedule=Schedule(off=["customers", "orders"])), ()),
        ("discount_reason.code", US, ()),
        ("price.currency", US, ()),
        ("price.currency", replace(US, styles=StyleSettings(price_source="price_list")), ("styles",)),
        ("wip.size_name", US, ("inventory",)),
        ("wip.size_name", replace(US, inventory=InventorySettings(future=False)), ()),
        ("inventory.on_hand", US, ()),
        ("inventory.on_hand", replace(US, inventory=InventorySettings(source="rest")), ("inventory",)),
        ("customer.term_id", replace(US, customers=CustomerSettings(terms=False)), ()),
    ],
)
def test_an_entry_is_needed_by_the_data_types_that_use_it_as_the_site_is_set_up(key: str, site: SiteView, needed: tuple[str, ...]) -> None:
    assert check_needs.needed_by("aims360", key, site) == needed


def test_needs_name_entries_there_are() -> None:
    assert check_needs._NEEDED.keys() <= {entry.key for entry in Contract.entries}
    assert {kind for types in check_needs._NEEDED.values() for kind in types} <= set(DataType)


def test_the_snippet_is_a_contract_file_with_the_sites_own_entries_and_the_corrections() -> None:
    own = Contract({"season.code": "seasonNo", "term.code": "code"})
    wrong = [
        field_verdict(own, "term.code", TERMS, ["termID", "termName"]),
        Verdict("aims360", "path.stores", "/customers/v1.0/stores", "A", "A-04", "missing", "AIMS360 has no such path (404)"),
    ]
    text = snippet(wrong, {"aims360": {"season.code": "seasonNo", "term.code": "code"}, "joor": {"path.orders": "/v2/order/"}})
    parsed = tomllib.loads(text)
    assert Contract.load(parsed)["term.code"] == "termCode"
    assert Contract.load(parsed)["season.code"] == "seasonNo"
    assert parsed["joor"]["path"] == {"orders": "/v2/order/"}
    assert '# stores = "..."' in text, "nobody knows it: a comment, which changes nothing"
    assert "stores" not in parsed["aims360"]["path"]
    assert snippet([], {"aims360": {"season.code": "seasonNo"}}) == ""
