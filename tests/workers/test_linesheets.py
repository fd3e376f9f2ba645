"""Linesheets from AIMS360 to JOOR, against a JOOR with memory on either route and a real database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from clients.joor.types import LinesheetDraft
from models.errors import NotPossible, OutcomeUnknown, Rejected, Synced, Unchanged
from tests.workers.linesheet_world import Item, Killed, World, deaths
from workers import linesheet_sync

Route = Literal["v4", "v2"]


def cast_of(world: World) -> World:
    """D410, D411, T200 of the fall season in navy and red, and S100 of spring."""
    for number in ("D410", "D411", "T200"):
        world.style(number)
    world.style("S100", season="SP32")
    return world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield cast_of(made)
    made.close()


@pytest.fixture(params=["v4", "v2"])
def either(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[World]:
    """Both routes, one database."""
    made = World(sqlite_url, request.param)
    yield cast_of(made)
    made.close()


@pytest.fixture
def light(sqlite_url: str) -> Iterator[World]:
    made = World(sqlite_url)
    yield cast_of(made)
    made.close()


FALL = {"p-D410": 1, "p-D411": 2, "p-T200": 3}


# ---- the plain way -----------------------------------------------------------------------------------------------------------------------


def test_the_first_sync_makes_the_linesheet_and_puts_the_season_on_it(world: World) -> None:
    world.define(seasons=["FA31"], ship_start="2031-08-01", ship_complete="2031-08-31", season_code="FA31")
    done = world.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: made on JOOR, 3 styles added"
    assert (done.sent, done.counts["added"]) == (4, 3)
    assert world.joor.on("F1") == FALL
    sheet = world.joor.coded("F1")
    assert sheet.head is not None
    assert str(sheet.head.start) == "2031-08-01"
    assert [name for name, _ in world.joor.calls] == ["linesheets", "save_linesheet", "add_items"]
    row = world.row()
    assert (row.joor_id in world.joor.sheets, row.season_id, row.sending) == (True, sheet.season_id, False)
    assert {name: (item.order_number, item.by_hand) for name, item in world.ledger().items()} == {
        "D410": (1, False),
        "D411": (2, False),
        "T200": (3, False),
    }


def test_a_second_sync_calls_nobody(either: World) -> None:
    either.define(seasons=["FA31"])
    either.sync()
    either.quiet()
    done = either.sync()
    assert isinstance(done, Unchanged)
    assert "JOOR has it as it should be, 3 styles" in done.why
    assert either.joor.calls == []


def test_a_new_style_goes_to_the_end_and_nothing_else_is_sent(either: World) -> None:
    either.define(seasons=["FA31"])
    either.sync()
    either.quiet()
    either.style("Z900")
    done = either.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: 1 style added"
    assert either.joor.on("F1") == FALL | {"p-Z900": 4}
    assert either.joor.calls == [("linesheets", None), ("add_items", ["Z900"])]


def test_a_dropped_style_is_taken_off_and_nothing_else_is_sent(either: World) -> None:
    either.define(seasons=["FA31"])
    either.sync()
    either.quiet()
    either.define(seasons=["FA31"], dropped=["D411"])
    done = either.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: 1 taken off"
    assert either.joor.calls == [("linesheets", None), ("remove_items", ["D411"])]
    assert list(either.joor.on("F1")) == ["p-D410", "p-T200"]
    assert sorted(either.ledger()) == ["D410", "T200"]


def test_a_style_that_comes_back_is_added_again(either: World) -> None:
    either.define(seasons=["FA31"], dropped=["D411"])
    either.sync()
    either.define(seasons=["FA31"])
    either.sync()
    assert list(either.joor.on("F1")) == ["p-D410", "p-D411", "p-T200"]


def test_a_card_that_was_taken_off_joor_leaves_its_linesheet(either: World) -> None:
    either.define(seasons=["FA31"])
    either.sync()
    either.uncard("T200")
    either.sync()
    assert list(either.joor.on("F1")) == ["p-D410", "p-D411"]


def test_only_the_head_is_sent_when_only_the_name_changed(light: World) -> None:
    light.define(seasons=["FA31"])
    light.sync()
    light.quiet()
    light.define(name="Fall One", seasons=["FA31"])
    done = light.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall One: name, season and dates brought up to date"
    assert light.joor.writes == ["save_linesheet"]
    assert light.joor.coded("F1").name == "Fall One"
    assert light.joor.on("F1") == FALL


def test_on_v2_the_head_travels_with_every_item_and_a_crash_in_between_does_not_leave_half_of_them_behind(sqlite_url: str) -> None:
    world = cast_of(World(sqlite_url, "v2"))
    world.define(seasons=["FA31"])
    world.sync()
    world.quiet()
    world.define(seasons=["FA31"], ship_start="2031-08-01", ship_complete="2031-08-31")
    world.die_at = 0
    with pytest.raises(Killed):
        world.sync()
    world.sync()
    assert world.joor.calls[-1] == ("add_items", ["D410", "D411", "T200"])
    head = world.joor.coded("F1").head
    assert head is not None
    assert str(head.complete) == "2031-08-31"
    world.quiet()
    world.sync()
    assert world.joor.calls == []
    world.close()


def test_everything_again_sends_the_head_and_what_is_ours(light: World) -> None:
    light.define(seasons=["FA31"])
    light.sync()
    light.quiet()
    light.sync(full=True)
    assert light.joor.writes == ["save_linesheet", "add_items"]
    assert light.joor.on("F1") == FALL


def test_many_cards_go_in_chunks(light: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linesheet_sync, "ITEMS_PER_CALL", 2)
    light.define(seasons=["FA31"])
    light.sync()
    assert [what for name, what in light.joor.calls if name == "add_items"] == [["D410", "D411"], ["T200"]]
    assert light.joor.on("F1") == FALL


def test_styles_that_are_not_on_joor_yet_are_counted_and_no_error(light: World) -> None:
    light.card("D411", ["NVY"], joor_id=None, state="wanted")
    light.define(seasons=["FA31"], styles=["D999"])
    done = light.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: made on JOOR, 2 styles added, 1 not on JOOR yet, AIMS360 has no style D999"
    assert done.result == {"not_on_joor": ["D411"], "not_in_aims360": ["D999"]}
    light.card("D411", ["NVY"])
    light.sync()
    assert list(light.joor.on("F1")) == ["p-D410", "p-D411", "p-T200"]


def test_two_linesheets_of_a_season_share_its_joor_id(light: World) -> None:
    for code in ("F1", "F2"):
        light.define(code, seasons=["FA31"], season_code="FA31", season_year=2031)
        light.sync(code)
    assert light.row("F1").season_id == light.row("F2").season_id
    assert light.joor.calls[4] == ("save_linesheet", (None, light.row("F1").season_id, False))


def test_an_unknown_code_says_how_to_define_it(light: World) -> None:
    with pytest.raises(NotPossible, match="no linesheet 'F9'") as caught:
        light.sync("F9")
    assert any("joorsync linesheets define F9" in step for step in caught.value.fix)


# ---- colours -----------------------------------------------------------------------------------------------------------------------------


def test_a_dropped_colour_lists_every_other_sku(light: World) -> None:
    light.define(seasons=["FA31"])
    light.sync()
    light.quiet()
    light.define(seasons=["FA31"], dropped=["D410|RED"])
    done = light.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: 1 with a new place or other colours"
    assert light.joor.calls == [("linesheets", None), ("add_items", ["D410"])]
    assert light.joor.coded("F1").items["p-D410"] == Item(1, ("nvy|m", "nvy|s"))
    assert light.joor.coded("F1").items["p-D411"].skus is None


def test_on_v2_the_colours_themselves_are_left_out(sqlite_url: str) -> None:
    world = cast_of(World(sqlite_url, "v2"))
    world.define(seasons=["FA31"], exclude=["|RED"])
    world.sync()
    assert {item.excluded for item in world.joor.coded("F1").items.values()} == {("RED",)}
    world.quiet()
    assert isinstance(world.sync(), Unchanged)
    world.close()


def test_a_colour_that_comes_back_puts_the_card_on_afresh_so_that_all_its_skus_are_shown(either: World) -> None:
    either.define(seasons=["FA31"], dropped=["D410|RED"])
    either.sync()
    either.quiet()
    either.define(seasons=["FA31"])
    either.sync()
    assert either.joor.writes == ["remove_items", "add_items"]
    assert either.joor.coded("F1").items["p-D410"] == Item(1, None)


def test_a_new_colour_of_a_card_with_a_colour_left_out_is_shown(light: World) -> None:
    light.define(seasons=["FA31"], dropped=["D410|RED"])
    light.sync()
    light.card("D410", ["NVY", "RED", "TRQ"])
    light.sync()
    assert light.joor.coded("F1").items["p-D410"].skus == ("nvy|m", "nvy|s", "trq|m", "trq|s")


def test_a_colour_is_not_left_out_before_the_ids_of_the_others_are_known(light: World) -> None:
    """Without SKU ids JOOR would show all of them: the colour that a person took off as well."""
    light.card("D410", ["NVY", "RED"], ids=None)
    light.define(styles=["D410"], exclude=["|RED"])
    done = light.sync()
    assert isinstance(done, Synced)
    assert "1 wait until JOOR's ids of their SKUs are known" in done.note
    assert light.joor.on("F1") == {}
    light.card("D410", ["NVY", "RED"])
    light.sync()
    assert light.joor.coded("F1").items["p-D410"].skus == ("nvy|m", "nvy|s")


def test_fields_of_the_style_colour_row_are_read_where_a_rule_asks_for_them(light: World) -> None:
    light.style("U100", ["NVY"], userCode1="SHOW")
    light.define(fields={"userCode1": ["SHOW"]})
    light.sync()
    assert light.joor.on("F1") == {"p-U100": 1}


# ---- what people did on JOOR -------------------------------------------------------------------------------------------------------------


def test_what_a_person_put_there_is_never_taken_off_and_keeps_its_colours(either: World) -> None:
    either.define(seasons=["FA31"])
    either.sync()
    either.joor.put_by_hand("F1", "p-S100", "p-stranger")
    either.define(seasons=["SP32"], exclude=["|RED"])
    done = either.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: 3 taken off, 2 put there by hand left as they are"
    assert either.joor.coded("F1").items == {"p-S100": Item(by_hand=True), "p-stranger": Item(by_hand=True)}
    assert {name: item.by_hand for name, item in either.ledger().items()} == {"S100": True}
    either.define(seasons=["FA31"])
    either.sync()
    either.define(seasons=[])
    either.sync()
    assert set(either.joor.on("F1")) == {"p-S100", "p-stranger"}


def test_a_linesheet_that_a_person_had_made_is_adopted_with_all_that_is_on_it(light: World) -> None:
    made = light.joor.by_hand("F1", "Our Fall", "p-D410", "p-S100", "p-stranger")
    light.define(seasons=["FA31"])
    done = light.sync()
    assert isinstance(done, Synced)
    assert "found on JOOR under this code and kept from now on" in done.note
    assert light.row().joor_id == made
    assert len(light.joor.sheets) == 1
    assert {name: item.by_hand for name, item in light.ledger().items()} == {"D410": True, "D411": False, "S100": True, "T200": False}
    light.define(seasons=[])
    light.sync()
    assert set(light.joor.on("F1")) == {"p-D410", "p-S100", "p-stranger"}
    assert light.joor.coded("F1").items["p-D410"] == Item(by_hand=True)


def test_other_linesheets_are_never_touched(either: World) -> None:
    either.joor.by_hand("TOP", "Top Buyers", "p-D410", "p-S100")
    before = dict(either.joor.coded("TOP").items)
    either.define(seasons=["FA31"])
    either.sync()
    either.define(seasons=[], active=False)
    either.sync(full=True)
    assert either.joor.coded("TOP").items == before
    assert either.joor.coded("TOP").name == "Top Buyers"


def test_a_linesheet_of_the_same_name_is_not_ours(light: World) -> None:
    light.joor.by_hand("", "Fall 1", "p-S100")
    light.define(seasons=["FA31"])
    light.sync()
    assert sorted((sheet.code, len(sheet.items)) for sheet in light.joor.sheets.values()) == [("", 1), ("F1", 3)]


def test_two_linesheets_with_our_code_are_for_a_person(light: World) -> None:
    light.joor.by_hand("F1", "One")
    light.joor.by_hand("F1", "Two")
    light.define(seasons=["FA31"])
    with pytest.raises(NotPossible, match="2 linesheets with code F1: 'One', 'Two'"):
        light.sync()
    assert light.joor.writes == []


def test_what_a_person_took_off_by_hand_and_the_rule_wants_is_put_on_again_when_we_look(light: World) -> None:
    light.define(seasons=["FA31"])
    light.sync()
    del light.joor.coded("F1").items["p-D411"]
    light.sync(full=True)
    assert light.joor.on("F1") == FALL


def test_a_linesheet_that_is_gone_from_joor_is_made_anew_and_that_is_said(light: World) -> None:
    light.define(seasons=["FA31"])
    light.sync()
    light.joor.sheets.clear()
    light.style("Z900")
    done = light.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: was gone from JOOR and is made anew, 4 styles added"
    assert list(light.joor.on("F1")) == ["p-D410", "p-D411", "p-T200", "p-Z900"]
    assert light.row().joor_id in light.joor.sheets


# ---- retired -----------------------------------------------------------------------------------------------------------------------------


def test_a_retired_linesheet_loses_what_is_ours_and_stays_on_joor(either: World) -> None:
    either.define(seasons=["FA31"])
    either.sync()
    either.joor.put_by_hand("F1", "p-S100")
    either.define(seasons=["FA31"], active=False)
    done = either.sync()
    assert isinstance(done, Synced)
    assert done.note.startswith("Fall 1: 3 taken off, it is retired and stays on JOOR without our styles")
    assert list(either.joor.on("F1")) == ["p-S100"]
    either.quiet()
    assert isinstance(either.sync(), Unchanged)
    assert either.joor.calls == []


def test_a_linesheet_retired_before_it_was_made_is_not_made(light: World) -> None:
    light.define(seasons=["FA31"], active=False)
    done = light.sync()
    assert isinstance(done, Unchanged)
    assert "JOOR does not have it" in done.why
    assert light.joor.sheets == {}


# ---- refusals ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [False, True], ids=["item by item", "as a whole"])
def test_a_refused_card_fails_alone_and_is_offered_again(light: World, whole: bool) -> None:
    light.joor.refuses, light.joor.whole = {"D411": "product is archived"}, whole
    light.define(seasons=["FA31"])
    done = light.sync()
    assert isinstance(done, Synced)
    assert "2 styles added, 1 refused by JOOR" in done.note
    assert done.result == {"refused": [{"style": "D411", "refused": "product is archived"}]}
    assert list(light.joor.on("F1")) == ["p-D410", "p-T200"]
    assert "D411" not in light.ledger()
    light.joor.refuses = {}
    light.quiet()
    light.sync()
    assert light.joor.calls == [("linesheets", None), ("add_items", ["D411"])]


def test_all_refused_is_a_failure_that_quotes_joor(light: World) -> None:
    light.joor.refuses = {name: f"{name} is archived" for name in ("D410", "D411", "T200")}
    light.define(seasons=["FA31"])
    with pytest.raises(Rejected, match="refused all 3 styles of linesheet Fall 1, first D410") as caught:
        light.sync()
    assert caught.value.remote_message == "D410 is archived"
    assert light.row().joor_id is not None


def test_a_refused_head_is_not_in_doubt_afterwards(light: World) -> None:
    light.joor.refuses = {"Fall 1": "name is taken"}
    light.define(seasons=["FA31"])
    with pytest.raises(Rejected):
        light.sync()
    assert not light.row().sending


def test_a_refused_removal_is_tried_again(light: World) -> None:
    light.define(seasons=["FA31"])
    light.sync()
    light.joor.refuses = {"D411": "it is on an order"}
    light.define(seasons=["FA31"], dropped=["D411", "T200"])
    done = light.sync()
    assert isinstance(done, Synced)
    assert done.counts["refused"] == 1
    assert sorted(light.ledger()) == ["D410", "D411"]
    light.joor.refuses = {}
    light.sync()
    assert light.joor.on("F1") == {"p-D410": 1}


# ---- dry runs ----------------------------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_difference_and_sends_and_remembers_nothing(either: World) -> None:
    either.define(seasons=["FA31"])
    either.sync()
    either.joor.put_by_hand("F1", "p-S100", "p-stranger")
    either.define(name="Fall One", styles=["D410", "D411", "X1"], exclude=["D410|RED"])
    before, rows = either.joor.coded("F1").items.copy(), either.ledger()
    either.quiet()
    done = either.sync(dry_run=True)
    assert isinstance(done, Unchanged)
    assert done.why.startswith("dry run: Fall One: name, season or dates would be brought up to date")
    assert done.result is not None
    assert done.result["head"]["action"] == "changed"
    assert {"style": "D410", "order": 1, "without_colors": ["RED"]} in done.result["change"]
    assert (done.result["remove"], done.result["by_hand"], done.result["not_in_aims360"]) == (
        ["T200"],
        ["S100", "JOOR id p-stranger"],
        ["X1"],
    )
    assert either.joor.writes == []
    assert (either.joor.coded("F1").items, sorted(either.ledger())) == (before, sorted(rows))
    assert either.row().sending is False


def test_a_dry_run_of_a_new_linesheet_makes_none(light: World) -> None:
    light.define(seasons=["FA31"])
    done = light.sync(dry_run=True)
    assert isinstance(done, Unchanged)
    assert done.why == "dry run: Fall 1: would be made on JOOR, 3 styles to add"
    assert light.joor.sheets == {}
    assert light.row().joor_id is None


# ---- crashes -----------------------------------------------------------------------------------------------------------------------------


def first(world: World) -> None:
    world.joor.by_hand("TOP", "Top Buyers", "p-D410")
    world.define(seasons=["FA31"], season_code="FA31", dropped=["D410|RED"])


def later(world: World) -> None:
    first(world)
    world.sync()
    world.joor.put_by_hand("F1", "p-S100")
    world.style("A100")
    world.define(name="Fall One", seasons=["FA31", "SP32"], season_code="FA31", dropped=["D411"])


def adopted(world: World) -> None:
    first(world)
    world.joor.by_hand("F1", "Somebody's", "p-S100", "p-D411")


@pytest.mark.parametrize("start", [first, later, adopted])
@pytest.mark.parametrize("route", ["v4", "v2"])
def test_whenever_a_process_dies_the_next_run_ends_where_one_run_would_have(
    start: Callable[[World], None], route: Route, tmp_path: Path, sqlite_url: str
) -> None:
    def play(number: int, die_at: int | None) -> tuple[dict[str, Any], dict[str, Any], int]:
        copy = tmp_path / f"{number}.db"
        copy.write_bytes(Path(sqlite_url.removeprefix("sqlite:///")).read_bytes())
        world = cast_of(World(f"sqlite:///{copy}", route))
        start(world)
        world.quiet()
        world.die_at = die_at
        died = 0
        try:
            world.sync()
        except Killed:
            died = 1
            world.sync()
        sheets = {sheet.code: (sheet.name, sheet.items) for sheet in world.joor.sheets.values()}
        assert len(sheets) == len(world.joor.sheets), "a linesheet is there twice"
        rows = {name: (row.joor_id, row.by_hand, row.order_number, row.excluded) for name, row in world.ledger().items()}
        world.quiet()
        assert isinstance(world.sync(), Unchanged)
        assert world.joor.calls == []
        world.close()
        return sheets, rows, died

    sheets, rows, _ = play(0, None)
    places = 0
    for place in deaths():
        again, remembered, died = play(place + 1, place)
        if not died:
            break
        places += 1
        assert (again, remembered) == (sheets, rows), f"it died at failpoint {place}"
    assert places >= 2


def test_a_create_whose_answer_was_lost_is_looked_up_and_not_made_twice(light: World) -> None:
    def lost(name: str) -> None:
        light.joor.lose = lambda _name: None
        raise OutcomeUnknown("no answer")

    light.define(seasons=["FA31"])
    light.joor.lose = lost
    with pytest.raises(OutcomeUnknown):
        light.sync()
    assert light.row().sending
    done = light.sync()
    assert isinstance(done, Synced)
    assert done.note == "Fall 1: made on JOOR, 3 styles added"
    assert len(light.joor.sheets) == 1


def test_a_create_in_doubt_that_never_reached_joor_is_made_with_a_look_first(light: World) -> None:
    light.define(seasons=["FA31"], sending=True)
    light.sync()
    assert light.joor.calls[1] == ("save_linesheet", (None, None, True))
    assert light.joor.on("F1") == FALL


def test_items_whose_answer_was_lost_are_ours_and_not_a_persons(light: World) -> None:
    def lost(name: str) -> None:
        if name == "add_items":
            light.joor.lose = lambda _name: None
            raise OutcomeUnknown("no answer")

    light.define(seasons=["FA31"])
    light.joor.lose = lost
    with pytest.raises(OutcomeUnknown):
        light.sync()
    light.quiet()
    light.sync()
    assert light.joor.writes == []
    assert not any(item.by_hand for item in light.ledger().values())
    light.define(seasons=[])
    light.sync()
    assert light.joor.on("F1") == {}


def test_a_rule_changed_back_after_a_crash_is_not_taken_for_done(light: World) -> None:
    light.define(seasons=["FA31"])
    light.sync()
    light.hits.clear()
    light.define(seasons=["SP32"])
    light.die_at = 0
    with pytest.raises(Killed):
        light.sync()
    light.define(seasons=["FA31"])
    light.sync()
    assert sorted(light.joor.on("F1")) == sorted(FALL)


def test_the_head_is_what_the_settings_say(light: World) -> None:
    light.define(seasons=["FA31"], cancel_date="2031-09-15", ship_start="2031-08-01", ship_complete="2031-08-31", minimum_window=3)
    light.sync()
    head = light.joor.coded("F1").head
    assert isinstance(head, LinesheetDraft)
    assert (head.code, str(head.cancel), head.minimum_window, head.public) == ("F1", "2031-09-15", 3, True)
