"""The generated brand's customers: on what terms they buy, which of them are awkward, and what JOOR begins with."""

from datetime import UTC, datetime

import httpx
import pytest

from sandbox.brand import Brand, Customer
from sandbox.stock import generate
from sandbox.stock_customer_terms import CASES
from sandbox.stock_customers import customers_of
from sandbox.stock_joor import empty_connections
from tests.sandbox.test_process import first_line, launch

NOW = datetime(2031, 3, 2, 12, tzinfo=UTC)
ACCOUNTS = ("us", "eu")


@pytest.fixture(scope="module")
def brand() -> Brand:
    return generate(7, styles=10, orders=0, now=NOW)


def case(brand: Brand, name: str) -> list[Customer]:
    return [customer for customer in brand.customers if customer.account in brand.customer_cases[name]]


def awkward(brand: Brand) -> set[str]:
    return {account for accounts in brand.customer_cases.values() for account in accounts}


def test_the_group_says_through_which_account_a_customer_buys_and_the_currency_is_that_accounts(brand: Brand) -> None:
    for key in ACCOUNTS:
        plain = [customer for customer in customers_of(brand, ACCOUNTS, key) if customer.account not in awkward(brand)]
        assert {customer.group for customer in customers_of(brand, ACCOUNTS, key)} == {key.upper()}
        assert {(customer.currency, customer.price_level) for customer in plain} == {(brand.accounts[key].currency, "Wholesale")}


def test_every_case_is_shown_once_in_each_account_by_an_active_customer(brand: Brand) -> None:
    assert brand.customer_cases.keys() == CASES.keys()
    for name in CASES:
        assert [customer.group for customer in case(brand, name)] == ["US", "EU"]
        assert {customer.status for customer in case(brand, name)} == {"Active"}


def test_the_cases_say_what_their_name_says(brand: Brand) -> None:
    price_types = {key.upper(): {row.currency for row in account.price_types} for key, account in brand.accounts.items()}
    reps = {rep.id: rep for rep in brand.sales_reps}
    assert [customer.currency for customer in case(brand, "second_currency")] == ["EUR", "GBP"]
    assert all(customer.currency not in price_types[customer.group] for customer in case(brand, "unmapped_currency"))
    assert {customer.currency for customer in case(brand, "unmapped_currency")} <= {row.code for row in brand.currencies if row.enabled}
    assert {customer.currency for customer in case(brand, "no_currency")} == {""}
    assert {customer.price_level for customer in case(brand, "other_price_level")} == {"Distributor"}
    assert {reps[customer.sales_rep_id or ""].code for customer in case(brand, "unmapped_sales_rep")} == {"RV"}
    assert not any(reps[customer.sales_rep_id or ""].enabled for customer in case(brand, "inactive_sales_rep"))
    assert {(customer.address1, customer.country_id) for customer in case(brand, "no_bill_to")} == {("", None)}


def test_an_account_too_small_shows_what_it_can() -> None:
    small = generate(7, styles=4, orders=0, customers=4, now=NOW)
    assert all(accounts == [] for accounts in small.customer_cases.values())
    lone = generate(7, styles=4, orders=0, customers=20, accounts=("jp",), now=NOW)
    assert lone.customer_cases["second_currency"] == []
    assert len(lone.customer_cases["unmapped_currency"]) == 1


def test_joor_knows_sales_reps_by_codes_of_its_own_and_not_all_of_them(brand: Brand) -> None:
    codes = {rep.code for rep in brand.sales_reps}
    for key, account in brand.accounts.items():
        pairs = brand.counterparts[f"{key}.sales_reps"]
        assert pairs.keys() == {code for code, _, _ in account.sales_reps}
        assert any(joor != aims for joor, aims in pairs.items())
        assert codes - set(pairs.values()) == {"RV", "OLD"}
        assert len({email for _, _, email in account.sales_reps}) == len(account.sales_reps)


def test_without_the_brands_connections_those_who_came_by_themselves_stay() -> None:
    started = generate(7, styles=4, orders=0, now=NOW)
    before = {key: [row for row in account.connections if not row["customer_code"]] for key, account in started.accounts.items()}
    assert all(len(account.connections) > len(before[key]) > 1 for key, account in started.accounts.items())
    empty_connections(started)
    assert {key: account.connections for key, account in started.accounts.items()} == before


def test_the_process_can_begin_without_connections_and_says_who_is_awkward() -> None:
    started = launch("--empty-connections", "--customers", "40")
    try:
        about = first_line(started)
        listed = httpx.get(f"{about['joor']}/_state", params={"what": "connections"}).json()["connections"]
    finally:
        started.kill()
        started.communicate(timeout=20)
    assert {row["customer_code"] for row in listed} == {""}
    brand = about["brand"]
    assert brand["customer_cases"].keys() == CASES.keys()
    assert {row["code"] for row in brand["sales_reps"]} == {"AL", "MK", "SO", "RV", "OLD"}
    assert brand["joor"]["us"]["sales_reps"][1] == {"code": "MILAN", "name": "Milan Kříž", "email": "milan@brand.example"}
    assert brand["counterparts"]["us.sales_reps"]["MILAN"] == "MK"
