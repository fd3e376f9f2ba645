"""Cards, colours and sizes go off JOOR, remembered, never silently from an open order."""

from pathlib import Path
from typing import Any

import pytest

from clients.joor.types import Saved
from models.catalogue import CardState, ImageSent, Linesheet, LinesheetItem
from models.errors import Unavailable
from models.jobs import Job, JobKind, JobState
from models.settings import StyleSettings
from producers.styles import allow, put_back, request_remove
from rules.style_parts import fingerprint
from tests.workers.style_hands import NOON, Bench, Died, draft, line, raw_order
from workers.style_cards import draft_of


@pytest.fixture
def bench(tmp_path: Path, sqlite_url: str) -> Bench:
    return Bench(tmp_path).open(sqlite_url)


def remove(bench: Bench, key: str, *, dry_run: bool = False, **payload: object) -> Job:
    return bench.ask(JobKind.STYLES_REMOVE, key, payload or None, dry_run=dry_run)


def on_a_linesheet(bench: Bench) -> None:
    bench.write(Linesheet(id=1, site_id=1, code="F1", name="Fall 1", items_digest="x", created_at=NOON))
    bench.write(
        LinesheetItem(linesheet_id=1, identifier="D410", added_at=NOON), LinesheetItem(linesheet_id=1, identifier="T2", added_at=NOON)
    )
    bench.write(ImageSent(site_id=1, identifier="D410", level="style", place=1))


def test_a_card_goes_off_joor_and_its_linesheets_look_again(bench: Bench) -> None:
    bench.card(draft())
    on_a_linesheet(bench)
    job = remove(bench, "D410")
    assert (job.state, job.note) == (JobState.SUCCEEDED, "D410 was taken off JOOR")
    assert bench.catalogue.off == [("D410", None, None)]
    card = bench.stored()
    assert (card.state, card.joor_id, card.product_digest, card.skus_digest, card.prices_digest) == (
        CardState.REMOVED,
        "9",
        None,
        None,
        None,
    )
    assert [item.identifier for item in bench.all(LinesheetItem)] == ["D410", "T2"], "the sync that follows knows that it is ours"
    assert bench.all(Linesheet)[0].items_digest is None
    assert len(bench.all(ImageSent)) == 1


def test_on_the_v2_route_the_card_is_deleted_with_its_images_and_has_no_id_any_more(tmp_path: Path, sqlite_url: str) -> None:
    bench = Bench(tmp_path, route="v2").open(sqlite_url)
    bench.card(draft())
    on_a_linesheet(bench)
    remove(bench, "D410")
    assert (bench.stored().joor_id, bench.stored().ids) == (None, {"skus": {}, "prices": {}})
    assert bench.all(ImageSent) == []


def test_a_size_of_one_colour_goes_and_only_that_is_remembered_as_inactive(bench: Bench) -> None:
    bench.card(draft())
    job = remove(bench, "D410|NVY|M")
    assert job.note == "Size M of D410 in NVY was taken off JOOR"
    assert bench.catalogue.off == [("D410", "NVY", "M")]
    card, told = bench.stored(), draft_of(bench.stored())
    assert told is not None
    assert [sku.key for sku in told.skus if not sku.active] == ["NVY|M"]
    assert card.state == CardState.ON_JOOR
    assert card.skus_digest == fingerprint((card.sent or {})["skus"])
    assert (card.sent or {})["off"] == ["D410|NVY|M"]


def test_a_colour_and_a_size_of_every_colour_go(bench: Bench) -> None:
    bench.card(draft())
    assert remove(bench, "D410|RED").note == "Colour RED of D410 was taken off JOOR"
    assert remove(bench, "D410||S").note == "Size S of D410 was taken off JOOR"
    told = draft_of(bench.stored())
    assert told is not None
    assert [sku.key for sku in told.skus if sku.active] == ["NVY|M"]
    assert (bench.stored().sent or {})["off"] == ["D410|RED", "D410||S"]


def test_what_is_off_already_is_not_taken_off_again(bench: Bench) -> None:
    bench.card(draft())
    remove(bench, "D410|RED")
    assert remove(bench, "D410|RED|S").note == "Size S of D410 in RED is off JOOR already"
    remove(bench, "D410")
    assert remove(bench, "D410").state == JobState.UNCHANGED
    assert len(bench.catalogue.off) == 2


def test_an_open_order_blocks_it_until_a_person_allows_it(bench: Bench) -> None:
    bench.card(draft())
    bench.joor.put(raw_order(7700123))
    job = remove(bench, "D410|NVY|M")
    assert (job.state, bench.catalogue.off) == (JobState.BLOCKED, [])
    assert job.error_summary is not None
    assert "7700123 (approved)" in job.error_summary
    task, released = bench.act(allow, "remove", "D410|NVY|M", "anna")
    assert (task.done_by, released) == ("anna", 1)
    bench.work()
    assert bench.job(job.id).state == JobState.SUCCEEDED
    assert bench.catalogue.off == [("D410", "NVY", "M")]


def test_an_order_that_names_only_the_upc_blocks_it_too(bench: Bench) -> None:
    bench.card(draft())
    bench.joor.put(raw_order(7700123, line(item_style_identifier="OLD-NAME", item_number="OLD-NAME")))
    assert remove(bench, "D410|NVY").state == JobState.BLOCKED


def test_of_several_jobs_only_those_that_are_held_wait_and_joor_is_read_once(bench: Bench) -> None:
    bench.card(draft())
    bench.card(draft("T200", "T200", "BLK"), style="T200", joor_id="10")
    bench.joor.put(raw_order(7700123))
    with bench.sessions() as session:
        request_remove(session, "us", ["D410", "T200"], clock=bench.clock)
    bench.work()
    assert {job.key: job.state for job in bench.all(Job)} == {"D410": JobState.BLOCKED, "T200": JobState.SUCCEEDED}
    assert len(bench.joor.asked) == 4


def test_a_dry_run_shows_skus_and_orders_and_sends_nothing(bench: Bench) -> None:
    bench.card(draft())
    bench.joor.put(raw_order(7700123))
    job = remove(bench, "D410|NVY", dry_run=True)
    assert job.state == JobState.UNCHANGED
    assert job.note == "dry run: Colour NVY of D410 would be taken off JOOR; 1 open order(s) hold it"
    assert job.result == {
        "remove": "D410|NVY",
        "skus": ["NVY|S", "NVY|M"],
        "orders": [{"order": "7700123", "status": "approved", "cannot_be_read": ""}],
    }
    assert (bench.catalogue.off, bench.stored().state) == ([], CardState.ON_JOOR)


def test_a_card_made_by_hand_goes_only_when_that_is_said(bench: Bench) -> None:
    bench.card(identifier="HAND", number="HAND", by_hand=True)
    bench.catalogue.show("HAND", "HAND", "Dress", ("NVY", "M", ""), joor_id="9")
    job = remove(bench, "HAND")
    assert (job.state, bench.catalogue.off) == (JobState.FAILED, [])
    assert job.error_fix == ['If it is to go all the same: joorsync styles remove "HAND" --by-hand --site us']
    assert remove(bench, "HAND", by_hand=True).state == JobState.SUCCEEDED
    assert bench.catalogue.off == [("HAND", None, None)]


def test_an_old_card_stays_until_its_new_cards_are_on_joor(bench: Bench) -> None:
    bench.card(draft())
    bench.card(draft("D410-NVY", "D410", "NVY"), color="NVY", joor_id="10")
    job = remove(bench, "D410", replaced_by=["D410-NVY", "D410-RED"])
    assert (job.state, bench.catalogue.off) == (JobState.WAITING, [])
    assert job.note == "D410 stays until its new cards are on JOOR: D410-RED"
    bench.card(draft("D410-RED", "D410", "RED"), color="RED", joor_id="11")
    assert bench.again(job).state == JobState.SUCCEEDED


def test_a_card_that_was_never_sent_is_only_crossed_out(bench: Bench) -> None:
    bench.card(identifier="D410", state=CardState.WANTED, joor_id=None)
    job = remove(bench, "D410")
    assert job.note == "D410 was not on JOOR yet and will not be sent"
    assert (bench.stored().state, bench.catalogue.off, bench.joor.asked) == (CardState.REMOVED, [], [])


@pytest.mark.parametrize("key", ["NOSUCH", "D410|BLK", "D410|NVY|XXL", "D410|", "|NVY", "a|b|c|d"])
def test_what_is_not_there_or_not_a_key_fails_with_words(bench: Bench, key: str) -> None:
    bench.card(draft())
    job = remove(bench, key)
    assert (job.state, job.error_kind, bench.catalogue.off) == (JobState.FAILED, "not_possible", [])
    assert job.error_fix


def test_a_card_whose_export_did_not_end_is_not_guessed_about(bench: Bench) -> None:
    bench.card(identifier="D410", state=CardState.SENDING, joor_id=None)
    job = remove(bench, "D410")
    assert job.state == JobState.FAILED
    assert 'joorsync enqueue styles --key "D410" --site us' in (job.error_fix or [""])[0]


def test_joors_refusal_is_quoted_and_the_card_stays(bench: Bench) -> None:
    bench.card(draft())
    bench.catalogue.refuses["D410"] = "SKU is part of a locked order"
    job = remove(bench, "D410")
    assert (job.state, job.remote_message) == (JobState.FAILED, "SKU is part of a locked order")
    assert bench.stored().state == CardState.ON_JOOR


def test_a_process_that_dies_after_the_call_takes_it_off_again_and_records_it(bench: Bench) -> None:
    bench.card(draft())
    bench.crash = "after_http_before_record"
    with pytest.raises(Died):
        remove(bench, "D410")
    (job,) = bench.all(Job)
    assert bench.stored().state == CardState.ON_JOOR
    assert bench.again(job).state == JobState.SUCCEEDED
    assert bench.stored().state == CardState.REMOVED
    assert bench.catalogue.off == [("D410", None, None)] * 2


def test_when_joor_goes_away_in_the_middle_what_was_done_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.styles = StyleSettings(deactivate="go")
    bench.card(draft())
    bench.card(draft("T200", "T200", "BLK"), style="T200", joor_id="10")
    work = bench.catalogue.set_active
    calls: list[str] = []

    def once(*given: Any) -> Saved:
        calls.append(given[0].draft.identifier)
        if len(calls) == 2:
            raise Unavailable("JOOR does not answer")
        return work(*given)

    monkeypatch.setattr(bench.catalogue, "set_active", once)
    with bench.sessions() as session:
        request_remove(session, "us", ["D410", "T200"], clock=bench.clock)
    bench.work()
    assert {job.key: job.state for job in bench.all(Job)} == {"D410": JobState.SUCCEEDED, "T200": JobState.RETRYING}
    bench.again(next(job for job in bench.all(Job) if job.key == "T200"))
    assert {job.key: job.state for job in bench.all(Job)} == {"D410": JobState.SUCCEEDED, "T200": JobState.SUCCEEDED}


def test_what_was_taken_off_can_be_put_back(bench: Bench) -> None:
    bench.card(draft())
    remove(bench, "D410|NVY|M")
    bench.act(put_back, "D410|NVY|M", "anna")
    card = bench.stored()
    assert ((card.sent or {}).get("off"), card.skus_digest) == ([], None)
    remove(bench, "D410")
    bench.act(put_back, "D410", "anna")
    assert bench.stored().state == CardState.ON_JOOR
    assert [job.key for job in bench.all(Job, Job.kind == JobKind.STYLES_EXPORT.value)] == ["D410"]
