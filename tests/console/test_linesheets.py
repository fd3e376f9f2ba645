"""`joorsync linesheets`: define, look, preview, drop and restore, retire, CSV."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from console.linesheet_csv import export, parse
from models.audit import AuditEntry
from models.catalogue import Linesheet, LinesheetItem, StyleCard, StyleSource
from models.errors import NotPossible, Outcome, Unchanged
from models.jobs import Job, JobKind
from models.settings import LinesheetRule
from tests.console.conftest import Said, Shell
from workers.flows import SPECS
from workers.sync import Context, FlowSpec, JobView

NOW = datetime(2031, 9, 1, tzinfo=UTC)
NEW = ["--name", "Fall 1", "--rule-season", "FA31"]


@pytest.fixture
def town(shell: Shell) -> Shell:
    """A site "us" that knows style D410 in navy and red."""
    shell.add_site("us", "--sandbox", "--joor-api", "https://apisandbox.jooraccess.com")
    with shell.sessions() as session:
        rows = [{"color": color} for color in ("NVY", "RED")]
        session.add(StyleSource(site_id=1, style="D410", rows=rows, digest="", read_at=NOW))
    return shell


def sheets(shell: Shell, *arguments: str, **more: Any) -> Said:
    return shell("linesheets", *arguments, "--site", "us", **more)


def define(shell: Shell, *options: str) -> Said:
    said = sheets(shell, "define", "F1", *options)
    assert said.code == 0, said.err
    return said


def rule(shell: Shell) -> LinesheetRule:
    with shell.sessions() as session:
        return LinesheetRule.model_validate(session.exec(select(Linesheet)).one().rule)


def jobs(shell: Shell) -> list[tuple[str, str, bool]]:
    with shell.sessions() as session:
        return [(job.kind, job.key, job.dry_run) for job in session.exec(select(Job))]


def test_a_defined_linesheet_is_listed_and_asked_for(town: Shell) -> None:
    said = define(town, *NEW, "--season", "FA31", "--season-name", "Fall", "--season-year", "2031", "--start", "2031-08-01",
                  "--complete", "2031-08-31", "--cancel", "2031-09-15")  # fmt: skip
    assert "Linesheet F1 is defined." in said.out
    assert "joorsync linesheets preview F1 --site us" in said.out
    assert jobs(town) == [(JobKind.LINESHEETS_SYNC, "F1", False)]
    (row,) = town("linesheets", "--json").json
    assert (row["code"], row["site"], row["season"], row["window"]) == (
        "F1",
        "us",
        "Fall 2031",
        "2031-08-01 to 2031-08-31, cancel 2031-09-15",
    )
    assert (row["styles"], row["by_hand"], row["on_joor"], row["synced_at"]) == (0, 0, False, None)
    assert "Fall 2031" in town("linesheets", "list").out


def test_no_linesheets_says_how_to_define_one(town: Shell) -> None:
    assert "joorsync linesheets define" in town("linesheets").out
    said = town("enqueue", "linesheets", "--site", "us")
    assert said.code == 2
    assert "joorsync linesheets define" in said.err


def test_changing_one_thing_leaves_the_others(town: Shell) -> None:
    define(town, *NEW, "--style", "D410", "--exclude", "|RED", "--rule-field", "userCode1=A", "--rule-field", "userCode1=B")
    define(town, "--order", "listed", "--rule-division", "WOM", "--name", "Fall One")
    assert rule(town) == LinesheetRule(
        seasons=["FA31"], divisions=["WOM"], fields={"userCode1": ["A", "B"]}, styles=["D410"], exclude=["|RED"], order="listed"
    )
    define(town, "--rule-season", "", "--style", "", "--exclude", "", "--rule-field", "")
    assert rule(town) == LinesheetRule(divisions=["WOM"], order="listed")
    assert town("linesheets", "--json").json[0]["name"] == "Fall One"


def test_a_ship_window_can_be_taken_away(town: Shell) -> None:
    define(town, *NEW, "--start", "2031-08-01", "--complete", "2031-08-31", "--cancel", "2031-09-15")
    define(town, "--immediate", "--cancel", "")
    assert town("linesheets", "--json").json[0]["window"] == "immediate"
    said = sheets(town, "define", "F1", "--immediate", "--start", "2031-08-01")
    assert (said.code, "--immediate means that there is no ship window" in said.err) == (2, True)


def test_what_cannot_be_is_refused_in_plain_words_and_nothing_is_stored(town: Shell) -> None:
    for options, words in (
        (["--start", "2031-08-01"], "no complete ship date"),
        (["--start", "2031-09-01", "--complete", "2031-08-01"], "is before the start ship date"),
        (["--exclude", "RED"], "STYLE|COLOUR, or |COLOUR"),
        (["--rule-field", "userCode1"], "NAME=VALUE"),
        (["--name", ""], "it has no name"),
    ):
        said = sheets(town, "define", "F1", *NEW, *options)
        assert (said.code, words in said.err) == (2, True), said.err
    assert town("linesheets", "--json").json == []
    assert jobs(town) == []


def test_a_linesheet_that_nobody_belongs_to_is_pointed_out(town: Shell) -> None:
    assert "No style belongs to it yet" in define(town, "--name", "Fall 1").err


def test_the_same_again_changes_nothing(town: Shell) -> None:
    define(town, *NEW)
    assert "as it was" in define(town, *NEW).out
    assert sheets(town, "define", "F1", *NEW, "--json").json == {"linesheet": "F1", "changed": False}


def test_show_says_who_put_what_there(town: Shell) -> None:
    define(town, *NEW, "--exclude", "D410|RED")
    with town.sessions() as session:
        for name, values in (
            ("S100", {"by_hand": True, "joor_id": "p3"}),
            ("D410", {"joor_id": "p1", "order_number": 1, "excluded": ["RED"]}),
            ("D411", {"order_number": 2}),
        ):
            session.add(StyleCard(site_id=1, identifier=name, style=name, created_at=NOW))
            session.add(LinesheetItem(linesheet_id=1, identifier=name, added_at=NOW, **values))
    found = sheets(town, "show", "F1", "--json").json
    assert [(item["identifier"], item["put_there"]) for item in found["items"]] == [
        ("D410", "joorsync"),
        ("D411", "being sent"),
        ("S100", "by hand"),
    ]
    assert found["items"][0]["without_colors"] == ["RED"]
    said = sheets(town, "show", "F1").out
    assert "Belongs: season FA31; without D410|RED" in said
    assert "not on JOOR yet, synced never" in said
    assert [(row["styles"], row["by_hand"]) for row in town("linesheets", "--json").json] == [(2, 1)]


def test_an_unknown_linesheet_names_the_known_ones(town: Shell) -> None:
    define(town, *NEW)
    for command in (["show", "F9"], ["drop", "F9", "D410"], ["retire", "F9"], ["preview", "F9"], ["export", "F9"]):
        said = sheets(town, *command)
        assert (said.code, "Linesheets there: F1" in said.err) == (2, True), said.err


def test_drop_restore_and_retire_are_audited_and_ask_for_a_sync(town: Shell) -> None:
    define(town, *NEW)
    dropped = sheets(town, "drop", "F1", "D410|RED", "--reason", "sold out", "--json").json
    assert (dropped["changed"], dropped["run"]) == (True, 2)
    assert "was before dropped" in sheets(town, "drop", "F1", "D410|RED").out
    assert "Dropped: D410|RED" in sheets(town, "show", "F1").out
    assert "may be on linesheet F1 again" in sheets(town, "restore", "F1", "D410|RED").out
    assert "is retired" in sheets(town, "retire", "F1").out
    assert sheets(town, "drop", "F1", "D999").code == 2
    with town.sessions() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject == "us F1")).all()
    assert [entry.action for entry in entries] == [f"linesheet.{verb}" for verb in ("define", "drop", "restore", "retire")]
    assert entries[1].reason == "sold out"
    assert entries[1].after is not None
    assert entries[1].after["dropped"] == ["D410|RED"]


def test_a_preview_is_done_here_and_now_and_shown(town: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def flow(job: JobView, ctx: Context) -> Outcome:
        assert (job.dry_run, ctx.site.key) == (True, "us")
        return Unchanged(f"dry run: {job.key}: 2 styles to add", {"add": 2}, {"add": ["D410", "D411"]})

    monkeypatch.setitem(SPECS, JobKind.LINESHEETS_SYNC, FlowSpec(JobKind.LINESHEETS_SYNC, run=flow))
    grant = [option for name in ("client_id", "client_secret", "username", "password") for option in ("--secret", f"aims.{name}")]
    assert town("sites", "set", "us", "--schedule", "orders_minutes=none", "--schedule", "inventory_minutes=none").code == 0
    assert town("sites", "set", "us", *grant, stdin="\n".join("abcdefgh" + str(number) for number in range(4))).code == 0
    define(town, *NEW)
    with town.sessions() as session:
        for job in session.exec(select(Job)):
            session.delete(job)
    said = sheets(town, "preview", "F1", "--json")
    assert said.code == 0, said.err
    (shown,) = said.json["previews"]
    assert (shown["key"], shown["note"], shown["result"]) == ("F1", "dry run: F1: 2 styles to add", {"add": ["D410", "D411"]})


# ---- CSV ---------------------------------------------------------------------------------------------------------------------------------


def test_the_style_list_goes_out_and_comes_back_in_the_order_of_the_file(town: Shell) -> None:
    define(town, *NEW, "--style", "D410", "--style", "-100", "--style", "T200")
    said = sheets(town, "export", "F1")
    assert said.out == "style,order\nD410,1\n'-100,2\nT200,3\n"
    assert parse(said.out.encode(), "x.csv") == ["D410", "-100", "T200"]
    assert "3 style(s) written" in sheets(town, "export", "F1", "list.csv").out
    Path("list.csv").write_text("style;order\nT200;2\nX1;\nD410;1\n")
    done = sheets(town, "import", "F1", "list.csv")
    assert "3 style(s) are named for linesheet F1" in done.out
    assert (rule(town).styles, rule(town).order, rule(town).seasons) == (["D410", "T200", "X1"], "listed", ["FA31"])


def test_a_file_with_errors_changes_nothing_and_every_error_has_its_place(town: Shell) -> None:
    define(town, *NEW, "--style", "D410")
    lines = ["style,order", "T200,1", "T200,2", ",3", "D411,first", "A|B,4", "D412"]
    said = sheets(town, "import", "F1", "-", stdin="\n".join(lines))
    assert said.code == 2
    for words in (
        "5 errors",
        "line 3, column 1: style T200 is there twice (line 2)",
        "line 4, column 1: style is empty",
        "line 5, column 2: 'first' is no whole number",
        "line 6, column 1: 'A|B' is no style number",
        "line 7, column 2: 1 cells where the first line has 2 columns",
    ):
        assert words in said.err
    assert rule(town).styles == ["D410"]


def test_headers_are_checked_first() -> None:
    for text, words in (("number\nD410", "unknown column 'number'"), ("order\n1", "column style is missing"), ("", "the file is empty")):
        with pytest.raises(NotPossible) as caught:
            parse(text.encode(), "x.csv")
        assert any(words in step for step in caught.value.fix)
    assert parse(b"order,style\n2,B\n1,A\n\n", "x.csv") == ["A", "B"]
    assert parse(export([]).encode(), "x.csv") == []


def test_a_file_for_a_retired_linesheet_is_not_taken(town: Shell) -> None:
    define(town, *NEW)
    sheets(town, "retire", "F1")
    Path("list.csv").write_text("style\nT200\n")
    said = sheets(town, "import", "F1", "list.csv")
    assert (said.code, "joorsync linesheets define F1" in said.err) == (2, True)
    assert sheets(town, "import", "F1", "nothing.csv").code == 2
