"""Commands about styles: lists, questions, cards per colour, fields, and pairing what people made on JOOR."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.catalogue import STYLE_TARGET_PREFIXES, STYLE_TARGETS, CardState, StyleCard, StyleField, StyleSource
from models.jobs import Job, JobKind, JobState
from models.ledgers import ManualTask
from models.mappings import Mapping, Proposal, ProposalState
from models.sites import Site
from rules.style_fields import FieldRow, FieldTable
from tests.console.conftest import Shell

NOW = datetime(2031, 3, 3, tzinfo=UTC)


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us", "--sandbox", "--joor-api", "https://apisandbox.jooraccess.com")
    return shell


def add(shell: Shell, *rows: Any) -> None:
    with shell.sessions() as session:
        session.add_all(rows)


def all_of(shell: Shell, table: type[Any]) -> list[Any]:
    with shell.sessions() as session:
        return list(session.exec(select(table)).all())


def card(identifier: str = "D410", style: str = "D410", **changes: Any) -> StyleCard:
    digests = {"product_digest": "p", "skus_digest": "s", "prices_digest": "q"}
    values: dict[str, Any] = {"state": CardState.ON_JOOR, "joor_id": "9", "sent_at": NOW, "created_at": NOW, **digests}
    return StyleCard(site_id=1, identifier=identifier, style=style, **(values | changes))


def source(style: str = "D410", *colors: str) -> StyleSource:
    rows = [{"color": color, "color_description": color.title(), "sizes": [{"name": "S"}]} for color in colors or ("NVY", "RED")]
    return StyleSource(site_id=1, style=style, rows=rows, digest="x", read_at=NOW, division="01", season="F31")


def proposal(joor: str, aims: str, score: int = 80, **more: Any) -> Proposal:
    return Proposal(site_id=1, kind="style", joor_code=joor, aims_code=aims, score=score, why="alike", created_at=NOW, **more)


# ---- lists ---------------------------------------------------------------------------------------------------------------------------


def test_cards_are_listed_with_what_differs(us: Shell) -> None:
    add(us, card(), card("T200", "T200", prices_digest=None), card("OLD", "OLD", state=CardState.REMOVED, skus_digest=None))
    add(us, Job(site_id=1, data_type="styles", kind="styles.export", key="D410", wanted_at=NOW, available_at=NOW, created_at=NOW))
    rows = us("styles", "--json").json
    assert [(row["identifier"], row["state"], row["differs"]) for row in rows] == [
        ("D410", "on_joor", ["style"]),
        ("OLD", "removed", []),
        ("T200", "on_joor", ["prices"]),
    ]
    assert [row["identifier"] for row in us("styles", "list", "--state", "on-joor", "--style", "T200", "--json").json] == ["T200"]
    said = us("styles")
    assert "D410" in said.out
    assert "At most 1 are shown" in us("styles", "--limit", "1").err


def test_an_unknown_state_or_style_is_refused_with_what_to_do(us: Shell) -> None:
    said = us("styles", "--state", "sold")
    assert (said.code, "wanted, sending, on_joor, removed" in said.err) == (2, True)
    said = us("styles", "show", "D999", "--site", "us")
    assert said.code == 2
    assert "joorsync enqueue styles --key D999 --site us" in said.err


def test_one_style_tells_its_whole_story(us: Shell) -> None:
    add(us, source(), card(color="", by_hand=True, sent={"off": ["D410|RED"]}))
    add(us, Mapping(site_id=1, kind="style", joor_code="D410", aims_code="D410|NVY", created_by="anna", created_at=NOW, updated_at=NOW))
    question = {"summary": "Colour NVY of D410 is on 1 open order", "steps": ["joorsync styles allow remove D410|NVY --site us"]}
    add(us, ManualTask(site_id=1, data_type="styles", kind="style_removal", key="D410|NVY", created_at=NOW, **question))
    removal = {"kind": "styles.remove", "key": "D410|NVY", "state": "blocked", "error_summary": "it is on an order"}
    add(us, Job(site_id=1, data_type="styles", wanted_at=NOW, available_at=NOW, created_at=NOW, **removal))
    said = us("styles", "show", "D410", "--site", "us")
    for words in (
        "division 01  season F31  active",
        "NVY Nvy: S",
        "Card D410  on_joor  JOOR id 9",
        "taken off by hand: D410|RED",
        "Paired: D410 -> D410|NVY (anna)",
        "To decide: Colour NVY of D410 is on 1 open order",
        "styles.remove D410|NVY  blocked: it is on an order",
    ):
        assert words in said.out
    found = us("styles", "show", "D410", "--site", "us", "--json").json
    assert [item["key"] for item in found["questions"]] == ["D410|NVY"]
    assert found["aims360"]["colors"][0] == {"color": "NVY", "name": "Nvy", "sizes": ["S"]}


def test_a_card_is_found_by_its_identifier_too(us: Shell) -> None:
    add(us, source(), card("D410-NVY", color="NVY"))
    assert us("styles", "show", "D410-NVY", "--site", "us", "--json").json["style"] == "D410"


# ---- taking off and decisions --------------------------------------------------------------------------------------------------------


def test_taking_off_asks_for_a_job_per_colour_and_size(us: Shell) -> None:
    add(us, card())
    said = us("styles", "remove", "D410", "--color", "NVY", "--size", "M", "--site", "us", "--by-hand", "--json")
    assert (said.code, said.json["jobs"]) == (0, 1)
    (job,) = all_of(us, Job)
    assert (job.kind, job.key, job.payload, job.dry_run) == (JobKind.STYLES_REMOVE, "D410|NVY|M", {"by_hand": True}, False)
    said = us("styles", "remove", "D411", "--site", "us")
    assert (said.code, "no card D411" in said.err) == (2, True)


def test_a_question_is_allowed_once_and_its_job_goes_on(us: Shell) -> None:
    add(us, ManualTask(site_id=1, data_type="styles", kind="style_removal", key="D410|NVY", summary="It is on 7700123", created_at=NOW,
                       detail={"orders": ["7700123"]}))  # fmt: skip
    waits = {"kind": "styles.remove", "key": "D410|NVY", "state": "blocked"}
    about = [{"kind": "decision", "value": "remove:D410|NVY"}]
    add(us, Job(site_id=1, data_type="styles", wanted_at=NOW, available_at=NOW, created_at=NOW, blocked_on=about, **waits))
    said = us("styles", "allow", "remove", "D410|NVY", "--site", "us", "--reason", "sold out")
    assert said.code == 0, said.err
    assert "Allowed: It is on 7700123" in said.out
    assert "1 job(s) go on." in said.out
    assert all_of(us, Job)[0].state == JobState.QUEUED
    said = us("styles", "allow", "remove", "D410|NVY", "--site", "us")
    assert (said.code, "Nothing waits for remove 'D410|NVY'" in said.err) == (2, True)


def test_all_open_questions_are_allowed_at_once_after_they_were_shown(us: Shell) -> None:
    for key in ("D410|NVY", "D411"):
        more = {"summary": f"{key} is on 7700123", "detail": {"orders": ["7700123"]}}
        add(us, ManualTask(site_id=1, data_type="styles", kind="style_removal", key=key, created_at=NOW, **more))
    said = us("styles", "allow", "remove", "--site", "us")
    assert (said.code, "What is allowed?" in said.err) == (2, True)
    said = us("styles", "allow", "remove", "--all", "--yes", "--site", "us", "--json")
    assert [row["key"] for row in said.json["questions"]] == ["D410|NVY", "D411"]
    assert all(task.done_at for task in all_of(us, ManualTask))
    assert us("styles", "allow", "remove", "--all", "--yes", "--site", "us", "--json").json["questions"] == []


def test_what_was_taken_off_is_put_back(us: Shell) -> None:
    add(us, card(sent={"off": ["D410|NVY"]}))
    assert us("styles", "put-back", "D410|NVY", "--site", "us").code == 0
    assert [(job.kind, job.key) for job in all_of(us, Job)] == [(JobKind.STYLES_EXPORT, "D410")]


def test_reading_only_is_a_scan_of_its_own(us: Shell) -> None:
    assert us("styles", "read", "--site", "us").code == 0
    (job,) = all_of(us, Job)
    assert (job.kind, job.payload) == (JobKind.STYLES_SCAN, {"fresh": True, "read_only": True})


# ---- cards per colour ----------------------------------------------------------------------------------------------------------------


def test_the_card_mode_of_a_live_catalogue_is_not_changed_by_the_way(us: Shell) -> None:
    assert us("sites", "set", "us", "--style", "card=style_color").code == 0
    add(us, card("D410-NVY", color="NVY"))
    for setting in ("card=style", "identifier_separator=_"):
        said = us("sites", "set", "us", "--style", setting)
        assert said.code == 2
        assert "joorsync styles rekey --card" in said.err
    assert us("sites", "set", "us", "--style", "retail=false").code == 0
    assert all_of(us, Site)[0].style_settings == {"card": "style_color", "retail": False}


def test_rekeying_shows_first_and_does_it_when_confirmed(us: Shell) -> None:
    add(us, source(), card())
    said = us("styles", "rekey", "--card", "style_color", "--site", "us")
    assert "1 style(s): 1 card(s) give way to 2; 0 style(s) keep theirs." in said.out
    assert "joorsync styles rekey --card style_color --confirm --site us" in said.out
    assert all_of(us, Site)[0].style_settings == {}
    found = us("styles", "rekey", "--card", "style_color", "--site", "us", "--json").json
    assert found["rekeyed"] == [{"style": "D410", "old": ["D410"], "new": ["D410-NVY", "D410-RED"]}]
    said = us("styles", "rekey", "--card", "style_color", "--site", "us", "--confirm")
    assert said.code == 0, said.err
    assert "Site us has card=style_color now." in said.out
    assert all_of(us, Site)[0].style_settings == {"card": "style_color"}
    assert [job.key for job in all_of(us, Job)] == ["D410"]
    assert us("styles", "rekey", "--card", "sideways", "--site", "us").code == 2


# ---- fields --------------------------------------------------------------------------------------------------------------------------


def test_every_field_that_commands_take_is_one_that_the_rules_know() -> None:
    named = [f"{prefix}{'GROUP/NAME' if prefix == 'tag:' else 'Material'}" for prefix in STYLE_TARGET_PREFIXES]
    table = FieldTable(tuple(FieldRow(target, constant="x") for target in (*STYLE_TARGETS, *named)))
    assert len(table.rows) == len(STYLE_TARGETS) + 3


def test_a_field_is_set_listed_and_put_back_to_its_default(us: Shell) -> None:
    said = us("styles", "fields", "set", "description", "--aims", "longDescription", "--fallback", "n/a", "--site", "us")
    assert (said.code, said.out) == (0, "description is set.\n")
    assert "next scan: joorsync enqueue styles --site us" in said.err
    assert us("styles", "fields", "set", "description", "--aims", "longDescription", "--fallback", "n/a", "--site", "us").err == ""
    (row,) = us("styles", "fields", "list", "--site", "us", "--json").json
    assert (row["joor_field"], row["aims_field"], row["constant"], row["fallback"]) == ("description", "longDescription", "", "n/a")
    assert us("styles", "fields", "unset", "description", "--site", "us").code == 0
    assert all_of(us, StyleField) == []
    assert [entry.action for entry in all_of(us, AuditEntry)].count("styles.fields") == 2
    assert us("styles", "fields", "unset", "description", "--site", "us").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["colour", "--aims", "x"], "'colour' is no field of a JOOR style"),
        (["trait:", "--aims", "x"], "is no field"),
        (["tag:Group", "--aims", "x"], "is no field"),
        (["name"], "Say where it comes from, or --nothing"),
        (["name", "--aims", "x", "--nothing"], "Say where it comes from, or --nothing"),
        (["name", "--aims", "x", "--constant", "y"], "exclude each other"),
        (["name", "--constant", "y" * 501], "longer than 500"),
    ],
)
def test_a_field_that_cannot_be_is_refused(us: Shell, arguments: list[str], words: str) -> None:
    said = us("styles", "fields", "set", *arguments, "--site", "us")
    assert (said.code, all_of(us, StyleField)) == (2, [])
    assert words in said.err


def test_nothing_switches_a_default_off(us: Shell) -> None:
    assert us("styles", "fields", "set", "trait:Division", "--nothing", "--site", "us").code == 0
    assert all_of(us, StyleField)[0].joor_field == "trait:Division"


def test_fields_go_out_as_csv_and_come_back_to_the_letter(us: Shell, tmp_path: Path) -> None:
    rows = [("name", "styleName", "", "=1+1"), ("tag:Edit/Mood", "", '\'quoted, "so"', ""), ("trait:Materials", "fabric", "", "")]
    for target, aims, constant, fallback in rows:
        given = [
            part for flag, text in (("--aims", aims), ("--constant", constant), ("--fallback", fallback)) if text for part in (flag, text)
        ]
        assert us("styles", "fields", "set", target, *given, "--site", "us").code == 0
    file = tmp_path / "fields.csv"
    assert us("styles", "fields", "export", str(file), "--site", "us").code == 0
    said = us("styles", "fields", "import", str(file), "--site", "us")
    assert (said.out, said.err) == ("0 added, 0 changed, 3 unchanged, 0 removed.\n", "")
    for target, *_ in rows:
        us("styles", "fields", "unset", target, "--site", "us")
    assert us("styles", "fields", "import", str(file), "--site", "us").out == "3 added, 0 changed, 0 unchanged, 0 removed.\n"
    assert sorted((row.joor_field, row.aims_field, row.constant, row.fallback) for row in all_of(us, StyleField)) == sorted(rows)


def test_a_file_with_any_error_changes_nothing_and_every_error_has_its_place(us: Shell) -> None:
    us("styles", "fields", "set", "name", "--aims", "x", "--site", "us")
    text = "joor_field;aims_field;constant\nname;y;\ncolour;z;\nnumber;a;b\nname;c;\ntoo;few\n"
    said = us("styles", "fields", "import", "-", "--site", "us", stdin=text)
    assert said.code == 2
    for words in (
        "nothing was changed: 4 errors",
        "line 3, column 1 (joor_field): 'colour' is no field",
        "line 4, column 3 (constant): a field and a constant exclude each other",
        "line 5, column 1 (joor_field): 'name' is on line 2 already",
        "line 6, column 3: 2 cells where there are 3 columns",
    ):
        assert words in said.err
    assert all_of(us, StyleField)[0].aims_field == "x"
    for bad in ("", "aims_field\nx\n", "joor_field,joor_field\n", 'joor_field\n"name\n'):
        assert us("styles", "fields", "import", "-", "--site", "us", stdin=bad).code == 2


def test_replace_takes_out_what_the_file_does_not_have(us: Shell) -> None:
    us("styles", "fields", "set", "name", "--aims", "x", "--site", "us")
    said = us("styles", "fields", "import", "-", "--replace", "--site", "us", stdin="joor_field,aims_field\nnumber,n\n")
    assert said.out == "1 added, 0 changed, 0 unchanged, 1 removed.\n"
    assert [row.joor_field for row in all_of(us, StyleField)] == ["number"]


# ---- pairing -------------------------------------------------------------------------------------------------------------------------


def test_matching_is_asked_for_styles_and_never_for_sizes(us: Shell) -> None:
    assert us("map", "auto", "styles", "--site", "us").code == 0
    assert [(job.kind, job.dry_run) for job in all_of(us, Job)] == [(JobKind.STYLES_MATCH, False)]
    said = us("map", "auto", "sizes", "--site", "us")
    assert said.code == 2
    assert "Sizes are not matched automatically" in said.err


def test_proposals_are_listed_best_first(us: Shell) -> None:
    add(us, proposal("HAND-1", "D411", 60), proposal("HAND-1", "D410", 80), proposal("HAND-2", "X", state=ProposalState.REJECTED))
    assert [row["aims360"] for row in us("map", "proposals", "--site", "us", "--json").json] == ["D410", "D411"]
    assert [row["joor"] for row in us("map", "proposals", "styles", "--state", "rejected", "--site", "us", "--json").json] == ["HAND-2"]
    assert us("map", "proposals", "--state", "maybe", "--site", "us").code == 2


def test_an_accepted_proposal_is_a_pair_and_what_waited_for_it_goes_on(us: Shell) -> None:
    add(us, proposal("HAND-1", "D410", joor_name="Wrap"), proposal("HAND-1", "D411", 60))
    waits = {"kind": "orders.import", "key": "1", "state": "blocked", "blocked_on": [{"kind": "style", "value": "HAND-1|NVY"}]}
    add(us, Job(site_id=1, data_type="orders", wanted_at=NOW, available_at=NOW, created_at=NOW, **waits))
    said = us("map", "accept", "HAND-1", "D410", "--site", "us")
    assert said.code == 0, said.err
    assert "style 'HAND-1' -> 'D410'" in said.out
    assert "1 job(s) were blocked on this and go on." in said.out
    (pair,) = all_of(us, Mapping)
    assert (pair.joor_code, pair.aims_code, pair.joor_name) == ("HAND-1", "D410", "Wrap")
    assert [(row.aims_code, row.state) for row in all_of(us, Proposal)] == [("D410", "accepted")]
    assert {job.kind: job.state for job in all_of(us, Job)} == {"orders.import": "queued", "styles.match": "queued"}


def test_only_what_was_proposed_is_accepted(us: Shell) -> None:
    add(us, proposal("HAND-1", "D410"))
    said = us("map", "accept", "HAND-1", "D999", "--site", "us")
    assert said.code == 2
    assert 'joorsync map set styles "HAND-1" --aims "D999" --site us' in said.err
    for arguments in ([], ["HAND-1"], ["HAND-1", "D410", "--above", "80"]):
        assert us("map", "accept", *arguments, "--site", "us").code == 2
    assert all_of(us, Mapping) == []


def test_from_a_score_on_the_single_best_are_taken_and_rivals_left(us: Shell) -> None:
    add(us, proposal("A", "D410", 90), proposal("A", "D411", 70))
    add(us, proposal("B", "D500", 85), proposal("C", "D500", 88))
    add(us, proposal("D", "D600", 90), proposal("D", "D601", 90))
    add(us, proposal("E", "D700", 60), proposal("F", "", 0))
    found = us("map", "accept", "--above", "80", "--site", "us", "--json").json
    assert found["pairs"] == [["A", "D410"]]
    assert [code for code, _ in found["left"]] == ["B", "C", "D"]
    assert [pair.joor_code for pair in all_of(us, Mapping)] == ["A"]


def test_a_rejected_card_stays_listed_as_unmapped(us: Shell) -> None:
    add(us, proposal("HAND-1", "D410"), proposal("HAND-1", "D411"), source("S200"), source("D410"), card())
    assert us("map", "reject", "HAND-1", "D411", "--site", "us").out == "1 proposal(s) rejected.\n"
    assert us("map", "reject", "HAND-1", "--site", "us").out == "1 proposal(s) rejected.\n"
    assert us("map", "reject", "HAND-1", "--site", "us").code == 2
    found = us("styles", "unmapped", "--site", "us", "--json").json
    assert [(row["joor"], row["proposed"]) for row in found["joor"]] == [("HAND-1", None)]
    assert [row["style"] for row in found["aims360"]] == ["S200"]
    said = us("styles", "unmapped", "--site", "us")
    assert "joorsync map proposals styles --site us" in said.out


def test_un_mapping_a_style_says_that_its_card_stays(us: Shell) -> None:
    add(us, card("HAND-1"))
    us("map", "set", "styles", "HAND-1", "--aims", "D410", "--site", "us")
    said = us("map", "remove", "styles", "HAND-1", "--site", "us")
    assert said.out == "1 pair(s) removed.\n"
    assert "The card HAND-1 itself stays on JOOR" in said.err
    assert [row.identifier for row in all_of(us, StyleCard)] == ["HAND-1"]


# ---- settings ------------------------------------------------------------------------------------------------------------------------


def test_linesheet_and_image_settings_are_set_like_the_others(us: Shell) -> None:
    said = us("sites", "set", "us", "--linesheet", "public=false", "--image", "level=style", "--set", "images.most=4")
    assert said.code == 0, said.err
    site = all_of(us, Site)[0]
    assert (site.linesheet_settings, site.image_settings) == ({"public": False}, {"level": "style", "most": 4})
    assert us("sites", "set", "us", "--image", "source=url").code == 2
