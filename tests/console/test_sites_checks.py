"""A site's settings are checked together: what they name must be stored, all that is amiss is said at once, and only a change for the worse
is refused."""

import pytest
from sqlmodel import select

from console.site_checks import users_of_pair
from models.mappings import MappingKind
from models.sites import Site
from tests.console.conftest import Said, Shell


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us", "--division", "WOM", "--division", "ACC")
    return shell


def change(shell: Shell, *options: str) -> Said:
    return shell("sites", "set", "us", *options)


def pair(shell: Shell, kind: str, joor: str, aims: str) -> None:
    assert shell("map", "set", kind, joor, "--aims", aims, "--site", "us").code == 0


def test_a_warehouse_rule_must_name_a_mapped_warehouse(us: Shell) -> None:
    said = change(us, "--order", "default_warehouse=LA")
    assert said.code == 2
    assert "order.default_warehouse = LA: no stored warehouse pair has it" in said.err
    assert 'joorsync map set warehouse "NAME ON JOOR" --aims "LA" --site us' in said.err
    assert us("sites", "show", "us", "--json").json["order"]["default_warehouse"] is None
    pair(us, "warehouse", "Los Angeles", "LA")
    assert change(us, "--order", "default_warehouse=la").code == 0


def test_an_ignored_warehouse_is_not_a_mapped_one(us: Shell) -> None:
    assert us("map", "set", "warehouse", "--aims", "LA", "--ignore", "--site", "us").code == 0
    assert change(us, "--order", "default_warehouse=LA").code == 2


def test_everything_that_does_not_fit_is_said_at_once(us: Shell) -> None:
    pair(us, "price-label", "US Dollars", "USD")
    said = change(
        us,
        *("--order", "default_warehouse=LA", "--order", "fixed_division=MEN", "--inventory", "divisions=WOM,KID"),
        *("--inventory", "columns.ots_now=OTS", "--customer", "fixed_price_labels=Euro", "--style", "currencies=USD,EUR"),
        *("--style", "base_currency=GBP"),
    )
    assert said.code == 2
    assert "7 settings do not fit" in said.err
    for words in (
        "order.default_warehouse = LA",
        "order.fixed_division = MEN: it is none of the site's divisions (ACC, WOM)",
        "inventory.divisions = KID",
        "inventory.columns = ots_now",
        "customer.fixed_price_labels = Euro",
        "style.currencies = EUR",
        "style.base_currency = GBP",
    ):
        assert words in said.err


def test_currencies_are_not_judged_before_a_price_label_is_mapped(us: Shell) -> None:
    assert change(us, "--style", "currencies=USD,EUR", "--style", "base_currency=USD").code == 0


def test_the_base_currency_does_not_matter_where_prices_come_from_price_levels(us: Shell) -> None:
    pair(us, "price-label", "Euro", "EUR/Wholesale")
    assert change(us, "--style", "base_currency=USD", "--style", "price_source=price_list", "--style", "currencies=EUR").code == 0


def test_a_division_that_a_setting_names_is_not_removed(us: Shell) -> None:
    assert change(us, "--order", "division_rule=fixed", "--order", "fixed_division=ACC").code == 0
    said = us("linesheets", "define", "F1", "--name", "Fall", "--rule-division", "ACC", "--site", "us")
    assert said.code == 0, said.err
    said = change(us, "--remove-division", "ACC")
    assert said.code == 2
    assert "order.fixed_division = ACC" in said.err
    assert "rule of linesheet F1, divisions = ACC" in said.err
    assert us("sites", "show", "us", "--json").json["divisions"] == ["ACC", "WOM"]


def test_what_is_amiss_already_is_put_right_step_by_step(us: Shell) -> None:
    with us.sessions() as session:  # as an earlier version let it be
        site = session.exec(select(Site)).one()
        site.order_settings = {"default_warehouse": "GONE", "fixed_division": "MEN"}
        session.add(site)
    assert change(us, "--order", "page_size=70").code == 0
    assert change(us, "--order", "fixed_division=WOM").code == 0
    assert change(us, "--order", "default_warehouse=ALSO GONE").code == 2, "another wrong name is new"
    assert change(us, "--order", "default_warehouse=none").code == 0


def test_who_removes_a_pair_is_told_which_settings_name_it(us: Shell) -> None:
    for kind, joor, aims in (("warehouse", "Los Angeles", "LA"), ("warehouse", "New York", "NY"), ("price-label", "US Dollars", "USD")):
        pair(us, kind, joor, aims)
    options = ("--order", "default_warehouse=LA", "--customer", "fixed_price_labels=US Dollars", "--style", "currencies=USD")
    assert change(us, *options).code == 0
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        assert users_of_pair(session, site, MappingKind.WAREHOUSE, "New York", "NY") == []
        assert users_of_pair(session, site, MappingKind.WAREHOUSE, "Los Angeles", "LA") == ["order.default_warehouse = LA"]
        found = users_of_pair(session, site, MappingKind.PRICE_LABEL, "US Dollars", "USD")
    assert found == ["customer.fixed_price_labels = US Dollars", "style.currencies = USD"]


# ---- schedule and groups -------------------------------------------------------------------------------------------------------------


def test_customers_reports_and_cron_lines_are_set_like_other_settings(us: Shell) -> None:
    said = change(
        us,
        *("--customer", "new=all", "--report", "recipients=anna@example.com,ben@example.com", "--schedule", "styles_cron=0 6 * * 1-5"),
        *("--schedule", "time_zone=Europe/Berlin", "--schedule", "quiet_hours=22:00-06:00", "--schedule", "off=images,linesheets"),
    )
    assert said.code == 0, said.err
    found = us("sites", "show", "us", "--json").json
    assert found["customer"]["new"] == "all"
    assert found["report"]["recipients"] == ["anna@example.com", "ben@example.com"]
    assert found["schedule"]["styles_cron"] == "0 6 * * 1-5"
    assert found["schedule"]["off"] == ["images", "linesheets"]
    assert found["next_due"]["images"] is None
    assert found["next_due"]["styles"][10:] in ("T04:00:00+00:00", "T05:00:00+00:00")
    assert "next_due:" in us("sites", "show", "us").out
    assert change(us, "--schedule", "off=").code == 0
    assert us("sites", "show", "us", "--json").json["schedule"]["off"] == []


def test_a_wrong_cron_line_is_refused_with_an_example(us: Shell) -> None:
    said = change(us, "--schedule", "styles_cron=6 o'clock")
    assert said.code == 2
    assert "0 6 * * 1-5" in said.err


def test_what_is_switched_off_cannot_be_asked_for(us: Shell) -> None:
    change(us, "--schedule", "off=styles", "--sandbox", "--joor-api", "https://apisandbox.jooraccess.com")
    said = us("enqueue", "styles", "--site", "us")
    assert said.code == 2
    assert "Styles are switched off for site us" in said.err
    assert 'joorsync sites set us --schedule "off="' in said.err
    assert us("enqueue", "styles", "--site", "us", "--dry-run").code == 0


def test_a_linesheet_is_defined_while_linesheets_are_off_and_joor_is_not_told(us: Shell) -> None:
    change(us, "--schedule", "off=linesheets")
    said = us("linesheets", "define", "F1", "--name", "Fall", "--site", "us")
    assert said.code == 0, said.err
    assert us("jobs", "--json").json == []
    assert us("linesheets", "--site", "us", "--json").json[0]["code"] == "F1"


def test_a_pair_that_a_setting_names_is_not_taken_away(shell: Shell) -> None:
    shell.add_site("us")
    assert shell("map", "set", "warehouse", "NJ", "--aims", "NJ DC", "--site", "us").code == 0
    assert shell("sites", "set", "us", "--order", "default_warehouse=NJ DC").code == 0
    said = shell("map", "remove", "warehouse", "NJ", "--site", "us")
    assert said.code == 2
    assert "order.default_warehouse = NJ DC" in said.err
    assert "NJ DC" in shell("map", "list", "warehouses", "--site", "us").out


def test_a_country_without_a_calendar_is_refused_when_it_is_set(shell: Shell) -> None:
    shell.add_site("us")
    said = shell("sites", "set", "us", "--customer", "holidays=XX")
    assert said.code == 2
    assert "no calendar of public holidays for 'XX'" in said.err
    assert shell("sites", "set", "us", "--customer", "holidays=DE").code == 0
