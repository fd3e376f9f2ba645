"""A retailer of JOOR finds its AIMS360 customer by code; everything else only proposes, with a score and the reason."""

import random
import time

import pytest

from clients.joor.parse import parse_order
from rules.customer_likeness import domain_of
from rules.customer_matching import Account, CustomerMatcher, Matched, Proposed, Retailer, traits_of
from rules.order_references import customer_keys


def account(
    code: str, name: str = "", email: str = "", phone: str = "", postal: str | tuple[str, ...] = "", status: str = "Active"
) -> Account:
    codes = (postal,) if isinstance(postal, str) else postal
    return Account(code, name, status, traits_of(name, [email], [phone], codes))


def retailer(code: str = "", name: str = "", email: str = "", phone: str = "", postal: str = "") -> Retailer:
    return Retailer(code, name, postal, traits_of(name, [email], [phone], [postal]))


HARBOR = account("HARB", "Harbor & Pine, Inc.", "ada@harborpine.example", "+1 (207) 555-0142", "04101")
LUNA = account("LUNA", "Casa Luna", "casaluna@gmail.com", "212 555 0177", "10012-1234")
NORD = account("NORD", "Maison Nord", "buy@maisonnord.example", "33 1 55 55 01 99", "75003")
EVERYBODY = (HARBOR, LUNA, NORD)


def match(*retailers: Retailer, accounts: tuple[Account, ...] = EVERYBODY, taken: dict[str, str] | None = None) -> Matched:
    return CustomerMatcher(accounts, taken or {}).match(retailers)


def only(*retailers: Retailer, accounts: tuple[Account, ...] = EVERYBODY, taken: dict[str, str] | None = None) -> Proposed:
    found = match(*retailers, accounts=accounts, taken=taken)
    assert found.paired == ()
    (proposed,) = found.proposed
    return proposed


def test_an_equal_code_is_a_pair_whatever_the_name() -> None:
    found = match(retailer("HARB", "Something else"))
    assert [(pair.retailer.key, pair.account) for pair in found.paired] == [("HARB", "HARB")]
    assert found.proposed == ()


def test_a_code_that_differs_in_case_alone_is_for_a_person() -> None:
    found = only(retailer("harb", "Harbor & Pine"))
    assert (found.account, found.score, found.why) == ("HARB", 95, "the codes differ in case alone")


def test_an_account_that_is_on_joor_under_another_code_is_not_paired_a_second_time() -> None:
    found = only(retailer("HARB", "Harbor & Pine"), taken={"HARB": "C-1"})
    assert (found.account, found.score) == ("HARB", 60)
    assert "HARB is on JOOR as C-1 already" in found.why


def test_an_account_that_has_its_code_gives_way_to_a_better_one() -> None:
    twin = account("HARB2", "Harbor & Pines", "ada@harborpine.example")
    found = match(retailer("", "Harbor & Pines", "ada@harborpine.example"), accounts=(HARBOR, twin), taken={"HARB": "C-1"}).proposed
    assert [item.account for item in found] == ["HARB2"]


def test_the_key_without_a_code_is_the_one_that_orders_look_for() -> None:
    raw = {"order_id": "1", "line_items": "", "customer_name": " Harbor & Pine ", "billing_postal_code": "04101"}
    assert retailer("", "Harbor & Pine", postal="04101").key == customer_keys(parse_order(raw))[-1]


@pytest.mark.parametrize(
    ("given", "least", "most", "words"),
    [
        (retailer("", "Harbor and Pine", "ADA@HarborPine.example"), 94, 96, "same e-mail, same name"),
        (retailer("", "Harbor Pine Shop", "office@harborpine.example", postal="04101"), 85, 95, "same e-mail domain harborpine.example"),
        (retailer("", "", "office@harborpine.example", postal="04101"), 80, 82, "same postal code 04101"),
        (retailer("", "Harbour & Pine", postal="04101-2233"), 70, 80, "same postal code 04101"),
        (retailer("", "Harbor & Pine"), 60, 60, "same name"),
        (retailer("", "The Harbor & Pine LLC"), 60, 60, "same name"),
        (retailer("", "", phone="207.555.0142"), 70, 70, "same phone"),
        (retailer("", "Zzz", phone="5550142"), 55, 57, "same phone, but the names are only"),
    ],
)
def test_the_more_is_alike_the_higher_the_score(given: Retailer, least: int, most: int, words: str) -> None:
    found = only(given)
    assert found.account == "HARB"
    assert least <= found.score <= most
    assert words in found.why
    assert found.name == "Harbor & Pine, Inc."


def test_a_name_alone_is_never_above_sixty() -> None:
    assert only(retailer("", "Harbor & Pine, Inc.")).score == 60


def test_a_freemail_domain_says_nothing() -> None:
    found = only(retailer("", "Blue Door", "bluedoor@gmail.com"))
    assert (found.account, found.score, found.why) == ("", 0, "no AIMS360 customer is similar")


def test_another_area_code_is_another_phone() -> None:
    assert only(retailer("", "", phone="503 555 0142")).account == ""


@pytest.mark.parametrize("phone", ["000-0000", "111 1111", "555", ""])
def test_a_placeholder_is_no_phone(phone: str) -> None:
    assert only(retailer("", "", phone=phone), accounts=(account("A", phone=phone),)).account == ""


def test_an_email_of_several_customers_says_less() -> None:
    twins = (account("HQ", "Harbor HQ", "ada@harborpine.example"), account("STORE", "Pine Outlet", "ada@harborpine.example"))
    found = match(retailer("", "Harbor Pine Co", "ada@harborpine.example"), accounts=twins).proposed
    assert {item.account for item in found} == {"HQ", "STORE"}
    assert all("same e-mail as 2 customers" in item.why and item.score < 80 for item in found)


def test_a_postal_code_alone_is_a_whole_town() -> None:
    assert only(retailer("", "Quite another shop", postal="04101")).account == ""


def test_a_ship_to_counts_as_much_as_the_bill_to() -> None:
    chain = account("CHAIN", "Harbor Chain", postal=("99999", "04101"))
    assert "same postal code 04101" in only(retailer("", "Harbor Chain", postal="04101"), accounts=(chain,)).why


def test_a_code_that_aims360_does_not_have_is_said() -> None:
    found = only(retailer("X-9", "Blue Door"))
    assert (found.account, found.why) == ("", "AIMS360 has no customer X-9: none is similar")
    found = only(retailer("X-9", "Maison Nord", "buy@maisonnord.example"))
    assert found.account == "NORD"
    assert found.why.startswith("AIMS360 has no customer X-9: same e-mail, same name")


def test_a_closed_customer_is_proposed_and_said_to_be_closed() -> None:
    closed = account("OLD", "Old Shop", "old@oldshop.example", status="No Shipment")
    assert "OLD is No Shipment in AIMS360" in only(retailer("", "Old Shop", "old@oldshop.example"), accounts=(closed,)).why


def test_one_customer_proposed_for_two_retailers_is_said_in_both() -> None:
    first, second = retailer("X-1", "Harbor & Pine", postal="04101"), retailer("", "Harbor & Pine", postal="04102")
    whys = {item.retailer.key: item.why for item in match(first, second).proposed}
    assert "HARB is proposed for retailer:Harbor & Pine/04102, too" in whys["X-1"]
    assert "HARB is proposed for X-1, too" in whys["retailer:Harbor & Pine/04102"]


def test_two_retailers_that_orders_cannot_tell_apart_are_one_question() -> None:
    found = only(retailer("", "Harbor & Pine", postal="04101"), retailer("", "Harbor & Pine", "ada@harborpine.example", postal="04101"))
    assert "same e-mail" in found.why
    assert "2 retailers on JOOR have this name and postal code" in found.why


def test_without_a_postal_code_every_retailer_of_that_name_would_be_meant() -> None:
    assert "JOOR shows no postal code" in only(retailer("", "Harbor & Pine")).why


@pytest.mark.parametrize(("email", "domain"), [("a@b.example", "b.example"), ("@b.example", ""), ("a@b", ""), ("", ""), ("none", "")])
def test_what_is_no_address_has_no_domain(email: str, domain: str) -> None:
    assert domain_of(email) == domain


def test_at_most_three_are_proposed_the_best_first() -> None:
    many = tuple(account(f"C{number}", "Harbor Pine", postal="04101" if number == 4 else "") for number in range(6))
    found = match(retailer("", "Harbor Pine", postal="04101"), accounts=many).proposed
    assert [item.account for item in found] == ["C4", "C0", "C1"]


def test_twenty_thousand_by_twenty_thousand_is_quick() -> None:
    """Measured: under two seconds on one core; the limit leaves room for a busy machine."""
    dice = random.Random(1)  # made-up shops, no secrets
    words = ["".join(dice.choices("bcdfglmnprst", k=3)) + dice.choice("aeiou") + dice.choice("lnrst") for _ in range(5000)]
    common = ["boutique", "shop", "store", "fashion"]
    accounts, retailers = [], []
    for number in range(20_000):
        name = f"{dice.choice(words)} {dice.choice(words)} {dice.choice(common)}"
        email, phone = f"x{number}@{'gmail.com' if number % 2 else f'shop{number}.example'}", f"{dice.randrange(10**10):010}"
        postal = f"{dice.randrange(1, 9000):05}"
        accounts.append(account(f"C{number}", name, email, phone, postal))
        retailers.append(retailer(f"C{number}" if number % 4 == 0 else "", f"{name} inc", email, "" if number % 3 else phone, postal))
    began = time.perf_counter()
    found = CustomerMatcher(accounts, {}).match(retailers)
    assert time.perf_counter() - began < 20
    assert len(found.paired) == 5000
    best = {item.retailer.key: item for item in reversed(found.proposed)}
    right = {one.key: f"C{number}" for number, one in enumerate(retailers) if not one.code}
    assert sum(best[key].account == code for key, code in right.items()) == len(right)
