"""Equal codes are pairs, equal names are proposals; what is not unique, or switched off, is neither."""

from collections.abc import Sequence

import pytest

from models.mappings import MappingKind
from rules.code_matching import AimsSide, CodesMatched, JoorSide, match_codes

TERMS = [AimsSide("N30", "Net 30"), AimsSide("NET60", "Net 60"), AimsSide("COD", "Cash on delivery", enabled=False)]


def match(
    *joor: JoorSide, kind: MappingKind = MappingKind.TERM, aims: Sequence[AimsSide] = TERMS, joor_paired: str = "", aims_paired: str = ""
) -> CodesMatched:
    return match_codes(kind, joor, aims, set(joor_paired.split()), set(aims_paired.split()))


def pairs(found: CodesMatched) -> list[tuple[str, str]]:
    return [(pair.joor.code, pair.aims.code) for pair in found.pairs]


def proposals(found: CodesMatched) -> list[tuple[str, str, int]]:
    return [(pair.joor.code, pair.aims.code, pair.score) for pair in found.proposals]


def test_equal_codes_are_paired() -> None:
    found = match(JoorSide("N30", "Netto 30"), JoorSide("N90", "Net 90"))
    assert (pairs(found), proposals(found)) == ([("N30", "N30")], [])


def test_what_has_a_pair_is_passed_over() -> None:
    assert match(JoorSide("N30", "Net 60"), joor_paired="N30") == CodesMatched((), ())


def test_equal_names_are_only_proposed_in_any_case_and_spacing() -> None:
    found = match(JoorSide("60D", "NET  60 "))
    assert (pairs(found), proposals(found)) == ([], [("60D", "NET60", 100)])
    assert found.proposals[0].why == "equal names: 'Net 60'"


def test_names_that_are_not_unique_on_either_side_are_not_proposed() -> None:
    assert proposals(match(JoorSide("60D", "Net 60"), JoorSide("60E", "net 60"))) == []
    assert proposals(match(JoorSide("60D", "Net 60"), aims=[AimsSide("A", "Net 60"), AimsSide("B", "Net 60")])) == []


def test_what_aims360_has_switched_off_is_no_target() -> None:
    assert match(JoorSide("COD", "Cash on delivery")) == CodesMatched((), ())


def test_codes_that_differ_in_case_alone_are_proposed() -> None:
    assert proposals(match(JoorSide("net60", "sixty days"))) == [("net60", "NET60", 95)]


def test_a_name_without_a_code_is_never_paired_by_itself() -> None:
    found = match(JoorSide("N30", "N30", nameless_code=True))
    assert (pairs(found), proposals(found)) == ([], [("N30", "N30", 95)])
    assert proposals(match(JoorSide("Net 30", "Net 30", nameless_code=True))) == [("Net 30", "N30", 100)]


def test_a_warehouse_is_known_by_its_name() -> None:
    aims = [AimsSide("NJ", "NJ"), AimsSide("LA", "LA")]
    found = match(JoorSide("NJ", "NJ", nameless_code=True), JoorSide("2", "la"), kind=MappingKind.WAREHOUSE, aims=aims)
    assert (pairs(found), proposals(found)) == ([("NJ", "NJ")], [("2", "LA", 100)])


def test_an_aims360_warehouse_belongs_to_one_of_joor() -> None:
    found = match(JoorSide("NJ", "NJ"), kind=MappingKind.WAREHOUSE, aims=[AimsSide("NJ", "NJ")], aims_paired="NJ")
    assert found == CodesMatched((), ())


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([("US Dollars", "USD"), ("Euro", "EUR")], [("US Dollars", "USD", 90)]),
        ([("US Dollars", "USD"), ("Outlet", "USD")], []),
        ([("Wholesale", "")], []),
    ],
)
def test_the_one_label_of_a_currency_is_proposed(labels: list[tuple[str, str]], expected: list[tuple[str, str, int]]) -> None:
    found = match(*(JoorSide(*label) for label in labels), kind=MappingKind.PRICE_LABEL, aims=[AimsSide("USD", "US Dollar")])
    assert (pairs(found), proposals(found)) == ([], expected)


def test_a_second_label_counts_even_when_it_is_paired() -> None:
    labels = (JoorSide("US Dollars", "USD"), JoorSide("Outlet", "USD"))
    assert match(*labels, kind=MappingKind.PRICE_LABEL, aims=[AimsSide("USD")], joor_paired="Outlet") == CodesMatched((), ())
