"""The catalogue into an empty JOOR over real HTTP: full batches against one call chain per style, which JOOR prefers for small numbers.

JOOR's documented quota holds (300 credits in 300 s); its windows are jumped over by moving both clocks on, not slept through. `windows` is
how often everything waited for credits. Then nothing is changed, and then 1 % of the styles get another price. `least` is what full batches
of 100 styles cost at the least: three writes each, for products, SKUs and prices.
"""

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring.report import options, rates, ratio, show, timed
from measuring.servers import Servers, about_database, servers
from sqlmodel import col, func, select

from models.jobs import Attempt, DataType, Job, JobKind, JobState
from models.settings import StyleSettings

if TYPE_CHECKING:
    from tests.journeys.workshop import Workshop

SITE = "us"
SYNCS = ("first", "unchanged", "one_percent_changed")
#: Contender -> styles that go one call chain each.
CONTENDERS = {"batches": 3, "one_by_one": 1_000_000}


@contextmanager
def workshop(have: Servers, size: int, single_up_to: int) -> Iterator["Workshop"]:
    from tests.journeys.town import Town  # found once `servers()` has said where the tests are
    from tests.journeys.workshop import Workshop

    sandbox = ["--styles", str(size), "--orders", "0", "--accounts", SITE, "--empty-catalogue"]
    with (
        tempfile.TemporaryDirectory(prefix="joorsync-bench-") as folder,
        have.database("postgresql") as url,
        Town(url, None, Path(folder), sandbox=sandbox) as town,
    ):
        town.add_site(SITE, styles=StyleSettings(price_source="price_list", single_up_to=single_up_to))
        made = Workshop(town)
        try:
            yield made
        finally:
            made.close()


def sync(shop: "Workshop") -> dict[str, Any]:
    """Ask as a script would, run what follows, and count."""
    with shop.town.sessions() as session:
        before = session.exec(select(func.coalesce(func.max(Attempt.id), 0))).one()
    waits = shop.waits
    run_id = shop.ask(DataType.STYLES, SITE)
    shop.work()
    with shop.town.sessions() as session:
        bad = session.exec(select(Job).where(col(Job.state).in_([JobState.FAILED.value, JobState.BLOCKED.value]))).all()
        if bad:
            raise AssertionError(f"not done: {[(job.kind, job.state, job.error_summary) for job in bad[:5]]}")
        styles = session.exec(
            select(func.count())
            .select_from(Job)
            .where(Job.run_id == run_id, Job.kind == JobKind.STYLES_EXPORT, Job.state == JobState.SUCCEEDED)
        ).one()
        spent = session.exec(select(func.sum(Attempt.calls), func.sum(Attempt.credits)).where(col(Attempt.id) > before)).one()
    return {"styles": styles, "calls": spent[0] or 0, "credits": spent[1] or 0, "windows": shop.waits - waits}


def change_one_percent(shop: "Workshop") -> None:
    styles = sorted({row["style"] for row in shop.town.state("style_colors", system="aims360") if row["active"]})
    for style in styles[::100]:
        shop.town.control("/_aims/style_colors", {"style": style, "wholesale": "123.50"}, system="aims360")


def main() -> None:
    given = options(__doc__.splitlines()[0], size=300, of="styles", repeat=1)
    seconds: dict[str, dict[str, list[float]]] = {name: {contender: [] for contender in CONTENDERS} for name in SYNCS}
    counts: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in SYNCS}
    with servers() as have:
        for number in range(given.repeat):
            turns = list(CONTENDERS.items())
            for contender, single_up_to in turns if number % 2 == 0 else reversed(turns):
                with workshop(have, given.size, single_up_to) as shop:
                    for name in SYNCS:
                        if name == "one_percent_changed":
                            change_one_percent(shop)
                        here: dict[str, Any] = counts[name].setdefault(contender, {})
                        seconds[name][contender].append(timed(lambda shop=shop, here=here: here.update(sync(shop))))  # type: ignore[misc]  # bound at once
                    about = about_database(shop.town.sessions)
    syncs = {}
    for name in SYNCS:
        speed = rates(seconds[name], max(1, counts[name]["batches"]["styles"]))
        syncs[name] = {
            "contenders": {contender: {**counts[name][contender], **speed[contender]} for contender in CONTENDERS},
            "times_as_fast": ratio(seconds[name]["batches"], seconds[name]["one_by_one"]),
            "credits_saved": counts[name]["one_by_one"]["credits"] - counts[name]["batches"]["credits"],
        }
    styles = counts["first"]["batches"]["styles"]
    least = {"writes": 3 * math.ceil(styles / 100), "credits": 15 * math.ceil(styles / 100)}
    show("catalogue", given, unit="styles", postgresql=about, least=least, syncs=syncs)


if __name__ == "__main__":
    main()
