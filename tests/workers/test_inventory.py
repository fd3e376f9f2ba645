"""Inventory from AIMS360 to JOOR: scan and push against pretend remote systems and a real database (SQLite and PostgreSQL)."""

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.catalogue import StyleCard
from models.errors import NeedsMapping, NotPossible, Rejected, Synced, Unavailable, Unchanged, Waiting, WaitUntil
from models.jobs import JobKind
from models.ledgers import ManualTask
from models.mappings import Mapping
from tests.workers.inventory_world import NOW, OCT_1, SEP_15, Killed, World, view
from workers import inventory_push, inventory_scan


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    made.aims.put("D410", "S", 5, upc="801")
    made.aims.put("D410", "M", 7, upc="802")
    made.aims.put("D411", "M", 9)
    made.aims.put("D411", "M", 4, warehouse="LOS ANGELES")
    yield made
    made.close()


@pytest.fixture
def synced(world: World) -> World:
    """JOOR has everything, and nobody looks at how it got there."""
    world.sync()
    world.joor.calls.clear()
    world.aims.calls.clear()
    world.writes = 0
    return world


FIRST = {
    ("NJ", "801", "IMMEDIATE"): 5,
    ("NJ", "802", "IMMEDIATE"): 7,
    ("NJ", "D411|D411|NVY|M", "IMMEDIATE"): 9,
    ("LA", "D411|D411|NVY|M", "IMMEDIATE"): 4,
}


# ---- the plain way -----------------------------------------------------------------------------------------------------------------------


def test_the_first_sync_tells_joor_everything(world: World) -> None:
    scanned, pushed = world.sync()
    assert isinstance(scanned, Synced)
    assert isinstance(pushed, Synced)
    assert world.joor.buckets == FIRST
    assert pushed.counts == {"positions": 4, "sent": 4, "unchanged": 0, "refused": 0, "batches": 1}
    assert world.ledger()["NJ", "802", "IMMEDIATE"].explain["steps"] == ["NEW JERSEY: open to sell 7"]  # type: ignore[index]


def test_a_second_scan_with_nothing_changed_writes_nothing_and_asks_for_no_push(synced: World) -> None:
    outcomes = synced.sync()
    assert [type(outcome) for outcome in outcomes] == [Unchanged]
    assert synced.writes == 0
    assert synced.joor.calls == []


def test_only_what_differs_is_told_again(synced: World) -> None:
    synced.aims.put("D410", "M", 6)
    synced.sync()
    assert synced.joor.told == [("802", 6)]


def test_what_aims360_no_longer_has_is_told_as_zero_once(synced: World) -> None:
    del synced.aims.numbers["D410", "NVY", "S", "NEW JERSEY"]
    synced.sync()
    assert synced.joor.told == [("801", 0)]
    assert synced.ledger()["NJ", "801", "IMMEDIATE"].vanished
    synced.sync()
    assert len(synced.joor.calls) == 1


def test_a_sku_that_comes_back_is_told_again(synced: World) -> None:
    del synced.aims.numbers["D410", "NVY", "S", "NEW JERSEY"]
    synced.sync()
    synced.aims.put("D410", "S", 5)
    synced.sync()
    assert synced.joor.buckets == FIRST


def test_a_new_sku_without_stock_is_told_as_zero_because_joor_may_sell_what_it_has_no_number_for(synced: World) -> None:
    synced.aims.put("D410", "L", 0, upc="803")
    synced.sync()
    assert synced.joor.told == [("803", 0)]


def test_named_styles_touch_only_their_own_positions(synced: World) -> None:
    synced.aims.put("D410", "M", 1)
    synced.aims.put("D411", "M", 1)
    del synced.aims.numbers["D410", "NVY", "S", "NEW JERSEY"]
    synced.sync(keys=["D410"])
    assert sorted(synced.joor.told) == [("801", 0), ("802", 1)]
    assert "all_style_colors" not in synced.aims.calls
    assert synced.wanted()["NJ", "D411|D411|NVY|M", "IMMEDIATE"] == 9


def test_batches_are_filled_to_the_size_of_the_settings(world: World) -> None:
    world.settings = world.settings.model_copy(update={"batch_size": 3})
    world.sync()
    assert [len(call) for call in world.joor.calls] == [3, 1]
    assert world.joor.buckets == FIRST


def test_a_sku_without_upc_is_named_by_style_identifier_colour_and_size(world: World) -> None:
    world.sync()
    (item,) = [item for call in world.joor.calls for item in call if item.warehouse == "LA"]
    assert (item.upc, item.style_number, item.style_identifier, item.color_code, item.size) == (None, "D411", "D411", "NVY", "M")


def test_a_split_style_is_named_by_its_live_cards(world: World) -> None:
    with world.session() as session:
        for state, identifier, color in (("on_joor", "D411-NVY", "NVY"), ("removed", "D411", ""), ("wanted", "D411-RED", "RED")):
            row = {"site_id": 1, "style": "D411", "identifier": identifier, "color": color, "state": state, "created_at": NOW}
            session.add(StyleCard(**row))
    world.aims.put("D411", "M", 3, color="RED")
    world.sync()
    named = {(item.color_code, item.style_identifier) for call in world.joor.calls for item in call if not item.upc}
    assert named == {("NVY", "D411-NVY"), ("RED", "D411")}


# ---- readings that cannot be right -------------------------------------------------------------------------------------------------------


def test_a_combination_that_joor_offers_and_aims360_does_not_have_is_told_as_zero(synced: World) -> None:
    with synced.session() as session:
        detail = {"style": "D410", "skus": ["RED|M"]}
        session.add(ManualTask(site_id=1, data_type="styles", kind="sku_hole", key="D410", summary="", detail=detail, created_at=NOW))
    synced.sync()
    assert synced.joor.buckets == FIRST | {
        ("NJ", "D410|D410|RED|M", "IMMEDIATE"): 0,
        ("LA", "D410|D410|RED|M", "IMMEDIATE"): 0,
    }
    assert isinstance(synced.sync()[0], Unchanged), "told once"


def test_an_empty_reading_does_not_set_the_catalogue_to_zero(synced: World) -> None:
    synced.aims.numbers.clear()
    with pytest.raises(NotPossible, match="0 stock rows") as caught:
        synced.scan()
    assert any("--allow-empty" in step for step in caught.value.fix)
    assert synced.wanted() == FIRST


def test_an_empty_reading_that_a_person_vouches_for_is_believed(synced: World) -> None:
    synced.aims.numbers.clear()
    synced.sync(allow_empty=True)
    assert set(synced.joor.buckets.values()) == {0}


def test_a_reading_of_less_than_half_the_rows_is_refused(world: World) -> None:
    for number in range(40):
        world.aims.put("D500", f"S{number}", 3)
    world.sync()
    for number in range(30):
        del world.aims.numbers["D500", "NVY", f"S{number}", "NEW JERSEY"]
    before = world.wanted()
    with pytest.raises(NotPossible, match="14 stock rows; the reading before had 44"):
        world.scan()
    assert world.wanted() == before


def test_a_reading_of_which_nothing_can_be_used_is_refused(synced: World) -> None:
    synced.divisions = ("WOMEN",)  # the pretend catalogue knows no divisions
    with pytest.raises(NotPossible, match=r"None of AIMS360's 4 stock rows can be used: unknown_division \(4\)"):
        synced.scan()
    assert synced.wanted() == FIRST


def test_a_reading_that_breaks_off_changes_nothing(synced: World) -> None:
    def break_off() -> None:
        raise Unavailable("AIMS360 hung up")

    synced.aims.during = break_off
    synced.aims.put("D410", "M", 1)
    with pytest.raises(Unavailable):
        synced.scan()
    assert synced.wanted() == FIRST


# ---- crashes and races -------------------------------------------------------------------------------------------------------------------


def test_a_crash_between_call_and_record_never_leaves_joor_with_an_old_number(synced: World) -> None:
    synced.aims.put("D410", "M", 2)
    synced.scan()
    (job,) = synced.queued()
    synced.die_at = "after_http_before_record"
    with pytest.raises(Killed):
        synced.push()
    assert synced.joor.buckets["NJ", "802", "IMMEDIATE"] == 2
    assert job.key == ""
    synced.aims.put("D410", "M", 7)  # back to what the ledger had recorded as sent
    synced.sync()
    assert synced.joor.buckets == FIRST


def test_a_sku_that_vanishes_after_such_a_crash_is_still_told_as_zero(world: World) -> None:
    world.scan()
    world.die_at = "after_http_before_record"
    with pytest.raises(Killed):
        world.push()
    del world.aims.numbers["D410", "NVY", "S", "NEW JERSEY"]
    world.sync()
    assert world.joor.buckets["NJ", "801", "IMMEDIATE"] == 0


def test_an_older_reading_never_overwrites_a_newer_one(synced: World) -> None:
    """The older reading has seen 7; meanwhile the newer one sees 6 and then, with the row unchanged since, nothing to write."""
    synced.aims.put("D410", "M", 6)
    synced.sync()
    synced.aims.put("D410", "M", 7)

    def newer() -> None:
        synced.aims.put("D410", "M", 6)
        synced.scan()

    synced.aims.during = newer
    outcome = synced.scan()
    assert isinstance(outcome, Waiting)
    assert synced.wanted()["NJ", "802", "IMMEDIATE"] == 6


def test_a_newer_reading_stops_an_older_one_between_two_chunks(synced: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the newer one nothing has changed, so it writes no row that could hold the older one back: only the site's mark can."""
    monkeypatch.setattr(inventory_scan, "SKUS_PER_CHUNK", 1)
    synced.aims.put("D410", "S", 1)
    synced.aims.put("D410", "M", 99)

    def newer() -> None:
        synced.aims.put("D410", "M", 7)
        synced.scan()

    synced.at_hit = newer
    assert isinstance(synced.scan(), Waiting)
    assert synced.wanted() == {**FIRST, ("NJ", "801", "IMMEDIATE"): 1}


def test_readings_are_ordered_even_when_the_clock_goes_backwards(synced: World) -> None:
    synced.clock.advance(-3600)
    synced.aims.put("D410", "M", 3)
    synced.sync()
    assert synced.joor.buckets["NJ", "802", "IMMEDIATE"] == 3


def test_two_pushes_at_the_same_time_end_with_the_newer_number_on_joor(synced: World) -> None:
    """The slow one's call takes effect last; it notices when it records, and the position is told once more."""
    synced.aims.put("D410", "M", 2)
    synced.scan()

    def overtake() -> None:
        synced.aims.put("D410", "M", 3)
        synced.scan()
        synced.push()

    synced.joor.during = overtake
    synced.push()
    assert synced.joor.buckets["NJ", "802", "IMMEDIATE"] == 2
    synced.sync()
    assert synced.joor.buckets["NJ", "802", "IMMEDIATE"] == 3


def test_what_was_sent_before_joor_became_unavailable_is_not_sent_again(world: World) -> None:
    world.settings = world.settings.model_copy(update={"batch_size": 2})

    def no_credits(_items: Sequence[Any]) -> None:
        raise WaitUntil(NOW + timedelta(minutes=5), "no credits left")

    world.scan()
    world.joor.answers = [lambda _items: None, no_credits]
    with pytest.raises(WaitUntil):
        world.push()
    assert len(world.joor.buckets) == 2
    world.push()
    assert world.joor.buckets == FIRST
    assert [len(call) for call in world.joor.calls] == [2, 2]


def test_a_long_push_hands_on_and_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.settings = world.settings.model_copy(update={"batch_size": 2})
    slow = [lambda _items: world.clock.advance(inventory_push.LONGEST_RUN.total_seconds()) for _ in range(2)]
    world.joor.answers = slow  # type: ignore[assignment]
    world.scan(everything=True)
    assert isinstance(world.push(full=True), Waiting)
    assert isinstance(world.push(full=True), Waiting)
    assert isinstance(world.push(full=True), Unchanged)
    assert [len(call) for call in world.joor.calls] == [2, 2]
    assert world.joor.buckets == FIRST


# ---- refusals ----------------------------------------------------------------------------------------------------------------------------


def test_a_refused_position_waits_until_its_quantity_changes(world: World) -> None:
    world.joor.unknown = {"802"}
    _, pushed = world.sync()
    assert isinstance(pushed, Synced)
    assert (pushed.sent, pushed.counts["refused"]) == (3, 1)
    assert "1 refused" in pushed.note
    assert world.ledger()["NJ", "802", "IMMEDIATE"].refused == "fail: unknown SKU 802"
    world.joor.calls.clear()
    assert [type(each) for each in world.sync()] == [Unchanged]
    world.joor.unknown = set()
    world.aims.put("D410", "M", 8)
    world.sync()
    assert world.joor.told == [("802", 8)]
    assert world.ledger()["NJ", "802", "IMMEDIATE"].refused is None


def test_a_refused_position_is_offered_again_by_a_full_push(world: World) -> None:
    world.joor.unknown = {"802"}
    world.sync()
    world.joor.unknown = set()
    world.sync(everything=True)
    assert world.joor.buckets == FIRST


def test_a_refusal_that_may_have_meant_another_position_does_not_hide_a_change(synced: World) -> None:
    """JOOR took 8 but its answer blamed the SKU; back at 7, what the ledger last saw taken, JOOR must hear it."""
    synced.aims.put("D410", "M", 8)
    synced.joor.unknown = {"802"}
    with pytest.raises(Rejected):
        synced.sync()
    synced.joor.buckets["NJ", "802", "IMMEDIATE"] = 8
    synced.joor.unknown = set()
    synced.aims.put("D410", "M", 7)
    synced.sync()
    assert synced.joor.buckets == FIRST


def test_a_push_of_which_nothing_was_taken_fails_in_joors_words(synced: World) -> None:
    synced.aims.put("D410", "M", 8)
    synced.joor.unknown = {"802"}
    with pytest.raises(Rejected, match="refused all 1 positions, first 802") as caught:
        synced.sync()
    assert caught.value.remote_message == "fail: unknown SKU 802"


def test_one_position_that_spoils_a_whole_call_is_found_and_the_others_arrive(world: World) -> None:
    def spoiled(items: Sequence[Any]) -> None:
        world.joor.answers.append(spoiled)
        if any(item.upc == "802" for item in items):
            raise Rejected("JOOR says no", remote_message="bad item somewhere")

    world.joor.answers = [spoiled]
    world.sync()
    assert {key: value for key, value in FIRST.items() if key[1] != "802"} == world.joor.buckets
    assert world.ledger()["NJ", "802", "IMMEDIATE"].refused == "bad item somewhere"


# ---- full pushes -------------------------------------------------------------------------------------------------------------------------


def test_everything_is_told_again_after_a_week(synced: World) -> None:
    synced.tomorrow(6)
    assert [type(each) for each in synced.sync()] == [Unchanged]
    synced.tomorrow(2)
    synced.joor.buckets.clear()
    synced.sync()
    assert synced.joor.buckets == FIRST
    synced.joor.calls.clear()
    synced.sync()
    assert synced.joor.calls == []


def test_everything_on_request(synced: World) -> None:
    synced.sync(everything=True)
    assert sum(len(call) for call in synced.joor.calls) == 4


def test_everything_of_named_styles_on_request(synced: World) -> None:
    synced.sync(everything=True, keys=["D410"])
    assert sorted(synced.joor.told) == [("801", 5), ("802", 7)]


def test_an_interrupted_full_push_does_not_begin_again(world: World) -> None:
    world.sync()
    world.settings = world.settings.model_copy(update={"batch_size": 2})
    world.joor.calls.clear()
    world.tomorrow()
    world.die_at = "mid_batch"
    with pytest.raises(Killed):
        world.push(full=True)
    world.push(full=True)
    assert [len(call) for call in world.joor.calls] == [2, 2]


def test_a_request_for_everything_during_a_full_push_covers_what_that_one_has_told_already(world: World) -> None:
    world.sync()
    world.settings = world.settings.model_copy(update={"batch_size": 3})
    world.tomorrow()
    world.die_at = "mid_batch"
    with pytest.raises(Killed):
        world.push(full=True)
    world.joor.buckets.clear()
    world.sync(everything=True)
    assert world.joor.buckets == FIRST


def test_zeros_for_dates_gone_by_are_not_repeated(world: World) -> None:
    world.aims.arrive("D410", "M", 50, SEP_15)
    world.sync()
    world.tomorrow(20)
    world.sync()
    assert world.joor.buckets["NJ", "802", "2031-09-15"] == 0
    world.joor.calls.clear()
    world.tomorrow()
    world.sync(everything=True)
    assert all(item.bucket is None for call in world.joor.calls for item in call)


# ---- dates and the people who remove them ------------------------------------------------------------------------------------------------


def test_a_date_that_vanished_is_told_as_zero_and_a_person_is_asked_to_remove_it(world: World) -> None:
    world.aims.arrive("D410", "M", 50, SEP_15)
    world.aims.arrive("D411", "M", 20, SEP_15)
    world.sync()
    world.aims.coming.clear()
    world.sync()
    assert world.joor.buckets["NJ", "802", "2031-09-15"] == 0
    (task,) = world.tasks("wip_date")
    assert task.key == "NJ|2031-09-15"
    assert "2 SKU(s), style D410 to D411" in task.summary
    assert any("remove that date by hand" in step for step in task.steps)


def test_the_task_closes_when_the_date_comes_back(world: World) -> None:
    world.aims.arrive("D410", "M", 50, SEP_15)
    world.sync()
    coming, world.aims.coming = world.aims.coming, []
    world.sync()
    world.aims.coming = coming
    world.sync()
    (task,) = world.tasks("wip_date")
    assert (task.done_at is not None, task.done_by) == (True, "joorsync")
    assert world.joor.buckets["NJ", "802", "2031-09-15"] == 50


def test_a_task_that_a_person_closed_stays_closed_until_another_sku_loses_the_date(world: World) -> None:
    world.aims.arrive("D410", "M", 50, SEP_15)
    world.aims.arrive("D411", "M", 20, SEP_15)
    world.sync()
    world.aims.coming.pop()
    world.sync()
    with world.session() as session:
        (task,) = world.tasks("wip_date")
        task.done_at, task.done_by = world.clock.now(), "anna"
        session.add(task)
    world.sync()
    assert world.tasks("wip_date")[0].done_by == "anna"
    world.aims.coming.clear()
    world.sync()
    assert world.tasks("wip_date")[0].done_at is None


def test_a_date_that_joor_was_never_told_about_is_nobodys_task(world: World) -> None:
    world.aims.arrive("D410", "M", 50, SEP_15)
    world.scan()
    world.aims.coming.clear()
    world.scan()
    world.push()
    assert world.tasks("wip_date") == []
    assert ("NJ", "802", "2031-09-15") not in world.joor.buckets


def test_a_moved_date_is_zero_on_the_old_one_and_full_on_the_new_one(world: World) -> None:
    world.aims.arrive("D410", "M", 50, SEP_15)
    world.sync()
    world.aims.coming.clear()
    world.aims.arrive("D410", "M", 50, OCT_1)
    world.sync()
    assert world.joor.buckets["NJ", "802", "2031-09-15"] == 0
    assert world.joor.buckets["NJ", "802", "2031-10-01"] == 50


# ---- warehouses --------------------------------------------------------------------------------------------------------------------------


def test_an_unmapped_warehouse_stops_only_itself_and_becomes_a_task(world: World) -> None:
    world.aims.put("D410", "M", 3, warehouse="TEXAS")
    scanned, _ = world.sync()
    assert isinstance(scanned, Synced)
    assert "Not mapped, so not sent: TEXAS" in scanned.note
    assert '--aims "TEXAS" --site us' in scanned.result["missing"][0]["fix"]  # type: ignore[index]
    assert world.joor.buckets == FIRST
    (task,) = world.tasks("warehouse")
    assert task.done_at is None
    world.map("TEXAS", "TX")
    world.sync()
    assert world.joor.buckets["TX", "802", "IMMEDIATE"] == 3
    assert world.tasks("warehouse")[0].done_at is not None


def test_without_any_mapped_warehouse_the_job_blocks_and_lists_them_all(world: World) -> None:
    world.unmap("NEW JERSEY")
    world.unmap("LOS ANGELES")
    with pytest.raises(NeedsMapping) as caught:
        world.scan()
    assert [item.value for item in caught.value.missing] == ["LOS ANGELES", "NEW JERSEY"]
    assert world.ledger() == {}


def test_a_warehouse_taken_out_of_the_map_is_left_alone_on_joor(synced: World) -> None:
    synced.aims.put("D411", "M", 1, warehouse="LOS ANGELES")
    synced.scan()
    synced.unmap("LOS ANGELES")
    pushed = synced.push()
    assert "1 wait: JOOR warehouse 'LA' is not in the warehouse map" in (pushed.note if isinstance(pushed, Synced) else pushed.why)
    synced.sync()
    assert synced.joor.buckets == FIRST


def test_one_aims360_warehouse_on_two_joor_warehouses_is_offered_on_neither(world: World) -> None:
    world.map("LOS ANGELES", "LA2")
    scanned, _ = world.sync()
    assert isinstance(scanned, Synced)
    assert "LOS ANGELES" in scanned.note
    assert {warehouse for warehouse, _, _ in world.joor.buckets} == {"NJ"}


def test_joor_is_told_its_own_name_for_a_warehouse_that_has_a_code(world: World) -> None:
    world.unmap("LOS ANGELES")
    world.map("LOS ANGELES", "02", joor_name="Los Angeles DC")
    world.sync()
    assert ("Los Angeles DC", "D411|D411|NVY|M", "IMMEDIATE") in world.joor.buckets


# ---- keys that change --------------------------------------------------------------------------------------------------------------------


def test_a_sku_that_gets_a_upc_is_not_zeroed_under_its_old_name(synced: World) -> None:
    synced.aims.put("D411", "M", 9, upc="811")
    synced.sync()
    assert all(quantity for _, quantity in synced.joor.told)
    assert synced.joor.buckets["NJ", "811", "IMMEDIATE"] == 9
    assert ("NJ", "D411|D411|NVY|M", "IMMEDIATE") not in synced.ledger()


def test_a_sku_that_gets_a_upc_as_it_sells_out_is_zero_under_the_new_one(synced: World) -> None:
    synced.aims.put("D411", "M", 0, upc="811")
    synced.sync()
    assert synced.joor.buckets["NJ", "811", "IMMEDIATE"] == 0


def test_a_date_that_vanishes_as_the_sku_gets_its_upc_is_told_as_zero_under_the_new_one(synced: World) -> None:
    synced.aims.arrive("D411", "M", 50, SEP_15)
    synced.sync()
    synced.aims.coming.clear()
    synced.aims.put("D411", "M", 9, upc="811")
    synced.sync()
    assert ("811", 50) not in synced.joor.told
    assert synced.joor.buckets["NJ", "811", "2031-09-15"] == 0
    assert [task.key for task in synced.tasks("wip_date")] == ["NJ|2031-09-15"]


def test_another_upc_zeroes_the_old_one(synced: World) -> None:
    synced.aims.put("D410", "M", 7, upc="899")
    synced.sync()
    assert synced.joor.buckets["NJ", "802", "IMMEDIATE"] == 0
    assert synced.joor.buckets["NJ", "899", "IMMEDIATE"] == 7


def test_a_upc_that_two_skus_share_is_left_as_it_is_and_reported(synced: World) -> None:
    synced.aims.put("D499", "M", 30, upc="802")
    (outcome,) = synced.sync()
    assert isinstance(outcome, Unchanged)
    assert outcome.result["problems"]["shared_upc"]["count"] == 1  # type: ignore[index]
    assert synced.wanted()["NJ", "802", "IMMEDIATE"] == 7


# ---- dry runs ----------------------------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_differences_and_writes_nothing(synced: World) -> None:
    synced.aims.put("D410", "M", 2)
    (outcome,) = synced.sync(dry_run=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.result is not None
    (difference,) = outcome.result["first"]
    assert (difference["sku_key"], difference["sent"], difference["wanted"]) == ("802", 7, 2)
    assert synced.writes == 0
    assert synced.queued() == []


def test_a_dry_push_shows_what_waits_and_tells_nobody(world: World) -> None:
    world.scan()
    job = world.queued()[0]
    world.writes = 0
    outcome = world.run(replace(view(job), dry_run=True))
    assert isinstance(outcome, Unchanged)
    assert outcome.result is not None
    assert (outcome.result["differences"], len(outcome.result["first"])) == (4, 4)
    assert (world.writes, world.joor.calls) == (0, [])


def test_a_scan_asks_for_one_push_for_the_same_records(synced: World) -> None:
    synced.aims.put("D410", "M", 2)
    synced.scan(keys=["D410", "D411"])
    (job,) = synced.queued(JobKind.INVENTORY_PUSH)
    assert (job.key, job.payload) == ("D410,D411", None)


def test_the_map_is_read_from_the_stored_pairs(world: World) -> None:
    with world.session() as session:
        session.add(Mapping(site_id=1, kind="warehouse", aims_code="TEXAS", joor_code="", ignored=True, created_at=NOW, updated_at=NOW))
    world.aims.put("D410", "M", 3, warehouse="TEXAS")
    world.sync()
    assert world.joor.buckets == FIRST
    assert world.tasks("warehouse") == []


# ---- anything may happen in between ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_after_any_mishaps_a_healthy_sync_makes_joor_equal_to_aims360(sqlite_url: str, seed: int) -> None:
    dice = random.Random(seed)
    world = World(sqlite_url, batch_size=3)
    skus = [(f"D{style}", size) for style in range(4) for size in "SML"]
    for number, (style, size) in enumerate(skus):
        world.aims.styles.setdefault((style, "NVY"), {})[size] = f"8{number:02}" if size != "L" else None
    try:
        for _ in range(40):
            _mishap(world, dice, skus)
        world.joor.answers, world.joor.unknown, world.die_at = [], set(), None
        for style, _ in skus:  # at least one row, or the reading would be refused as empty
            world.aims.put(style, "XL", 1)
        world.sync(everything=True)  # what was refused is offered again only then
        wanted = world.wanted()
        assert {key: pieces for key, pieces in world.joor.buckets.items() if pieces != wanted.get(key, 0)} == {}
        assert {key: pieces for key, pieces in wanted.items() if pieces and world.joor.buckets.get(key) != pieces} == {}
        names = {"NEW JERSEY": "NJ", "LOS ANGELES": "LA"}
        held = {(style, size, names[place]): left for (style, _, size, place), left in world.aims.numbers.items() if left > 0}
        rows = world.ledger().values()
        assert {(row.style, row.size, row.warehouse): row.wanted for row in rows if row.bucket == "IMMEDIATE" and row.wanted} == held
    finally:
        world.close()


def _mishap(world: World, dice: random.Random, skus: list[tuple[str, str]]) -> None:
    """One thing that happens to a brand: a sale, a delivery, an expired line, a date that moves, a crash, a refusal, a lost connection."""

    def lost(_items: Sequence[Any]) -> None:
        raise Unavailable("JOOR hung up")

    style, size = dice.choice(skus)
    place = dice.choice(["NEW JERSEY", "LOS ANGELES"])
    match dice.randrange(9):
        case 0 | 1:
            world.aims.put(
                style, size, dice.randrange(-2, 9), warehouse=place, upc=f"8{skus.index((style, size)):02}" if size != "L" else None
            )
        case 2:
            world.aims.numbers.pop((style, "NVY", size, place), None)
        case 3:
            world.aims.arrive(style, size, dice.randrange(1, 9), dice.choice([SEP_15, OCT_1]))
        case 4:
            world.aims.coming = world.aims.coming[1:]
        case 5:
            world.die_at = dice.choice(["after_http_before_record", "mid_batch"])
        case 6:
            world.joor.unknown = {dice.choice(["800", "801", f"{style}|{style}|NVY|L"])}
        case 7:
            world.joor.answers = [lost] if dice.random() < 0.5 else [lambda _items: None, lost]
        case _:
            with contextlib.suppress(Killed, Rejected, Unavailable, NotPossible):
                world.sync(keys=[style] if dice.random() < 0.3 else [], everything=dice.random() < 0.2)
