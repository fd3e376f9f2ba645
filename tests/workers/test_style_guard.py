"""What open orders hold is asked for before it goes; cards get other identifiers only when a person said so."""

from pathlib import Path

import pytest

from models.errors import NeedsMapping, Unavailable
from models.ledgers import ManualTask
from models.settings import StyleSettings
from producers.styles import allow
from rules.style_guard import Removal
from tests.workers.style_hands import Bench, draft, line, raw_order
from workers.style_guard import OPEN_ORDERS, decide_rekey, decide_removals, open_orders, undecided

MEDIUM = ("D410", "NVY", "M", ())


@pytest.fixture
def bench(tmp_path: Path, sqlite_url: str) -> Bench:
    made = Bench(tmp_path).open(sqlite_url)
    made.card(draft())
    return made


def asks(bench: Bench, *removals: tuple[str, str | None, str | None, tuple[str, ...]]) -> NeedsMapping:
    with pytest.raises(NeedsMapping) as caught:
        decide_removals(bench.context(), removals or (MEDIUM,))
    return caught.value


def test_the_question_names_size_style_colour_and_every_order_with_its_status(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123))
    bench.joor.put(raw_order(7700130, status="pending"))
    bench.joor.put(raw_order(7700140, line(size="S")))
    error = asks(bench)
    assert error.summary == (
        "Size M of D410 in NVY is on 2 open orders: 7700123 (approved), 7700130 (pending). Taking it off JOOR removes it from them."
    )
    (missing,) = error.missing
    assert (missing.kind, missing.value) == ("decision", "remove:D410|NVY|M")
    assert 'joorsync styles allow remove "D410|NVY|M" --site us' in missing.fix
    assert "deactivate=go" in missing.fix


def test_notes_pending_approved_and_unexported_shipped_are_read_page_by_page(bench: Bench) -> None:
    for number in range(5):
        bench.joor.put(raw_order(7700100 + number, line(style="T200")))
    last = bench.joor.put(raw_order(7700199))
    assert last in asks(bench).summary
    assert [asked[:2] for asked in bench.joor.asked if asked[2] == 0] == list(OPEN_ORDERS)
    assert (6, 1, 4) in bench.joor.asked


@pytest.mark.parametrize(("status", "exported", "held"), [("notes", False, True), ("shipped", False, True), ("shipped", True, False)])
def test_a_shipped_order_counts_only_until_it_was_exported(bench: Bench, status: str, exported: bool, held: bool) -> None:
    bench.joor.put(raw_order(7700123, status=status), exported=exported)
    assert bool(undecided(bench.context(), [MEDIUM])) is held


@pytest.mark.parametrize(
    ("held", "removal"),
    [
        (True, ("D410", None, None, ())),
        (True, ("D410", "NVY", None, ())),
        (True, ("D410", None, "M", ())),
        (False, ("D410", "RED", "M", ())),
        (False, ("D410", "NVY", "L", ())),
        (True, ("OTHER", "X", "Y", ("12345678912",))),
        (False, ("OTHER", "X", "Y", ("99",))),
    ],
)
def test_a_line_holds_by_codes_or_by_upc(bench: Bench, held: bool, removal: tuple[str, str | None, str | None, tuple[str, ...]]) -> None:
    bench.joor.put(raw_order(7700123))
    assert bool(undecided(bench.context(), [removal])) is held


def test_without_an_identifier_the_style_number_speaks_and_the_card_of_one_colour_keeps_to_it(bench: Bench) -> None:
    bench.card(draft("T200-BLK", "T200", "BLK"), style="T200", color="BLK", joor_id="10")
    bench.card(draft("T200-RED", "T200", "RED"), style="T200", color="RED", joor_id="11")
    bench.joor.put(raw_order(7700123, line(style="T200", color="BLK", item_style_identifier="")))
    found = undecided(bench.context(), [("T200-BLK", None, None, ()), ("T200-RED", None, None, ())])
    assert list(found) == ["T200-BLK"]


def test_a_line_that_says_no_colour_may_be_any(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123, line(color="", item_upc="")))
    assert list(undecided(bench.context(), [MEDIUM])) == ["D410|NVY|M"]


def test_a_line_without_pieces_holds_nothing(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123, line(quantity=0)))
    assert undecided(bench.context(), [MEDIUM]) == {}


def test_an_order_that_cannot_be_read_counts_where_it_may_hold_it_and_says_why(bench: Bench) -> None:
    bench.joor.broken = [
        ({"order_id": 7700150, "line_items": [{"item_style_identifier": "D410"}]}, "item_quantity is empty"),
        ({"order_id": 7700151, "line_items": [{"item_style_identifier": "T200"}]}, "item_quantity is empty"),
        ({"value": None}, "not an object"),
    ]
    words = asks(bench).summary
    assert "may be on 2 open orders: 7700150 (cannot be read: item_quantity is empty)" in words
    assert "an order without a number (cannot be read: not an object)" in words
    assert "7700151" not in words


def test_one_reading_serves_a_whole_batch_and_every_removal_is_asked_for_by_itself(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123))
    error = asks(bench, MEDIUM, ("D410", "RED", None, ()), ("D410", None, None, ()))
    assert [missing.value for missing in error.missing] == ["remove:D410|NVY|M", "remove:D410"]
    assert "(and 1 more removals to decide)" in error.summary
    assert len(bench.joor.asked) == len(OPEN_ORDERS)


def test_go_asks_nobody_and_costs_no_call(bench: Bench) -> None:
    bench.styles = StyleSettings(deactivate="go")
    bench.joor.put(raw_order(7700123))
    decide_removals(bench.context(), [MEDIUM])
    assert bench.joor.asked == []


def test_nothing_to_remove_costs_no_call(bench: Bench) -> None:
    decide_removals(bench.context(), [])
    assert bench.joor.asked == []


def test_what_was_allowed_holds_for_those_orders_and_asks_again_for_a_further_one(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123))
    asks(bench)
    bench.act(allow, "remove", "D410|NVY|M", "anna")
    decide_removals(bench.context(), [MEDIUM])
    bench.joor.put(raw_order(7700124))
    assert "7700123 (approved), 7700124 (approved)" in asks(bench).summary
    assert bench.task("style_removal", "D410|NVY|M").done_at is None


def test_a_task_that_was_only_marked_as_done_allows_nothing(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123))
    asks(bench)
    with bench.sessions() as session:
        task = session.get_one(ManualTask, bench.task("style_removal", "D410|NVY|M").id)
        task.done_at, task.done_by = bench.clock.now(), "anna"
    asks(bench)


def test_a_question_closes_by_itself_when_no_open_order_holds_it_any_more(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123))
    asks(bench)
    bench.joor.orders.clear()
    decide_removals(bench.context(), [MEDIUM])
    assert bench.task("style_removal", "D410|NVY|M").done_by == "joorsync"


def test_an_order_list_that_does_not_move_on_is_a_failure_and_no_permission(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = bench.joor.orders_page

    def stuck(**given: int) -> object:
        page = real(**given)
        return type(page)(page.orders, page.broken, 0)

    monkeypatch.setattr(bench.joor, "orders_page", stuck)
    with pytest.raises(Unavailable, match="does not move on"):
        decide_removals(bench.context(), [MEDIUM])


def test_a_preview_lists_the_holders_without_asking_anybody(bench: Bench) -> None:
    bench.joor.put(raw_order(7700123))
    held = open_orders(bench.context(), [Removal("D410", "NVY", "M")])
    assert [holder.order_id for holder in held["D410|NVY|M"]] == ["7700123"]
    assert bench.all(ManualTask) == []


# ---- other identifiers ---------------------------------------------------------------------------------------------------------------


def rekey_asks(bench: Bench, old: list[str], new: list[str]) -> NeedsMapping:
    with pytest.raises(NeedsMapping) as caught:
        decide_rekey(bench.context(), "D410", old, new)
    return caught.value


def test_cards_get_other_identifiers_only_when_that_was_allowed(bench: Bench) -> None:
    error = rekey_asks(bench, ["D410"], ["D410-NVY", "D410-RED"])
    assert "D410 is on JOOR as D410 and would become D410-NVY, D410-RED" in error.summary
    assert error.missing[0].value == "rekey:D410"
    assert 'joorsync styles allow rekey "D410" --site us' in error.missing[0].fix
    bench.act(allow, "rekey", "D410", "anna")
    decide_rekey(bench.context(), "D410", ["D410"], ["D410-RED", "D410-NVY"])


def test_a_further_identifier_is_asked_for_again(bench: Bench) -> None:
    rekey_asks(bench, ["D410"], ["D410-NVY", "D410-RED"])
    bench.act(allow, "rekey", "D410", "anna")
    rekey_asks(bench, ["D410"], ["D410-NVY", "D410-RED", "D410-BLK"])


def test_the_same_identifiers_are_no_question_and_go_asks_nobody(bench: Bench) -> None:
    decide_rekey(bench.context(), "D410", ["B", "A"], ["A", "B"])
    bench.styles = StyleSettings(rekey="go")
    decide_rekey(bench.context(), "D410", ["D410"], ["D410-NVY"])
    assert bench.all(ManualTask) == []
