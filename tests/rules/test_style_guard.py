"""Keys of what is taken off JOOR, and the question that names the orders."""

import pytest

from rules.style_guard import Holder, Removal, question, removal_of


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("D410", "D410"),
        ("D410|NVY", "Colour NVY of D410"),
        ("D410|NVY|M", "Size M of D410 in NVY"),
        ("D410||M", "Size M of D410"),
    ],
)
def test_a_key_says_the_same_both_ways(key: str, words: str) -> None:
    removal = removal_of(key)
    assert (removal.key, removal.words) == (key, words)


@pytest.mark.parametrize("key", ["", "|NVY", "D410|", "D410|NVY|", "D410||", "D410|NVY|M|X"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="is not IDENTIFIER"):
        removal_of(key)


def test_one_order_and_many_orders_in_words() -> None:
    assert question(Removal("D410"), [Holder("1", "notes")]) == "D410 is on 1 open order: 1 (notes). Taking it off JOOR removes it from it."
    many = question(Removal("D410"), [Holder(str(number), "notes") for number in range(1, 14)])
    assert "is on 13 open orders: 1 (notes), 2 (notes)" in many
    assert many.endswith("10 (notes) and 3 more. Taking it off JOOR removes it from them.")
