"""`joorsync linesheets`: define, look, preview, drop and restore, retire, the style list as CSV."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError

from console import linesheet_csv, linesheets
from console.commands.asking import relayed, say_and_wait
from console.commands.options import AnySite, AsJson, OneSite, Reason, group, process_of
from console.output import cell, document, field_lines, note, say, table
from console.process import Process
from models.errors import NotPossible
from models.settings import LinesheetRule
from producers import linesheets as asking
from producers.linesheets import Change
from producers.requests import resolve_site

app = group("Linesheets on JOOR: rule, season, ship window, what is on them and who put it there.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The linesheet's code, for example F1; it never changes.")]
What = Annotated[str, typer.Argument(metavar="STYLE[|COLOUR]", help="AIMS360 style, or one of its colours, to the letter.")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Until JOOR has it; exit code 1 when something failed.")]
Some = list[str] | None
_COLUMNS = ("code", "site", "name", "season", "window", "styles", "by_hand", "on_joor", "active", "synced_at")
_ITEMS = ("order", "identifier", "style", "without_colors", "put_there", "added_at")


@app.callback()
def default(context: typer.Context, site: AnySite = "", as_json: AsJson = False) -> None:
    """List linesheets."""
    if context.invoked_subcommand is None:
        _list(process_of(context), site, as_json)


@app.command("list")
def list_linesheets(context: typer.Context, site: AnySite = "", as_json: AsJson = False) -> None:
    """List linesheets."""
    _list(process_of(context), site, as_json)


def _list(process: Process, site: str, as_json: bool) -> None:
    with process.reading() as session:
        rows = linesheets.listing(session, site)
    if as_json:
        document(rows)
    else:
        table(
            rows,
            _COLUMNS,
            empty='No linesheets. Define one: joorsync linesheets define F1 --name "Fall 1" --rule-season SEASON --site SITE',
        )


@app.command()
def show(context: typer.Context, code: Code, site: OneSite, as_json: AsJson = False) -> None:
    """One linesheet: rule, ship window, what is on it and who put it there."""
    process = process_of(context)
    with process.reading() as session:
        found = linesheets.details(session, site, code)
    if as_json:
        document(found)
        return
    say(f"Linesheet {found['code']}  {found['name']}  site {found['site']}  season {found['season'] or '-'}  {found['window']}")
    where = f"on JOOR as {found['joor_id']}" if found["joor_id"] else "not on JOOR yet"
    say(f"{'active' if found['active'] else 'retired'}, {where}, synced {cell(found['synced_at']) or 'never'}")
    say(f"Belongs: {linesheets.in_words(LinesheetRule.model_validate(found['rule']))}")
    if found["dropped"]:
        say(f"Dropped: {', '.join(found['dropped'])}")
    table(found["items"], _ITEMS, empty="Nothing of ours is on it.")
    for job in found["jobs"]:
        say(f"job {job['job']}  {job['state']}{'  (preview)' if job['dry_run'] else ''}: {job['note']}")


@app.command()
def preview(context: typer.Context, code: Code, site: OneSite, as_json: AsJson = False) -> None:
    """What the next sync would add, change and take off, and what stays because a person put it there. Sends nothing."""
    process = process_of(context)
    with process.sessions() as session:
        run = asking.request(
            session, site, keys=[code], dry_run=True, reason="preview", requested_by=process.actor, clock=process.clock, revive=True
        )
        run_id = run.id
    say_and_wait(process, relayed(process, run_id), True, True, as_json)


# ---- define ------------------------------------------------------------------------------------------------------------------------------


@app.command()
def define(
    context: typer.Context,
    code: Code,
    site: OneSite,
    name: Annotated[str | None, typer.Option("--name", help="As buyers see it; needed for a new one.")] = None,
    season: Annotated[str | None, typer.Option("--season", help='JOOR season by code; "" for none.')] = None,
    season_name: Annotated[str | None, typer.Option("--season-name", help="As JOOR shows it; else the code.")] = None,
    season_year: Annotated[int | None, typer.Option("--season-year", help="0 for none.")] = None,
    start: Annotated[str | None, typer.Option("--start", metavar="YYYY-MM-DD", help="Start ship date.")] = None,
    complete: Annotated[str | None, typer.Option("--complete", metavar="YYYY-MM-DD", help="Complete ship date.")] = None,
    cancel: Annotated[str | None, typer.Option("--cancel", metavar="YYYY-MM-DD", help='Cancel date; "" for none.')] = None,
    immediate: Annotated[bool, typer.Option("--immediate", help="No ship window any more.")] = False,
    minimum_window: Annotated[int | None, typer.Option("--minimum-window", help="Days between ship dates at least; 0 for none.")] = None,
    rule_season: Annotated[Some, typer.Option("--rule-season", help='Styles of this AIMS360 season; repeatable; "" lifts it.')] = None,
    rule_division: Annotated[Some, typer.Option("--rule-division", help='Of this AIMS360 division; repeatable; "" lifts it.')] = None,
    rule_field: Annotated[
        Some,
        typer.Option("--rule-field", metavar="NAME=VALUE", help='AIMS360 field of the style-colour (a user code); repeatable; "" lifts.'),
    ] = None,
    style: Annotated[Some, typer.Option("--style", help='This style too, in display order; repeatable; "" for none.')] = None,
    exclude: Annotated[
        Some, typer.Option("--exclude", metavar="STYLE|COLOUR", help='A colour left out; |COLOUR of all styles; "" for none.')
    ] = None,
    order: Annotated[Literal["listed", "style"] | None, typer.Option("--order", help="Display order.")] = None,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Make a linesheet or change it: what is not named stays as it is. A retired one comes back. Conditions must all be met."""
    process = process_of(context)
    texts = {"name": name, "season_code": season, "season_name": season_name}
    dates: dict[str, str | None] = {"ship_start": start, "ship_complete": complete, "cancel_date": cancel}
    if immediate:
        _refuse_dates(dates)
        dates |= {"ship_start": "", "ship_complete": ""}
    changes: dict[str, Any] = {key: value.strip() for key, value in texts.items() if value is not None}
    changes |= {key: value.strip() or None for key, value in dates.items() if value is not None}
    changes |= {
        key: value or None for key, value in (("season_year", season_year), ("minimum_window", minimum_window)) if value is not None
    }
    given = {"seasons": rule_season, "divisions": rule_division, "fields": rule_field, "styles": style, "exclude": exclude, "order": order}
    with process.sessions() as session:
        at = resolve_site(session, site)
        rule = linesheets.rule_of(session, at, code)
        if any(value is not None for value in given.values()):
            changes["rule"] = rule = _rule(rule, {key: value for key, value in given.items() if value is not None})
        done = linesheets.define(session, process, at, code, changes, reason=reason)
    if not as_json:
        say(f"Linesheet {done.code} is {'defined' if done.created else 'as it was' if done.run_id is None else 'changed'}.")
        if not (rule.by_condition or rule.styles):
            note("No style belongs to it yet: --rule-season, --rule-division, --rule-field or --style says which.")
    _follow(process, done, site, wait, as_json)


def _refuse_dates(dates: dict[str, str | None]) -> None:
    if dates["ship_start"] or dates["ship_complete"]:
        raise NotPossible("--immediate means that there is no ship window", fix=["Leave out --start and --complete, or --immediate."])


def _rule(old: LinesheetRule, given: dict[str, Any]) -> LinesheetRule:
    """The stored rule with what was given in its place. Raises NotPossible."""
    values: dict[str, Any] = {**old.model_dump(), **given}
    for key in ("seasons", "divisions", "styles", "exclude"):
        if key in given:
            values[key] = list(dict.fromkeys(text.strip() for text in given[key] if text.strip())) or (
                None if key in ("seasons", "divisions") else []
            )
    if "fields" in given:
        values["fields"] = _fields(given["fields"])
    try:
        return LinesheetRule.model_validate(values)
    except ValidationError as error:
        raise NotPossible("The rule cannot be used", fix=field_lines(error)) from None


def _fields(given: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in filter(None, map(str.strip, given)):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise NotPossible(f"--rule-field {pair!r} is not NAME=VALUE", fix=["For example --rule-field userCode1=SHOWROOM"])
        found.setdefault(name, []).append(value)
    return found


# ---- drop, restore, retire ---------------------------------------------------------------------------------------------------------------


@app.command()
def drop(
    context: typer.Context, code: Code, what: What, site: OneSite, wait: Wait = False, reason: Reason = "", as_json: AsJson = False
) -> None:
    """Take a style, or one colour of it, off a linesheet although the rule has it."""
    process = process_of(context)
    with process.sessions() as session:
        done = asking.drop(session, site, code, what, process.actor, reason=reason, clock=process.clock)
    if not as_json:
        say(f"{what} {'is' if done.run_id else 'was before'} dropped from linesheet {done.code}.")
    _follow(process, done, site, wait, as_json)


@app.command()
def restore(
    context: typer.Context, code: Code, what: What, site: OneSite, wait: Wait = False, reason: Reason = "", as_json: AsJson = False
) -> None:
    """Let the rule have a dropped style or colour again."""
    process = process_of(context)
    with process.sessions() as session:
        done = asking.restore(session, site, code, what, process.actor, reason=reason, clock=process.clock)
    if not as_json:
        say(f"{what} may be on linesheet {done.code} again.")
    _follow(process, done, site, wait, as_json)


@app.command()
def retire(context: typer.Context, code: Code, site: OneSite, wait: Wait = False, reason: Reason = "", as_json: AsJson = False) -> None:
    """Take our styles off a linesheet and keep it no more. It stays on JOOR with what people put there; `define` brings it back."""
    process = process_of(context)
    with process.sessions() as session:
        done = asking.retire(session, site, code, process.actor, reason=reason, clock=process.clock)
    if not as_json:
        say(f"Linesheet {done.code} {'is' if done.run_id else 'was before'} retired.")
        say(f"To have it back: joorsync linesheets define {done.code} --site {site}")
    _follow(process, done, site, wait, as_json)


def _follow(process: Process, done: Change, site: str, wait: bool, as_json: bool) -> None:
    """Say that JOOR is told, or that nothing has to be."""
    if done.run_id is None:
        if as_json:
            document({"linesheet": done.code, "changed": False})
        else:
            say("Nothing was changed.")
        return
    asked = relayed(process, done.run_id)
    if as_json and not wait:
        document({"linesheet": done.code, "changed": True, "run": asked.run_id, "hint": done.hint, "delayed": asked.delayed})
        return
    if not as_json:
        say(f"JOOR will be told. To look first: joorsync linesheets preview {done.code} --site {site}" if not wait else "JOOR is told now.")
        if done.hint:
            note(done.hint)
    say_and_wait(process, asked, False, wait, as_json)


# ---- the style list as CSV ---------------------------------------------------------------------------------------------------------------


@app.command("export")
def export_styles(
    context: typer.Context,
    code: Code,
    site: OneSite,
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="None: standard output.")] = None,
) -> None:
    """Write the named styles of a linesheet as CSV (style, order)."""
    process = process_of(context)
    with process.reading() as session:
        styles = LinesheetRule.model_validate(asking.find(session, site, code).rule).styles
    text = linesheet_csv.export(styles)
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text("\ufeff" + text, encoding="utf-8", newline="")  # Excel takes a CSV without the mark for the country's old encoding
    say(f"{len(styles)} style(s) written to {file}.")


@app.command("import")
def import_styles(
    context: typer.Context,
    code: Code,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV with a header line (style, order); - is standard input.")],
    site: OneSite,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Read the named styles of a linesheet from CSV, in its order. A file with any error changes nothing; every error is listed."""
    process = process_of(context)
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise NotPossible(f"{file} cannot be read: {error.strerror}", fix=["Give the path of a CSV file."]) from None
    styles = linesheet_csv.parse(data, file.name)
    with process.sessions() as session:
        row = asking.find(session, site, code)
        if not row.active:
            steps = [f"Bring it back first: joorsync linesheets define {row.code} --site {site}"]
            raise NotPossible(f"Linesheet {row.code} is retired; nothing was changed", fix=steps)
        rule = LinesheetRule.model_validate(row.rule).model_copy(update={"styles": styles, "order": "listed"})
        done = linesheets.define(session, process, resolve_site(session, site), row.code, {"rule": rule}, reason=reason or file.name)
    if not as_json:
        say(f"{len(styles)} style(s) are named for linesheet {done.code}, shown in the order of the file.")
    _follow(process, done, site, wait, as_json)
