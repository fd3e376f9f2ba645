"""The catalogue on JOOR: loaded into an empty account, changed, killed in the middle, loaded under the documented quota."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.jobs import DataType, Job, JobKind, JobState
from models.sites import Site
from producers import linesheets as asking
from producers import style_rekey
from producers import styles as style_asking
from tests.journeys.catalogue_oracle import check_linesheets, check_styles, expected_skus, picture_counts, shown_skus
from tests.journeys.linesheet_cast import define
from tests.journeys.test_chaos import QUICK
from tests.journeys.town import Town
from tests.journeys.workshop import Workshop

pytestmark = pytest.mark.journey
CATALOGUE = (DataType.STYLES, DataType.LINESHEETS, DataType.IMAGES)
EMPTY = ["--empty-catalogue", "--orders", "20"]
NO_QUOTA = ["--set", "credit_quota=false"]
PLENTY = {"JOOR_CREDITS": "1000000"}


def open_town(database_url: str, amqp_url: str | None, folder: Path, *options: str, **site: Any) -> Town:
    town = Town(database_url, amqp_url, folder, sandbox=[*EMPTY, *options])
    town.add_site("us", **site)
    return town


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Iterator[Workshop]:
    """40 styles of one account, v4, no quota."""
    with open_town(sqlite_url, None, tmp_path, "--styles", "40", "--accounts", "us", *NO_QUOTA) as town:
        made = Workshop(town, **PLENTY)
        yield made
        made.close()


def seasons(town: Town, begins: str) -> list[str]:
    return sorted(row["code"] for row in town.brand["brand"]["seasons"] if row["code"].startswith(begins))


def styles_of(town: Town, codes: list[str]) -> set[str]:
    """Style numbers of these seasons that have something to show."""
    ids = {row["id"] for row in town.brand["brand"]["seasons"] if row["code"] in codes}
    found = {row["style"] for row in town.state("style_colors", system="aims360") if row["season_id"] in ids and row["active"]}
    divisions = {identifier.split("-")[0] + "-" + identifier.split("-")[1] for identifier, _, _ in expected_skus(town, "us")}
    return found & divisions


def plain_styles(town: Town) -> list[str]:
    """Styles of several active colours with one price."""
    groups: dict[str, list[Any]] = {}
    for row in town.state("style_colors", system="aims360"):
        groups.setdefault(row["style"], []).append(row)
    expected = {identifier for identifier, _, _ in expected_skus(town, "us")}
    return [
        style
        for style, rows in groups.items()
        if style in expected and all(row["active"] for row in rows) and len({row["wholesale"] for row in rows}) == 1
    ]


def failures(town: Town) -> list[tuple[str, str, str | None, str | None]]:
    return [(job.kind, job.key, job.error_summary, job.remote_message) for job in town.jobs(JobState.FAILED, JobState.BLOCKED)]


def wrote(town: Town, before: dict[str, int]) -> dict[str, int]:
    counts = town.control("/_ledger")["counts"]
    return {
        name.removeprefix("joor."): count - before.get(name, 0)
        for name, count in counts.items()
        if name.startswith("joor.") and count != before.get(name, 0)
    }


def test_an_empty_account_is_filled_and_only_changes_are_sent_after_that(shop: Workshop) -> None:
    town = shop.town
    define(town, "us", "F1", "Fall 1", seasons=seasons(town, "FA"))
    shop.sync(*CATALOGUE)
    assert failures(town) == []
    assert check_styles(town, "us") > 300
    fall = styles_of(town, seasons(town, "FA"))
    check_linesheets(town, "us", {"F1": fall})
    assert set(picture_counts(town, "us").values()) == {1}

    before = town.control("/_ledger")["counts"]
    shop.sync(*CATALOGUE)
    assert wrote(town, before) == {}, "nothing had changed"

    dear, fresh = plain_styles(town)[:2]
    town.control("/_aims/style_colors", {"style": dear, "wholesale": "77.50"}, system="aims360")
    shop.sync(*CATALOGUE)
    assert set(wrote(town, before)) == {"price_updated"}, "a price change sends prices only"
    check_styles(town, "us")

    before = town.control("/_ledger")["counts"]
    town.control("/_aims/add_color", {"style": fresh, "color": "TRQ", "color_description": "Turquoise"}, system="aims360")
    shop.sync(*CATALOGUE)
    sizes = len({size for identifier, color, size in expected_skus(town, "us") if (identifier, color) == (fresh, "TRQ")})
    changes = wrote(town, before)
    assert (changes["sku_created"], changes["price_created"]) == (sizes, 2 * sizes)
    assert set(changes) <= {"sku_created", "price_created", "asset_added"}
    check_styles(town, "us")

    before = town.control("/_ledger")["counts"]
    with town.sessions() as session:
        asking.drop(session, "us", "F1", sorted(fall)[0], "anna", clock=shop.clock)
    shop.work()
    assert wrote(town, before) == {"collection_updated": 1, "collection_items_removed": 1}
    check_linesheets(town, "us", {"F1": fall - {sorted(fall)[0]}})


def test_a_linesheet_made_by_hand_survives_everything(shop: Workshop) -> None:
    town = shop.town
    shop.sync(DataType.STYLES)
    mine, other = plain_styles(town)[:2]
    made = {"name": "Top Buyers", "code": "TOP", "items": [mine, "HM-9001"]}
    town.control("/_joor/us/linesheets", made)
    define(town, "us", "F1", "Fall 1", styles=[mine, other])
    shop.sync(*CATALOGUE)
    town.control("/_joor/us/linesheets/F1/items", {"identifier": "HM-9002"})
    define(town, "us", "F1", "Fall 1 renamed", styles=[other])
    town.control("/_aims/style_colors", {"style": mine, "wholesale": "61.00"}, system="aims360")
    shop.sync(*CATALOGUE, everything=True)
    rows = {row["code"]: row for row in town.state("linesheets", account="us")}
    assert [item["identifier"] for item in rows["TOP"]["items"]] == [mine, "HM-9001"]
    assert {item["identifier"] for item in rows["F1"]["items"]} == {other, "HM-9002"}
    assert rows["F1"]["name"] == "Fall 1 renamed"
    assert rows["SHOWROOM"]["items"], "the account's own hand-made linesheet"
    assert failures(town) == []


def test_a_sku_on_an_open_order_is_never_taken_away_silently(shop: Workshop) -> None:
    town = shop.town
    shop.sync(DataType.STYLES)
    style = plain_styles(town)[0]
    skus = sorted(sku for sku in expected_skus(town, "us") if sku[0] == style)
    identifier, color, size = skus[0]
    colors = sorted({sku[1] for sku in skus})
    line = {
        "item_number": style,
        "item_style_identifier": identifier,
        "item_color_code": color,
        "item_size": size,
        "item_quantity": "2",
        "item_price": "10.00",
        "item_unit_price": "10.00",
        "item_price_extended": "20.00",
    }
    order = town.control("/_joor/us/orders", {"line_items": [line]})["order_id"]
    for gone in colors:
        town.control("/_aims/remove_sku", {"style": style, "color": gone, "size": size}, system="aims360")
    shop.sync(DataType.STYLES)
    (job,) = town.jobs(JobState.BLOCKED, kind=JobKind.STYLES_EXPORT)
    assert str(order) in str((job.error_summary, job.blocked_on, job.error_fix))
    card = next(row for row in town.state("products", account="us") if row["identifier"] == identifier)
    assert {sku["status"] for sku in card["skus"]} == {"ACTIVE"}

    with town.sessions() as session:
        for missing in job.blocked_on or []:
            style_asking.allow(session, "us", "remove", missing["value"].partition(":")[2], "anna", clock=shop.clock)
    shop.work()
    card = next(row for row in town.state("products", account="us") if row["identifier"] == identifier)
    off = sorted((sku["color_code"], sku["size"]) for sku in card["skus"] if sku["status"] == "INACTIVE")
    assert off == [(gone, size) for gone in colors]
    assert failures(town) == []


def test_a_live_catalogue_is_rekeyed_with_its_linesheets_and_back_again(shop: Workshop) -> None:
    """One card per style, then one per colour, then one per style once more: nothing is left over, and nothing is made twice."""
    town = shop.town
    with town.sessions() as session:  # the account's orders hold many of the old cards; asking for each is another test's
        site = session.get_one(Site, 1)
        site.style_settings = {**site.style_settings, "deactivate": "go"}
    fall = styles_of(town, seasons(town, "FA"))
    define(town, "us", "F1", "Fall 1", seasons=seasons(town, "FA"))
    shop.sync(*CATALOGUE)
    for card in ("style_color", "style"):
        with town.sessions() as session:
            preview = style_rekey.rekey(session, "us", card, confirm=True, by="anna", clock=shop.clock)  # type: ignore[arg-type]  # a Literal
            assert preview.rekeyed
        shop.work()
        shop.sync(*CATALOGUE)
        assert failures(town) == []
        shown, expected = shown_skus(town, "us"), expected_skus(town, "us")
        keys = {(name if card == "style" else f"{_style_of(name, color)}-{color}", color, size) for name, color, size in expected}
        assert set(shown) == keys
        check_linesheets(town, "us", {"F1": fall})
        offered = {name for name, _, _ in shown}
        (sheet,) = [row for row in town.state("linesheets", account="us") if row["code"] == "F1"]
        assert {item["identifier"] for item in sheet["items"]} <= offered, "no old card is left on the linesheet"


def _style_of(identifier: str, color: str) -> str:
    return identifier.removesuffix(f"-{color}")


@pytest.mark.parametrize(
    "styles",
    [pytest.param(450, id="450-styles"), pytest.param(5000, id="5000-styles-100000-skus", marks=pytest.mark.proof)],
)
def test_a_first_load_under_the_documented_quota_spends_hardly_more_than_the_least(styles: int, sqlite_url: str, tmp_path: Path) -> None:
    """Orders and inventory flow meanwhile. Windows are jumped over, not slept through."""
    with open_town(sqlite_url, None, tmp_path, "--styles", str(styles), "--accounts", "us") as town:
        shop = Workshop(town)
        order_at: dict[str, Any] = {}

        def in_the_middle() -> None:
            done = len(town.jobs(JobState.SUCCEEDED, kind=JobKind.STYLES_EXPORT))
            if not order_at and done:
                order_at["job"] = shop.ask(DataType.ORDERS, "us")
                order_at["stock"] = shop.ask(DataType.INVENTORY, "us")

        shop.ask(DataType.STYLES, "us")
        shop.work(in_the_middle)
        skus = check_styles(town, "us")
        calls = [row for row in town.control("/_calls?system=joor&path=/v4/")["calls"] if row["status"] == 200]
        catalogue = [row for row in calls if any(part in row["path"] for part in ("products", "skus", "prices", "price_types", "traits"))]
        writes = [row for row in catalogue if row["method"] == "POST"]
        least = 3 * math.ceil(len(town.jobs(JobState.SUCCEEDED, kind=JobKind.STYLES_EXPORT)) / 100)
        credits = 5 * len(writes) + len(catalogue) - len(writes)
        exports = sorted(_ends(town, JobKind.STYLES_EXPORT))
        print(
            f"{skus} SKUs: {len(writes)} writes ({least} at the least), {credits} credits ({5 * least} at the least), "
            f"{shop.waits} waits, {math.ceil(credits / 210)} windows of 210 credits for styles"
        )
        assert len(writes) <= 1.1 * least
        assert credits <= 1.1 * 5 * least + 5
        refused = [row for row in town.control("/_calls?system=joor")["calls"] if row["status"] == 429]
        assert not refused, "JOOR's quota was kept"
        for kind in (JobKind.ORDERS_IMPORT, JobKind.INVENTORY_PUSH):
            ends = list(_ends(town, kind))
            assert ends, f"{kind} ran"
            assert min(ends) < exports[-1], f"{kind} flowed while the catalogue was loading"
        shop.close()


def _ends(town: Town, kind: JobKind) -> Iterator[Any]:
    yield from (job.finished_at for job in _done(town, kind))


def _done(town: Town, kind: JobKind) -> list[Job]:
    return [job for job in town.jobs(JobState.SUCCEEDED, JobState.UNCHANGED, kind=kind) if job.finished_at]


#: Data type -> rounds of (name, nth): between product, SKUs and prices, before and after what was answered is stored.
FEW = {
    DataType.STYLES: [{"after_claim": 1, "after_http_before_record": 1, "mid_batch": 2}, {"after_http_before_record": 3, "mid_batch": 1}],
    DataType.LINESHEETS: [{"after_http_before_record": 1, "mid_batch": 1}],
    DataType.IMAGES: [{"after_http_before_record": 1, "mid_batch": 2}],
}
_EVERY = ("after_claim", "after_http_before_record", "mid_batch", "after_record_before_ack")
MANY = {data_type: [dict.fromkeys(_EVERY, nth) for nth in (1, 2, 3, 5)] for data_type in CATALOGUE}


@pytest.mark.parametrize("rounds", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.proof)])
@pytest.mark.parametrize("with_v4", [True, False], ids=["v4", "v2"])
def test_processes_that_die_at_every_point_leave_one_of_everything(
    with_v4: bool, rounds: dict[DataType, list[dict[str, int]]], postgres_url: str, amqp_url: str, tmp_path: Path
) -> None:
    """kill -9 between product, SKUs, prices, linesheet and pictures; then a second look completes it, without duplicates."""
    with open_town(postgres_url, amqp_url, tmp_path, "--styles", "16", "--accounts", "us", *NO_QUOTA, with_v4=with_v4) as town:
        town.control("/_switches", {"job_delay": 0})
        define(town, "us", "F1", "Fall 1", seasons=seasons(town, "FA"))
        town.start_producers()
        kills = 0
        for data_type, strikes in rounds.items():
            for number, names in enumerate(strikes):
                once = tmp_path / f"{data_type.value}-{number}"
                env = {"FAILPOINTS": ",".join(f"{name}:kill:{nth}" for name, nth in names.items()), "FAILPOINTS_ONCE": str(once)}
                town.start_worker(**QUICK, **PLENTY, **env)
                town.ask(data_type, "us", everything=number > 0 and data_type is not DataType.IMAGES)
                town.until_idle(300, every=town.restart_dead)
                town.kill("worker")
                kills += len(list(once.iterdir())) if once.exists() else 0
        assert kills >= len(rounds), "processes died"
        town.start_worker(**QUICK, **PLENTY)
        for data_type in CATALOGUE:
            town.ask(data_type, "us")
            town.until_idle(300)
        assert failures(town) == []
        skus = check_styles(town, "us")
        check_linesheets(town, "us", {"F1": styles_of(town, seasons(town, "FA"))})
        pictures = picture_counts(town, "us")
        assert pictures
        assert set(pictures.values()) == {1}, "no picture twice"
        assert len([row for row in town.state("linesheets", account="us") if row["code"] == "F1"]) == 1
        print(f"{skus} SKUs, {len(pictures)} pictures, {kills} kills, nothing lost, nothing doubled")
