"""JOOR cards find their AIMS360 style by code; a name alone only proposes."""

from collections.abc import Sequence

import pytest

from clients.aims360.types import SizeRow, StyleColor
from clients.joor.types import JoorSku, JoorStyleCard
from models.settings import StyleSettings
from rules.style_matching import BEST_NAME, AimsStyle, Matched, Matcher, Target, count_numbers

PER_STYLE, PER_COLOR = StyleSettings(), StyleSettings(card="style_color")


def aims(style: str, name: str = "", **colors: dict[str, str]) -> AimsStyle:
    """Colour code -> size -> UPC."""
    rows = [
        StyleColor(
            f"{style}-{color}", style, style, color, description=name, sizes=tuple(SizeRow(size, upc) for size, upc in sizes.items())
        )
        for color, sizes in (colors or {"NVY": {"S": "", "M": ""}}).items()
    ]
    return AimsStyle(style, tuple(rows))


def joor(identifier: str, number: str = "", name: str = "", *skus: tuple[str, str, str]) -> JoorStyleCard:
    return JoorStyleCard(f"id-{identifier or number}", identifier, number, name, tuple(JoorSku(c, c, size, upc) for c, size, upc in skus))


DRESS = aims("D410", "Orla Wrap Dress", NVY={"S": "111", "M": "112"}, RED={"S": "113"})
SKIRT = aims("S200", "Pleated Midi Skirt", BLK={"S": "211", "M": "212"})


def match(
    *cards: JoorStyleCard,
    styles: Sequence[AimsStyle] = (DRESS, SKIRT),
    settings: StyleSettings = PER_STYLE,
    taken: dict[Target, str] | None = None,
) -> Matched:
    return Matcher(styles, settings, count_numbers(cards), taken or {}).match(cards)


def sure(found: Matched) -> list[tuple[str, str, str]]:
    return [(pair.card.identifier or pair.card.number, pair.target.code, pair.by) for pair in found.paired]


def proposals(found: Matched) -> list[tuple[str, int]]:
    return [(item.target.code if item.target else "", item.score) for item in found.proposed]


def test_by_identifier() -> None:
    assert sure(match(joor("D410", name="whatever"))) == [("D410", "D410", "identifier")]


def test_by_identifier_of_style_and_colour() -> None:
    assert sure(match(joor("D410-RED"), settings=PER_COLOR)) == [("D410-RED", "D410|RED", "identifier")]


def test_by_a_style_number_that_is_unique_on_both_sides() -> None:
    assert sure(match(joor("hand-1", "D410"))) == [("hand-1", "D410", "style number")]


def test_a_style_number_on_two_cards_pairs_neither() -> None:
    found = match(joor("hand-1", "D410", "Orla Wrap Dress"), joor("hand-2", "D410", "Orla Wrap Dress"))
    assert sure(found) == []
    assert {item.target for item in found.proposed} == {Target("D410")}


def test_two_cards_of_one_number_that_have_one_colour_each_are_those_colours() -> None:
    found = match(joor("hand-1", "D410", "", ("NVY", "S", "")), joor("hand-2", "D410", "", ("RED", "S", "")))
    assert sure(found) == [("hand-1", "D410|NVY", "style number"), ("hand-2", "D410|RED", "style number")]


def test_by_upc_when_all_known_ones_lie_in_one_style() -> None:
    found = match(joor("hand-1", "X", "", ("NVY", "S", "111"), ("RED", "S", "0113"), ("RED", "M", "")))
    assert sure(found) == [("hand-1", "D410", "UPC")]


def test_upcs_of_one_colour_are_that_colour_where_cards_are_per_colour() -> None:
    found = match(joor("hand-1", "X", "", ("N", "S", "111"), ("N", "M", "112")), settings=PER_COLOR)
    assert sure(found) == [("hand-1", "D410|NVY", "UPC")]


def test_upcs_of_two_styles_are_a_doubt_with_words() -> None:
    found = match(joor("hand-1", "X", "", ("NVY", "S", "111"), ("BLK", "S", "211")))
    assert sure(found) == []
    assert found.proposed[0].why == "UPC says D410|NVY or S200|BLK"


def test_one_known_upc_of_many_is_no_proof() -> None:
    found = match(joor("hand-1", "X", "", ("NVY", "S", "111"), ("NVY", "M", "998"), ("NVY", "L", "999")))
    assert sure(found) == []


def test_identifier_and_upc_that_disagree_are_proposals_and_no_pair() -> None:
    found = match(joor("D410", "", "", ("BLK", "S", "211"), ("BLK", "M", "212")))
    assert sure(found) == []
    assert [item.target for item in found.proposed] == [Target("D410"), Target("S200")]
    assert found.proposed[0].why == "identifier says D410, UPC says S200"


def test_identifier_and_style_number_that_disagree_are_proposals() -> None:
    found = match(joor("D410", "S200"))
    assert sure(found) == []
    assert found.proposed[0].why == "identifier says D410, style number says S200"


@pytest.mark.parametrize("name", ["Orla Wrap Dress", "orla wrap-dress", "Wrap Dress Orla"])
def test_the_same_name_alone_is_never_a_pair(name: str) -> None:
    found = match(joor("hand-1", "900", name))
    assert sure(found) == []
    ((code, score),) = proposals(found)
    assert code == "D410"
    assert 50 < score <= BEST_NAME
    assert found.proposed[0].name == "Orla Wrap Dress"


def test_shared_colours_and_sizes_raise_the_score() -> None:
    with_ours = match(joor("hand-1", "900", "Orla Wrap Dress", ("NVY", "S", ""), ("RED", "M", "")))
    without = match(joor("hand-1", "900", "Orla Wrap Dress", ("PINK", "38", "")))
    assert with_ours.proposed[0].score > without.proposed[0].score
    assert "100% of its colours and 100% of its sizes are there" in with_ours.proposed[0].why


def test_at_most_three_are_proposed_best_first() -> None:
    styles = [aims(f"D{number}", f"Orla Wrap Dress {'x' * number}") for number in range(6)]
    found = match(joor("hand-1", "900", "Orla Wrap Dress"), styles=styles)
    scores = [item.score for item in found.proposed]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert found.proposed[0].target == Target("D0")


def test_a_mistyped_style_number_is_proposed() -> None:
    found = match(joor("hand-1", "D-410", "something else"))
    assert found.proposed[0].target == Target("D410")
    assert "style numbers are" in found.proposed[0].why


def test_nothing_similar_is_said() -> None:
    found = match(joor("hand-1", "900", "Zebra"))
    assert [(item.target, item.score, item.why) for item in found.proposed] == [(None, 0, "nothing similar was found in AIMS360")]


def test_of_two_cards_for_one_style_the_one_with_its_identifier_is_it() -> None:
    found = match(joor("D410", "A"), joor("hand-1", "D410"))
    assert sure(found) == [("D410", "D410", "identifier")]
    assert found.proposed[0].why == "D410 by style number, but so is D410"


def test_of_two_cards_that_are_equally_sure_neither_is_taken() -> None:
    found = match(joor("h1", "A", "", ("NVY", "S", "111")), joor("h2", "B", "", ("NVY", "M", "112")))
    assert sure(found) == []
    assert len(found.proposed) == 2


def test_a_style_that_has_a_card_keeps_it() -> None:
    found = match(joor("hand-1", "D410"), taken={Target("D410"): "D410-OLD"})
    assert sure(found) == []
    assert found.proposed[0].why == "style number: D410, which is on JOOR as D410-OLD already"


def test_a_colour_is_free_beside_the_card_of_another_colour() -> None:
    found = match(joor("D410-RED"), settings=PER_COLOR, taken={Target("D410", "NVY"): "D410-NVY"})
    assert sure(found) == [("D410-RED", "D410|RED", "identifier")]


def test_codes_are_taken_to_the_letter() -> None:
    assert sure(match(joor("d410", "d410"))) == []
