"""Whose error it is: v4 bulk answers judged per item."""

import time

import pytest

from clients.joor.v4_answers import SILENT, named, read_bulk, told

SENT = [
    {"product_identifier": "D-1", "external_id": "D"},
    {"product_identifier": "D-2", "external_id": "D"},
    {"product_identifier": "T-3", "external_id": "T"},
]
X = "BAD: x"


def read(data, sent=SENT):
    return read_bulk(data, sent, lambda row: named(row, "product_identifier", "external_id", "sku_id"), str)


def error(message: str = "x", **details: str) -> dict[str, object]:
    return {"status": "BAD", "message": message, "details": details}


@pytest.mark.parametrize(
    ("rows", "errors", "expected"),
    [
        # nothing refused
        ("D-1 D-2 T-3", [], [None, None, None]),
        ("", [], [None, None, None]),
        ("", None, [None, None, None]),
        # named by its details, whether or not `data` has it too
        ("D-1 D-2", [error(product_identifier="T-3")], [None, None, X]),
        ("D-1 D-2 T-3", [error(product_identifier="T-3")], [None, None, X]),
        ("D-1 T-3", [error(external_id="D")], [None, X, None]),  # D is of two, and one of them came back
        # named by its message
        ("D-1 D-2", [error("style 'T-3' is odd")], [None, None, "BAD: style 'T-3' is odd"]),
        ("D-1 D-2 T-3", [error("T-3 is odd")], [None, None, "BAD: T-3 is odd"]),
        # not named: of what is lacking, else of all
        ("D-1 T-3", [error()], [None, X, None]),
        ("D-1 T-3", [error("as in T-3")], [None, "BAD: as in T-3", None]),
        ("D-1", [error(), error("y")], [None, "BAD: x; BAD: y", "BAD: x; BAD: y"]),
        ("D-1 D-2 T-3", [error()], [X, X, X]),
        ("", [error()], [X, X, X]),
        ("", ["plain text"], ["plain text"] * 3),
        ("", "plain text", ["plain text"] * 3),
        # beside errors, silence is no success where others are confirmed
        ("D-1", [error(product_identifier="D-2")], [None, X, SILENT]),
        ("", [error(product_identifier="D-2")], [None, X, None]),
    ],
)
def test_an_error_belongs_to_what_it_names_else_to_what_is_lacking_else_to_all(rows, errors, expected):
    data = [{"id": f"id-{identifier}", "product_identifier": identifier} for identifier in rows.split()]
    assert read({"data": data, "errors": errors}).words == expected


def test_rows_are_matched_by_their_keys_in_whatever_order_they_come():
    rows = [{"id": "3", "product_identifier": "T-3"}, {"id": "?", "external_id": "D"}, {"id": "1", "product_identifier": "D-1"}, "odd"]
    found = read({"data": rows}).rows
    assert [row and row["id"] for row in found] == ["1", None, "3"]  # D is of two cards and tells nothing


def test_duplicated_is_told_apart_also_when_it_names_nothing():
    rows = [{"id": "1", "product_identifier": "D-1"}]
    twice = {"status": "DUPLICATED", "message": "exists", "details": {}}
    assert read({"data": rows, "errors": [twice, error()]}).duplicated == {1, 2}
    assert read(
        {"data": rows, "errors": [{**twice, "details": {"product_identifier": "T-3"}}, error(product_identifier="D-2")]}
    ).duplicated == {2}


def test_details_that_name_several_fields_mean_the_item_that_fits_all_of_them():
    sent = [{"sku_id": "s1", "place": "s1|usd"}, {"sku_id": "s1", "place": "s1|eur"}, {"sku_id": "s2", "place": "s2|usd"}]
    assert read({"data": [], "errors": [error(sku_id="s1", place="s1|eur")]}, sent).words == [None, X, None]
    assert read({"data": [], "errors": [error(sku_id="s1")]}, sent).words == [X, X, None]


def test_thousands_of_errors_are_read_in_linear_time_and_kept_short():
    sent = [{"external_id": f"ID-{number}"} for number in range(4000)]
    started = time.monotonic()
    found = read({"errors": [error(f"nameless {number}") for number in range(4000)]}, sent)
    assert found.words[7] == "BAD: nameless 0; BAD: nameless 1; BAD: nameless 2; and 3997 more"
    found = read({"errors": [error(f"SKU ID-{number}: bad", product="x") for number in range(4000)]}, sent)
    assert found.words[7] == "BAD: SKU ID-7: bad"
    assert time.monotonic() - started < 3


def test_words_about_many_items_of_a_card_are_one_text():
    items = [("NVY S", X), ("NVY M", X), ("RED S", "y"), ("RED M", X), ("BLK M", X)]
    assert told(items) == "BAD: x (NVY S, NVY M, RED M and 1 more); y (RED S)"
