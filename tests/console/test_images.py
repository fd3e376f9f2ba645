"""`joorsync images`: what JOOR was given, and why something was not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import typer.testing

from console import images
from console.commands.images import app
from console.process import Process
from models import Site
from models.catalogue import CardState, ImageSent, StyleCard
from models.errors import NotPossible
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory
from runtime.settings import Settings

NOW = datetime(2031, 9, 1, tzinfo=UTC)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        for key in ("us", "eu"):
            session.add(
                Site(
                    key=key,
                    is_sandbox=True,
                    joor_api_url="https://joor.test",
                    aims_api_url="https://aims.test",
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
        session.flush()
        session.add(StyleCard(site_id=1, identifier="D410-NVY", style="D410", color="NVY", state=CardState.ON_JOOR, created_at=NOW))
        session.add(StyleCard(site_id=2, identifier="D500", style="D500", state=CardState.ON_JOOR, created_at=NOW))
        session.add_all(
            [
                sent(1, "D410-NVY", "swatch", "NVY", 1, digest="a" * 64),
                sent(1, "D410-NVY", "color", "NVY", 1, digest=None),
                sent(1, "D410-NVY", "style", "", 1, digest=None, refused="The file is broken"),
                sent(2, "D500", "style", "", 1, digest="b" * 64, refused="not in the source any more"),
            ]
        )
    yield made
    engine.dispose()


def sent(site_id: int, identifier: str, level: str, color: str, place: int, **more: Any) -> ImageSent:
    name = f"{identifier}_{level}.jpg"
    return ImageSent(
        site_id=site_id,
        identifier=identifier,
        level=level,
        color=color,
        place=place,
        filename=name,
        source=f"/p/{name}",
        sent_at=NOW,
        **more,
    )


@pytest.fixture
def run(sessions: Sessions, sqlite_url: str) -> Any:
    process = Process(Settings(database_url=sqlite_url), FrozenClock(NOW), cast(Any, None), "anna")

    def call(*arguments: str) -> str:
        answer = typer.testing.CliRunner().invoke(app, list(arguments), obj=process)
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return answer.output

    yield call
    process.close()


def test_pictures_are_listed_by_style_with_their_state(run: Any) -> None:
    rows = json.loads(run("--json"))
    assert [(row["site"], row["style"], row["level"], row["color"], row["state"]) for row in rows] == [
        ("us", "D410", "color", "NVY", "in doubt"),
        ("us", "D410", "style", "", "refused"),
        ("us", "D410", "swatch", "NVY", "on JOOR"),
        ("eu", "D500", "style", "", "on JOOR, see why"),
    ]
    assert rows[2]["sent_at"] == "2031-09-01T00:00:00+00:00"


def test_a_listing_is_narrowed_by_site_style_and_refusal(run: Any, sessions: Sessions) -> None:
    assert len(json.loads(run("list", "--site", "eu", "--json"))) == 1
    assert len(json.loads(run("list", "--style", "D410", "--json"))) == 3
    assert len(json.loads(run("list", "--refused", "--json"))) == 2
    assert len(json.loads(run("list", "--limit", "1", "--json"))) == 1
    with sessions() as session, pytest.raises(NotPossible, match="There is no site 'xx'"):
        images.listing(session, "xx", [], False, 10)


def test_the_table_shows_words_of_refusals(run: Any) -> None:
    assert "The file is broken" in run()
    assert "No pictures. To send some" in run("--style", "D999")


def test_one_style_is_shown_with_where_its_pictures_come_from(run: Any) -> None:
    told = run("show", "D410")
    assert "us  D410-NVY  swatch NVY 1  D410-NVY_swatch.jpg  on JOOR" in told
    assert "from /p/D410-NVY_style.jpg" in told
    assert "    The file is broken" in told
    assert json.loads(run("show", "D410", "--site", "us", "--json"))[2]["digest"] == "a" * 64


def test_a_style_that_is_not_there_is_said_with_what_to_do(run: Any) -> None:
    with pytest.raises(NotPossible, match="Style D410 has no card for site eu") as caught:
        run("show", "D410", "--site", "eu")
    assert caught.value.fix == ["Export it: joorsync enqueue styles --site eu --key D410"]
