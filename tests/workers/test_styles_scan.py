"""Styles from AIMS360 to JOOR: what a scan reads, remembers and asks for (SQLite and PostgreSQL)."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlmodel import select

from clients.aims360.types import PriceRow
from models.catalogue import StyleCard
from models.errors import NeedsMapping, NotPossible, Synced, Unavailable, Unchanged
from models.jobs import Job, JobKind, JobState
from tests.workers.styles_world import Killed, World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    made.aims.put("D410", "NVY")
    made.aims.put("D410", "RED")
    made.aims.put("D411", "NVY", sizes=["S"])
    yield made
    made.close()


@pytest.fixture
def synced(world: World) -> World:
    world.sync()
    world.joor.calls.clear()
    world.aims.calls.clear()
    return world


# ---- what is read ------------------------------------------------------------------------------------------------------------------------


def test_the_first_scan_reads_everything_and_asks_for_every_style(world: World) -> None:
    outcome = world.scan()
    assert isinstance(outcome, Synced)
    assert outcome.note == "2 of 2 styles differ"
    assert world.jobs() == ["D410", "D411"]
    assert "all" in world.aims.calls
    assert (world.source("D410").division, world.source("D410").season) == ("WOMEN", "F31")


def test_the_next_scan_asks_what_changed_and_reads_those_styles_whole(synced: World) -> None:
    synced.later(hours=1)
    synced.scan()
    synced.aims.calls.clear()
    synced.later(hours=1)
    synced.aims.put("D410", "RED", description="New name")
    synced.aims.put("D410", "NVY", description="New name")
    synced.scan()
    assert [call for call in synced.aims.calls if "codes" not in call] == ["since", "style D410"]
    assert synced.jobs() == ["D410"]


def test_where_aims360_cannot_say_what_changed_everything_is_read(synced: World) -> None:
    synced.aims.understands_since = False
    outcome = synced.scan()
    assert isinstance(outcome, Unchanged)
    assert "AIMS360 could not say what changed" in outcome.why
    assert [call for call in synced.aims.calls if "codes" not in call] == ["since", "all"]


def test_everything_is_read_once_a_day_because_delta_reads_rest_on_an_assumption(synced: World) -> None:
    synced.aims.rows["D410", "RED"] = synced.aims.rows["D410", "RED"].__class__(
        **{**vars(synced.aims.rows["D410", "RED"]), "description": "Changed without a time"}
    )
    synced.later(hours=23)
    synced.scan()
    assert "all" not in synced.aims.calls
    synced.later(hours=2)
    synced.scan()
    assert "all" in synced.aims.calls


def test_many_changed_styles_are_read_as_the_whole_list(synced: World) -> None:
    for number in range(25):
        synced.aims.put(f"E{number}")
    synced.scan()
    assert [call for call in synced.aims.calls if "codes" not in call] == ["since", "all"]
    assert len(synced.jobs()) == 25


def test_only_the_styles_of_the_sites_divisions_and_seasons_are_kept(world: World) -> None:
    world.divisions = ("WOMEN",)
    world.set(seasons=["F31"])
    world.aims.put("M1", division_id="d2")
    world.aims.put("S1", season_id="s2")
    world.aims.put("X1", division_id="d9")
    outcome = world.scan()
    assert world.jobs() == ["D410", "D411"]
    assert outcome.counts["left_out"] == 3  # type: ignore[union-attr]
    assert outcome.result == {"problems": {"unknown_division": 1}}  # type: ignore[union-attr]


def test_a_style_whose_price_level_changed_is_asked_for_although_its_row_did_not_change(world: World) -> None:
    world.set(price_source="price_list")
    rows = [PriceRow(f"{style}/{color}", "USD", "Wholesale", Decimal(90)) for style, color in world.aims.rows]
    world.aims.price_rows = rows
    world.sync()
    assert world.joor.prices("D411") == {"90.00"}
    world.later(hours=1)
    world.aims.price_rows = [*rows[:2], PriceRow("D411/NVY", "USD", "Wholesale", Decimal(80))]
    world.scan()
    assert world.jobs() == ["D411"]
    world.work()
    assert world.joor.prices("D411") == {"80.00"}


def test_what_postgresql_cannot_keep_does_not_stop_a_scan(world: World) -> None:
    world.aims.put("D410", "NVY", description="Dress\x00 \ud800", raw={"note\x00": "a\x00b"})
    world.aims.put("X" * 101)
    outcome = world.scan()
    assert world.source("D410").rows[0]["description"] == "Dress ?"
    assert outcome.result == {"problems": {"style_too_long": 1}}  # type: ignore[union-attr]


# ---- what is asked for -------------------------------------------------------------------------------------------------------------------


def test_a_changed_setting_asks_for_every_style_and_nothing_is_sent_where_nothing_differs(synced: World) -> None:
    synced.set(retail=False)
    synced.scan()
    assert synced.jobs() == ["D410", "D411"]
    assert all(isinstance(answer, Unchanged) for answer in synced.work().values())
    assert synced.joor.calls == []
    synced.scan()
    assert synced.jobs() == []


def test_a_changed_field_table_and_a_pair_of_one_style_ask_for_those_it_concerns(synced: World) -> None:
    synced.map("style", "HAND-MADE", "D411")
    synced.scan()
    assert synced.jobs() == ["D411"]
    synced.field("order_minimum", constant="6")
    synced.scan()
    assert synced.jobs() == ["D410", "D411"]


def test_a_row_that_was_only_touched_in_aims360_is_not_asked_for(synced: World) -> None:
    synced.aims.put("D410", "NVY")
    synced.scan()
    assert synced.jobs() == []


def test_full_asks_for_everything_again(synced: World) -> None:
    synced.scan(full=True)
    assert synced.jobs() == ["D410", "D411"]
    synced.work()
    assert len(synced.joor.calls) == 6


def test_a_request_for_some_divisions_leaves_the_others_for_the_next_scan(world: World) -> None:
    world.aims.put("M1", division_id="d2")
    world.scan(divisions=["MEN"])
    assert world.jobs() == ["M1"]
    world.scan()
    assert world.jobs() == ["D410", "D411", "M1"]


def test_a_style_that_failed_is_asked_for_again_only_when_it_differs_from_what_failed(world: World) -> None:
    world.aims.put("D411", "NVY", price="0")
    world.sync()
    assert world.jobs(state=JobState.FAILED) == ["D411"]
    outcome = world.scan()
    assert world.jobs() == []
    assert "1 failed or wait for a person" in outcome.why  # type: ignore[union-attr]
    world.later(minutes=1)
    world.aims.put("D411", "NVY", price="90.00")
    world.scan()
    assert world.jobs() == ["D411"]


def test_missing_price_labels_stop_the_scan_once_instead_of_every_style(world: World) -> None:
    world.unmap("price_label")
    with pytest.raises(NeedsMapping) as caught:
        world.scan()
    (missing,) = caught.value.missing
    assert (missing.kind, missing.value) == ("price_label", "USD")
    assert missing.fix == 'joorsync map set price-label "LABEL ON JOOR" --aims USD --site us'
    assert world.jobs() == []


def test_a_reading_for_pairing_asks_for_nothing_and_needs_no_price_label(world: World) -> None:
    world.unmap("price_label")
    world.scan(fresh=True, read_only=True)
    assert world.source("D410").rows
    assert world.jobs() == []


def test_a_dry_run_shows_the_first_differences_and_stores_nothing(world: World) -> None:
    outcome = world.scan(dry_run=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.why == "dry run: 2 of 2 styles differ from JOOR"
    assert [row["style"] for row in outcome.result["first"]] == ["D410", "D411"]  # type: ignore[index]
    with world.session() as session:
        jobs = session.exec(select(Job).order_by(Job.key)).all()
    assert [(job.kind, job.key, job.dry_run) for job in jobs] == [
        ("styles.export", "D410", True),
        ("styles.export", "D411", True),
    ], "the first ones show their cards, and nothing is there that would send"
    assert world.cursor("styles.modified") is None


# ---- interruptions and bad readings ------------------------------------------------------------------------------------------------------


def test_the_cursor_moves_with_the_last_jobs_and_not_before(world: World) -> None:
    world.aims.broken = Unavailable("503")
    with pytest.raises(Unavailable):
        world.scan()
    assert world.cursor("styles.modified") is None
    world.aims.broken = None
    world.die_at = "mid_batch"
    with pytest.raises(Killed):
        world.scan()
    assert world.cursor("styles.modified") is None
    world.scan()
    assert world.jobs() == ["D410", "D411"]
    assert world.cursor("styles.modified") == world.clock.now()


def test_an_empty_or_halved_reading_does_not_make_styles_gone(world: World) -> None:
    for number in range(30):
        world.aims.put(f"E{number}")
    world.sync()
    world.aims.hidden = {f"E{number}" for number in range(20)}
    with pytest.raises(NotPossible, match="13 style-colours; the whole reading before had 33") as caught:
        world.scan(fresh=True)
    assert any("--allow-empty" in step for step in caught.value.fix)
    assert not world.source("E1").gone
    world.scan(fresh=True, allow_empty=True)
    assert world.source("E1").gone


def test_an_older_reading_does_not_overwrite_a_newer_one(synced: World) -> None:
    newer = synced.source("D410").read_at
    synced.clock.advance(-3600)
    synced.aims.put("D410", "NVY", description="From the past")
    synced.scan(fresh=True)
    assert synced.source("D410").read_at == newer
    assert synced.source("D410").rows[0]["description"] == "Dress D410"


# ---- gone --------------------------------------------------------------------------------------------------------------------------------


def test_a_style_that_is_gone_is_told_to_a_person_with_the_command(synced: World) -> None:
    synced.aims.drop("D411")
    outcome = synced.scan(fresh=True)
    assert "1 are gone from AIMS360: D411" in outcome.note  # type: ignore[union-attr]
    (task,) = synced.tasks("style_gone")
    assert task.key == "D411"
    assert 'joorsync styles remove "D411" --site us' in task.steps
    assert synced.jobs(JobKind.STYLES_REMOVE) == []


def test_the_task_closes_by_itself_when_the_style_comes_back(synced: World) -> None:
    synced.aims.put("D411", "NVY", active=False, sizes=["S"])
    synced.scan()
    assert synced.tasks("style_gone")[0].done_at is None
    synced.later(minutes=1)
    synced.aims.put("D411", "NVY", active=True, sizes=["S"])
    synced.scan()
    assert synced.tasks("style_gone")[0].done_by == "joorsync"


def test_by_setting_the_cards_of_a_gone_style_are_taken_off_and_come_back_with_it(synced: World) -> None:
    synced.set(gone="remove")
    synced.aims.drop("D411")
    synced.scan(fresh=True)
    assert synced.jobs(JobKind.STYLES_REMOVE) == ["D411"]
    assert synced.tasks("style_gone") == []
    with synced.session() as session:
        card = session.get_one(StyleCard, (1, "D411"))
        card.state, card.product_digest, card.skus_digest, card.prices_digest = "removed", None, None, None
        session.add(card)
    synced.later(minutes=1)
    synced.aims.put("D411", "NVY", sizes=["S"])
    answers = synced.sync()
    assert isinstance(answers["D411"], Synced)
    assert synced.card("D411").state == "on_joor"


def test_upcs_that_two_styles_share_are_reported(world: World) -> None:
    world.aims.put("D410", "NVY", upcs={"S": "840000000017"})
    world.aims.put("D411", "NVY", sizes=["S"], upcs={"S": "0840000000017"})
    outcome = world.scan()
    shared = outcome.result["problems"]["shared_upcs"]  # type: ignore[union-attr,index]
    assert shared == {"count": 1, "examples": {"840000000017": ["D410 NVY S", "D411 NVY S"]}}
