"""Styles from AIMS360 to JOOR: exports against pretend remote systems and a real database (SQLite and PostgreSQL)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import col, select

from models.catalogue import StyleCard
from models.errors import AccessDenied, NeedsMapping, NotPossible, OutcomeUnknown, Rejected, Synced, Unavailable, Unchanged, WaitUntil
from models.jobs import Job, JobKind
from models.ledgers import ManualTask
from models.settings import Schedule
from tests.workers.styles_world import NOW, Killed, World
from workers.style_holes import known_holes


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
    """JOOR has everything, and nobody looks at how it got there."""
    world.sync()
    world.joor.calls.clear()
    world.joor.works.clear()
    world.aims.calls.clear()
    return world


def raising(error: Exception) -> Callable[[str, list[str]], None]:
    def hook(part: str, names: list[str]) -> None:
        raise error

    return hook


# ---- the plain way -----------------------------------------------------------------------------------------------------------------------


def test_the_first_sync_makes_every_card_with_its_whole_matrix_and_prices(world: World) -> None:
    answers = world.sync()
    assert isinstance(answers["D410"], Synced)
    assert answers["D410"].note == "D410 created in JOOR"
    assert answers["D410"].counts == {"cards": 1, "created": 1, "adopted": 0, "product": 1, "skus": 4, "prices": 4}
    assert [sku.key for sku in world.joor.cards["D410"].skus] == ["NVY|S", "NVY|M", "RED|S", "RED|M"]
    assert world.joor.prices("D410") == {"110.00"}
    assert world.card("D410").joor_id == world.joor.ids["D410"]
    assert world.card("D410").ids == {"skus": {key: f"p1/{key}" for key in ("NVY|S", "NVY|M", "RED|S", "RED|M")}, "prices": {}}
    assert world.cards() == {"D410": "on_joor", "D411": "on_joor"}


def test_a_second_sync_with_nothing_changed_asks_for_nothing(synced: World) -> None:
    assert isinstance(synced.scan(), Unchanged)
    assert synced.work() == {}
    assert synced.joor.calls == []


def test_a_price_change_sends_prices_only(synced: World) -> None:
    for color in ("NVY", "RED"):
        synced.aims.put("D410", color, price="95.00")
    answer = synced.sync()["D410"]
    assert synced.joor.calls == [("prices", ["D410"])]
    assert synced.joor.prices("D410") == {"95.00"}
    assert isinstance(answer, Synced)
    assert answer.note == "D410 updated in JOOR: 4 prices"
    assert synced.joor.works[0].before is not None


def test_a_new_colour_sends_skus_and_prices_but_not_the_style(synced: World) -> None:
    synced.aims.put("D410", "WHT")
    synced.sync()
    assert [part for part, _ in synced.joor.calls] == ["skus", "prices"]
    assert synced.joor.sku("D410", "WHT|M").active


def test_few_styles_go_one_by_one_and_many_in_one_call(world: World) -> None:
    world.sync()
    assert [names for part, names in world.joor.calls if part == "product"] == [["D410"], ["D411"]]
    world.set(single_up_to=1)
    world.export("D410", "D411", full=True)
    assert world.joor.calls[-3:] == [(part, ["D410", "D411"]) for part in ("product", "skus", "prices")]


def test_full_sends_every_part_again_and_spares_nothing(synced: World) -> None:
    (answer,) = synced.export("D410", full=True)
    assert [part for part, _ in synced.joor.calls] == ["product", "skus", "prices"]
    assert synced.joor.works[0].before is None
    assert isinstance(answer, Synced)


def test_an_export_without_a_difference_calls_nobody(synced: World) -> None:
    (answer,) = synced.export("D410")
    assert answer == Unchanged("JOOR has D410 as AIMS360 has it", counts=dict.fromkeys(answer.counts, 0))  # type: ignore[union-attr]
    assert (synced.joor.calls, synced.aims.calls) == ([], [])


def test_a_named_style_is_read_from_aims360_first(synced: World) -> None:
    synced.aims.put("D411", "NVY", sizes=["S", "M"])
    synced.export("D411", fresh=True)
    assert "style D411" in synced.aims.calls
    assert synced.joor.sku("D411", "NVY|M").active


def test_an_old_source_is_read_again_and_a_recent_one_is_not(synced: World) -> None:
    synced.later(hours=7)
    synced.export("D410")
    assert "style D410" in synced.aims.calls
    synced.aims.calls.clear()
    synced.export("D410")
    assert synced.aims.calls == []


def test_a_scan_that_found_no_change_counts_as_reading(synced: World) -> None:
    synced.later(hours=5)
    synced.scan()
    synced.later(hours=5)
    synced.aims.calls.clear()
    synced.export("D410")
    assert synced.aims.calls == []


def test_a_style_that_aims360_does_not_have_is_said_to_a_person(world: World) -> None:
    (answer,) = world.export("D999")
    assert isinstance(answer, NotPossible)
    assert "no style D999" in answer.summary


# ---- colours and sizes that leave --------------------------------------------------------------------------------------------------------


def test_a_colour_and_a_size_that_left_aims360_become_inactive_not_forgotten(synced: World) -> None:
    synced.aims.drop("D410", "RED")
    synced.aims.put("D410", "NVY", sizes=["S"])
    synced.sync(fresh=True)
    card = synced.joor.cards["D410"]
    assert {sku.key for sku in card.skus if sku.active} == {"NVY|S"}
    assert {sku.key for sku in card.skus} == {"NVY|S", "NVY|M", "RED|S", "RED|M"}


def test_a_colour_on_an_open_order_is_not_taken_away_without_a_person(synced: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.style_guard.holds", lambda order, removal, card: removal.color == "RED")
    synced.orders.orders = [type("Order", (), {"order_id": "7700123", "status": "APPROVED"})()]
    synced.aims.drop("D410", "RED")
    synced.aims.put("D411", "NVY", price="90.00", sizes=["S"])
    answers = synced.sync(fresh=True)
    blocked = answers["D410"]
    assert isinstance(blocked, NeedsMapping)
    assert [item.value for item in blocked.missing] == ["remove:D410|RED"]
    assert synced.joor.sku("D410", "RED|S").active
    assert isinstance(answers["D411"], Synced)


def test_a_sku_of_a_card_made_by_hand_is_not_taken_away_without_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.style_guard.holds", lambda order, removal, card: removal.size == "L")
    world.orders.orders = [type("Order", (), {"order_id": "7700123", "status": "APPROVED"})()]
    world.aims.put("D411", "RED", sizes=["S", "L"])
    with world.session() as session:
        row = {"site_id": 1, "identifier": "D411", "style": "D411", "state": "on_joor", "by_hand": True, "joor_id": "p9", "created_at": NOW}
        session.add(StyleCard(**row, ids={"skus": {"NVY|L": "x1", "NVY|S": "x2"}, "prices": {}}))
    answer = world.sync()["D411"]
    assert isinstance(answer, NeedsMapping)
    assert [item.value for item in answer.missing] == ["remove:D411|NVY|L"]


def test_what_a_person_took_off_stays_off(synced: World) -> None:
    with synced.session() as session:
        card = session.get_one(StyleCard, (1, "D410"))
        card.sent = {**(card.sent or {}), "off": ["D410|RED|M"]}
        card.skus_digest = None
        session.add(card)
    synced.export("D410")
    assert not synced.joor.sku("D410", "RED|M").active
    assert synced.joor.sku("D410", "RED|S").active
    assert (synced.card("D410").sent or {})["off"] == ["D410|RED|M"]


def test_a_card_that_a_person_took_off_is_not_brought_back(synced: World) -> None:
    with synced.session() as session:
        card = session.get_one(StyleCard, (1, "D410"))
        card.state = "removed"
        session.add(card)
    (answer,) = synced.export("D410", full=True)
    assert isinstance(answer, Unchanged)
    assert "put-back" in answer.why
    assert synced.joor.calls == []


# ---- splitting and re-keying -------------------------------------------------------------------------------------------------------------


def test_colours_with_different_prices_become_cards_of_their_own(world: World) -> None:
    world.aims.put("D410", "RED", price="120.00")
    answer = world.sync()["D410"]
    assert sorted(world.joor.cards) == ["D410-NVY", "D410-RED", "D411"]
    assert world.joor.prices("D410-RED") == {"120.00"}
    assert isinstance(answer, Synced)
    assert answer.note == "D410 created in JOOR as 2 styles, split by colour; the prices differ by colour"


def test_a_live_style_is_not_split_without_a_person(synced: World) -> None:
    synced.aims.put("D410", "RED", price="120.00")
    answer = synced.sync()["D410"]
    assert isinstance(answer, NeedsMapping)
    assert [item.value for item in answer.missing] == ["rekey:D410"]
    assert synced.joor.calls == []


def test_an_allowed_split_makes_the_new_cards_then_asks_for_the_old_one_to_go(synced: World) -> None:
    synced.set(rekey="go")
    synced.aims.put("D410", "RED", price="120.00")
    answer = synced.sync()["D410"]
    assert isinstance(answer, Synced)
    assert set(synced.joor.cards) == {"D410", "D410-NVY", "D410-RED", "D411"}
    assert synced.jobs(JobKind.STYLES_REMOVE) == ["D410"]


def test_a_card_that_was_never_sent_is_forgotten_and_not_in_the_way_later(world: World) -> None:
    world.joor.refuses["D410"] = ("product", "no")
    world.sync()
    assert world.cards()["D410"] == "wanted"
    world.aims.put("D410", "RED", price="120.00")
    world.export("D410", fresh=True)
    assert set(world.cards()) == {"D410-NVY", "D410-RED", "D411"}


def test_two_styles_cannot_share_an_identifier(world: World) -> None:
    world.set(card="style_color")
    world.map("style", "D410-NVY", "D411|NVY")
    answers = world.sync()
    refused = [answer for answer in (answers["D410"], answers["D411"]) if isinstance(answer, NotPossible)]
    assert len(refused) == 1
    assert "'D410-NVY'" in refused[0].summary


# ---- JOOR says no ------------------------------------------------------------------------------------------------------------------------


def test_a_refused_style_fails_alone_with_joors_words(world: World) -> None:
    world.set(single_up_to=0)
    world.joor.refuses["D410"] = ("skus", "Size S is not known")
    answers = world.sync()
    assert isinstance(answers["D411"], Synced)
    refused = answers["D410"]
    assert isinstance(refused, Rejected)
    assert (refused.field, refused.remote_message) == ("skus", "Size S is not known")
    assert world.card("D410").product_digest
    assert world.card("D410").skus_digest is None
    world.joor.refuses.clear()
    world.export("D410")
    assert world.joor.created == ["D410", "D411"]
    assert world.joor.calls[-2:] == [("skus", ["D410"]), ("prices", ["D410"])]


def test_a_call_refused_as_a_whole_is_halved_to_the_style_it_means(world: World) -> None:
    world.set(single_up_to=0)
    world.aims.put("D412")

    def refuse(part: str, names: list[str]) -> None:
        if "D411" in names:
            raise Rejected("JOOR cannot read it", remote_message="bad item")

    world.joor.before_call = [refuse] * 20
    answers = world.sync()
    assert {style for style, answer in answers.items() if isinstance(answer, Rejected)} == {"D411"}
    assert world.cards() == {"D410": "on_joor", "D411": "wanted", "D412": "on_joor"}


@pytest.mark.parametrize("error", [Unavailable("503"), AccessDenied("401"), WaitUntil(NOW + timedelta(minutes=5), "no credits")])
def test_an_error_that_is_not_about_a_style_ends_the_run_for_all_that_is_left(world: World, error: Any) -> None:
    world.joor.before_call = [lambda *_: None] * 3 + [raising(error)]
    answers = world.sync()
    assert isinstance(answers["D410"], Synced)
    assert answers["D411"] is error
    assert world.joor.created == ["D410"]


def test_without_credits_nothing_is_in_doubt(world: World) -> None:
    world.joor.before_call = [raising(WaitUntil(NOW + timedelta(minutes=5), "no credits"))]
    world.sync()
    assert set(world.cards().values()) == {"wanted"}
    world.export("D410")
    assert not world.joor.works[-1].doubt


def test_a_lost_answer_is_looked_up_and_nothing_is_made_twice(world: World) -> None:
    world.joor.after_call = [raising(OutcomeUnknown("no answer"))]
    assert isinstance(world.sync()["D410"], OutcomeUnknown)
    assert world.card("D410").state == "sending"
    (answer,) = world.export("D410")
    assert isinstance(answer, Synced)
    assert world.joor.works[-1].doubt
    assert world.joor.created.count("D410") == 1


def test_a_card_that_joor_has_already_is_adopted(world: World) -> None:
    world.sync(styles=["D411"])
    with world.session() as session:
        session.delete(session.get_one(StyleCard, (1, "D411")))
    (answer,) = world.export("D411")
    assert isinstance(answer, Synced)
    assert answer.counts["adopted"] == 1
    assert world.card("D411").by_hand


def test_a_bulk_job_that_is_under_way_is_gone_on_with(world: World) -> None:
    world.joor.route, world.joor.job = "v2", "71"
    answers = world.sync()
    assert all(isinstance(answer, WaitUntil) for answer in answers.values())
    assert world.joor.calls == [("job", ["D410", "D411"])]
    assert (world.card("D410").pending or {})["job"] == "71"
    assert all(isinstance(answer, Synced) for answer in world.export("D410", "D411"))
    assert world.joor.calls == [("job", ["D410", "D411"])]
    assert (world.card("D410").state, world.card("D410").pending) == ("on_joor", None)


def test_a_bulk_job_of_what_has_changed_since_is_not_gone_on_with(world: World) -> None:
    world.joor.route, world.joor.job = "v2", "71"
    world.sync()
    world.aims.put("D411", "NVY", price="90.00", sizes=["S"])
    (answer,) = world.export("D411", fresh=True)
    assert isinstance(answer, WaitUntil)
    assert world.joor.calls[-1] == ("job", ["D411"])
    assert world.joor.works[-1].doubt


@pytest.mark.parametrize("point", ["after_http_before_record", "mid_batch"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_killed_anywhere_a_second_run_finishes_without_making_anything_twice(world: World, point: str, times: int) -> None:
    world.scan()
    hits = 0
    original = world._hit

    def hit(name: str) -> None:
        nonlocal hits
        hits += name == point
        if hits == times and name == point:
            raise Killed(name)
        original(name)

    world._hit = hit  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.export("D410", "D411")
    answers = world.export("D410", "D411")
    assert all(isinstance(answer, Synced | Unchanged) for answer in answers)
    assert world.joor.created == ["D410", "D411"]
    assert world.cards() == {"D410": "on_joor", "D411": "on_joor"}
    assert all(sku.active and sku.prices for card in world.joor.cards.values() for sku in card.skus)


# ---- what follows, previews --------------------------------------------------------------------------------------------------------------


def test_a_style_that_is_new_on_joor_brings_its_linesheets_up_to_date(world: World) -> None:
    world.linesheet("F1")
    world.sync()
    assert world.jobs(JobKind.LINESHEETS_SYNC) == ["F1"]


def test_a_new_colour_brings_linesheets_and_images_up_to_date_and_a_new_price_does_not(synced: World) -> None:
    synced.linesheet("F1")
    with synced.session() as session:
        session.execute(delete(Job).where(col(Job.kind).in_([JobKind.LINESHEETS_SYNC.value, JobKind.IMAGES_SCAN.value])))
    synced.aims.put("D411", "NVY", sizes=["S"], price="91.00")
    synced.sync()
    assert synced.jobs(JobKind.LINESHEETS_SYNC) == synced.jobs(JobKind.IMAGES_SCAN) == []
    synced.aims.put("D410", "WHT")
    synced.sync()
    assert (synced.jobs(JobKind.LINESHEETS_SYNC), synced.jobs(JobKind.IMAGES_SCAN)) == (["F1"], [""])


def test_linesheets_and_images_that_are_switched_off_are_not_brought_up_to_date(world: World) -> None:
    world.linesheet("F1")
    world.schedule = Schedule(off=["linesheets", "images"])
    world.sync()
    assert world.cards()
    assert world.jobs(JobKind.LINESHEETS_SYNC) == world.jobs(JobKind.IMAGES_SCAN) == []


def test_a_size_that_one_colour_alone_has_lost_becomes_a_task_for_a_person_until_it_is_back(synced: World) -> None:
    """JOOR switches whole colours and whole sizes only."""
    synced.aims.put("D410", "RED", sizes=["S"])
    answer = synced.sync(fresh=True)["D410"]
    assert isinstance(answer, Synced)
    assert "cannot switch off RED in size M" in answer.note
    with synced.session() as session:
        (task,) = session.exec(select(ManualTask).where(ManualTask.kind == "sku_hole")).all()
        assert (task.key, task.detail) == ("D410", {"style": "D410", "skus": ["RED|M"]})
        assert known_holes(session, 1) == [("D410", "D410", "RED", "M")]
    synced.aims.put("D410", "RED", sizes=["S", "M"])
    synced.sync(fresh=True)
    with synced.session() as session:
        assert known_holes(session, 1) == []


def test_a_dry_run_shows_before_and_after_and_sends_nothing(synced: World) -> None:
    synced.aims.put("D411", "NVY", sizes=["S", "M"], price="90.00")
    (answer,) = synced.export("D411", dry_run=True, fresh=True)
    assert isinstance(answer, Unchanged)
    assert answer.why == "dry run: D411 would be sent: 1 SKU, 2 prices"
    (card,) = answer.result["cards"]  # type: ignore[index]
    assert card["skus"] == {"added": ["NVY|M"]}
    assert card["prices"][0] == {
        "sku": "NVY|S",
        "label": "US Dollars",
        "currency": "USD",
        "before": ["110.00", None],
        "after": ["90.00", None],
    }
    assert synced.joor.calls == []
    assert synced.source("D411").rows[0]["wholesale_price"] == "110.00"


def test_a_dry_run_of_a_split_says_what_is_re_keyed_and_asks_nobody(synced: World) -> None:
    synced.aims.put("D410", "RED", price="120.00")
    (answer,) = synced.export("D410", dry_run=True, fresh=True)
    assert isinstance(answer, Unchanged)
    assert answer.result is not None
    assert answer.result["rekey"] == {"old": ["D410"], "new": ["D410-NVY", "D410-RED"]}
    assert synced.tasks("style_rekey") == []


def test_a_missing_price_stops_that_style_only(world: World) -> None:
    world.aims.put("D411", "NVY", price="0")
    answers = world.sync()
    assert isinstance(answers["D410"], Synced)
    assert isinstance(answers["D411"], NotPossible)
    assert "Style D411, colour NVY, USD" in answers["D411"].summary


def test_the_division_goes_by_joors_name_where_a_pair_says_so_and_only_while_the_site_is_alone(world: World) -> None:
    world.map("division", "01", "WOMEN", joor_name="Womenswear")
    world.sync()
    assert [(trait.value, trait.code) for trait in world.joor.cards["D410"].traits] == [("Womenswear", "01")]
    world.alone = False
    world.sync()
    assert world.joor.cards["D410"].traits == ()


def test_details_are_read_once_and_bring_the_fabrication(world: World) -> None:
    world.set(details=True)
    world.aims.details["id-D410"] = {"fabricContent": "100% Silk"}
    world.sync()
    assert [(trait.name, trait.value) for trait in world.joor.cards["D410"].traits] == [
        ("Division", "Women"),
        ("Fabrication Name", "100% Silk"),
    ]
    world.scan(fresh=True)
    assert world.jobs() == []
    assert world.aims.calls.count("details id-D410") == 1
