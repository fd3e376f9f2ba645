"""`joorsync styles`: what JOOR has of each AIMS360 style, taking cards off, decisions, cards per colour, fields."""

from typing import Annotated, Any

import typer

from console import styles
from console.commands import style_fields
from console.commands.asking import relayed, say_and_wait
from console.commands.options import AnySite, AsJson, Limit, OneSite, Reason, Yes, group, process_of
from console.output import cell, document, note, say, table
from console.process import Process
from models.errors import NotPossible
from producers import style_rekey
from producers import styles as asking

app = group("Style cards on JOOR: what is there, taking off, decisions, cards per colour, fields.")
app.add_typer(style_fields.app, name="fields")

States = Annotated[list[str] | None, typer.Option("--state", help="wanted, sending, on_joor, removed; repeatable.")]
OfStyle = Annotated[str, typer.Option("--style", help="Only cards of this AIMS360 style.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, with the open orders; send nothing.")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Until the work is done; exit code 1 when something failed.")]
_COLUMNS = ("identifier", "site", "style", "color", "name", "state", "by_hand", "joor_id", "sent_at", "differs")
_SHOWN = 20


@app.callback()
def default(
    context: typer.Context, site: AnySite = "", state: States = None, style: OfStyle = "", limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List cards by identifier."""
    if context.invoked_subcommand is None:
        _list(process_of(context), site, state or [], style, limit, as_json)


@app.command("list")
def list_cards(
    context: typer.Context, site: AnySite = "", state: States = None, style: OfStyle = "", limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List cards by identifier."""
    _list(process_of(context), site, state or [], style, limit, as_json)


def _list(process: Process, site: str, states: list[str], style: str, limit: int, as_json: bool) -> None:
    with process.reading() as session:
        rows = styles.listing(session, site, states, style, limit)
    if as_json:
        document(rows)
        return
    table(rows, _COLUMNS, empty="No such cards.")
    if len(rows) == limit:
        note(f"At most {limit} are shown; more with --limit.")


@app.command()
def show(
    context: typer.Context, style: Annotated[str, typer.Argument(help="AIMS360 style number, or a card's identifier.")], site: OneSite,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """One style: what AIMS360 said, its cards on JOOR, pairs, work, questions for a person."""
    process = process_of(context)
    with process.reading() as session:
        found = styles.details(session, site, style)
    if as_json:
        document(found)
    else:
        _story(found)


def _story(style: dict[str, Any]) -> None:
    source = style["aims360"]
    if source is None:
        say(f"Style {style['style']}: AIMS360 was not read for it yet.")
    else:
        state = "gone from AIMS360" if source["gone"] else "active" if source["active"] else "inactive"
        where = f"division {source['division'] or '-'}  season {source['season'] or '-'}"
        say(f"Style {style['style']}  {where}  {state}, read {cell(source['read_at'])}")
        for color in source["colors"]:
            say(f"  {color['color']} {color['name'] or ''}: {', '.join(color['sizes'])}")
    for card in style["cards"]:
        say(f"Card {card['identifier']}  {card['state']}  JOOR id {card['joor_id'] or '-'}  sent {cell(card['sent_at']) or 'never'}")
        for words, value in (("differs in", card["differs"]), ("taken off by hand:", card["taken_off"])):
            if value:
                say(f"  {words} {', '.join(value)}")
    for pair in style["pairs"]:
        say(f"Paired: {pair['joor']} -> {pair['aims360']} ({pair['created_by']})")
    for question in style["questions"]:
        say(f"To decide: {question['summary']}")
        for step in question["steps"]:
            say(f"  {step}")
    for job in style["jobs"]:
        say(f"job {job['job']}  {job['kind']} {job['key']}  {job['state']}: {job['note']}")


@app.command()
def read(context: typer.Context, site: OneSite, wait: Wait = False, reason: Reason = "", as_json: AsJson = False) -> None:
    """Read all of AIMS360's styles and send nothing: before cards that people made on JOOR are paired (joorsync map auto styles)."""
    process = process_of(context)
    with process.sessions() as session:
        by = process.actor
        run_id = asking.request(session, site, read_only=True, reason=reason or "read only", requested_by=by, clock=process.clock).id
    say_and_wait(process, relayed(process, run_id), False, wait, as_json)


@app.command()
def remove(
    context: typer.Context,
    identifiers: Annotated[list[str], typer.Argument(metavar="IDENTIFIER...", help="Cards; or IDENTIFIER|COLOUR, IDENTIFIER|COLOUR|SIZE.")],
    site: OneSite,
    color: Annotated[list[str] | None, typer.Option("--color", help="Only this colour code; repeatable.")] = None,
    size: Annotated[list[str] | None, typer.Option("--size", help="Only this size of the colours (of all colours); repeatable.")] = None,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="Also a card that a person made and joorsync never sent.")] = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Take cards, colours or sizes off JOOR. What open orders hold is asked for first: joorsync styles allow."""
    process = process_of(context)
    with process.sessions() as session:
        run = asking.request_remove(
            session,
            site,
            identifiers,
            colors=color or [],
            sizes=size or [],
            by_hand=by_hand,
            dry_run=dry_run,
            reason=reason or "taken off by hand",
            requested_by=process.actor,
            clock=process.clock,
        )
        run_id = run.id
    say_and_wait(process, relayed(process, run_id), dry_run, wait, as_json)


@app.command("put-back")
def put_back(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="IDENTIFIER, IDENTIFIER|COLOUR or IDENTIFIER|COLOUR|SIZE, as it was taken off.")],
    site: OneSite,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Put on JOOR again what was taken off with `styles remove`."""
    process = process_of(context)
    with process.sessions() as session:
        run_id = asking.put_back(session, site, key, process.actor, reason=reason, clock=process.clock).id
    say_and_wait(process, relayed(process, run_id), False, wait, as_json)


@app.command()
def allow(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="remove or rekey.")],
    site: OneSite,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="As the question names it: IDENTIFIER[|COLOUR[|SIZE]], or the style.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every open question of this kind, after a list of them.")] = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Allow what blocked jobs ask for: exactly the orders, or the identifiers, that their questions show."""
    process = process_of(context)
    if bool(keys) == everything:
        raise NotPossible("What is allowed?", fix=["Name what the question names, or give --all."])
    chosen = keys or _all_open(process, site, what, yes)
    allowed, released = [], 0
    with process.sessions() as session:
        for key in chosen:
            task, jobs = asking.allow(session, site, what, key, process.actor, reason=reason, clock=process.clock)
            allowed.append({"key": key, "question": task.summary, "detail": dict(task.detail or {})})
            released += jobs
    delayed = process.publish()
    if as_json:
        document({"allowed": what, "questions": allowed, "released": released, "delayed": delayed})
        return
    for row in allowed:
        say(f"Allowed: {row['question']}")
    say(f"{released} job(s) go on.")
    _later(process, released, delayed)


def _all_open(process: Process, site: str, what: str, yes: bool) -> list[str]:
    """The keys of all open questions, once a person has seen them. Read apart, so that no lock is held meanwhile."""
    with process.reading() as session:
        rows = [(task.key, task.summary) for task in asking.open_questions(session, site, what)]
    if not yes:
        for _, summary in rows:
            note(f"  {summary}")
        if rows:
            typer.confirm(f"Allow all {len(rows)}?", abort=True, err=True)
    return [key for key, _ in rows]


def _later(process: Process, released: int, delayed: str | None) -> None:
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
    elif released and process.settings.embedded:
        note("They are done by the next `joorsync up` or `joorsync enqueue --wait`.")


@app.command()
def rekey(
    context: typer.Context,
    site: OneSite,
    card: Annotated[str, typer.Option("--card", help="style or style_color.")],
    separator: Annotated[str | None, typer.Option("--separator", help="Between style and colour in identifiers.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Do it; without it only the preview is shown.")] = False,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Change whether JOOR has a card per style or per style and colour: shows which cards get other identifiers, then does it."""
    mode = style_rekey.MODES.get(card)
    if mode is None:
        raise NotPossible(f"--card {card!r} is neither style nor style_color", fix=["Choose one of them."])
    process = process_of(context)
    with (process.sessions if confirm else process.reading)() as session:
        preview = style_rekey.rekey(
            session, site, mode, separator=separator, confirm=confirm, by=process.actor, reason=reason, clock=process.clock
        )
        run_id = preview.run.id if preview.run else None
    if not as_json:
        _say_rekey(preview, confirm)
    elif not (wait and run_id):
        rows = [{"style": row.style, "old": row.old, "new": row.new} for row in preview.rekeyed]
        told = {"site": preview.site, "card": preview.card, "separator": preview.separator, "confirmed": confirm, "run": run_id}
        document(told | {"rekeyed": rows, "unchanged": preview.unchanged, "unread": preview.unread})
        process.publish()
        return
    if run_id is not None:
        say_and_wait(process, relayed(process, run_id), False, wait, as_json)


def _say_rekey(preview: style_rekey.Preview, confirmed: bool) -> None:
    rows = [{"style": row.style, "on_joor": list(row.old), "becomes": list(row.new)} for row in preview.rekeyed]
    table(rows[:_SHOWN], ("style", "on_joor", "becomes"), empty="No card gets another identifier.")
    if len(rows) > _SHOWN:
        note(f"... and {len(rows) - _SHOWN} more; all of them with --json.")
    old, new = sum(len(row.old) for row in preview.rekeyed), sum(len(row.new) for row in preview.rekeyed)
    say(f"{len(rows)} style(s): {old} card(s) give way to {new}; {preview.unchanged} style(s) keep theirs.")
    if preview.unread:
        say(f"Not read from AIMS360 yet, so not foreseen: {', '.join(preview.unread[:_SHOWN])}")
    if confirmed:
        say(f"Site {preview.site} has card={preview.card} now. New cards come first; an old one that open orders hold is asked for.")
    else:
        say(f"Nothing was changed. To do it: joorsync styles rekey --card {preview.card} --confirm --site {preview.site}")


@app.command()
def unmapped(context: typer.Context, site: OneSite, as_json: AsJson = False) -> None:
    """JOOR cards without an AIMS360 style (as the last `map auto` found), and AIMS360 styles without a card."""
    process = process_of(context)
    with process.reading() as session:
        found = styles.unmapped(session, site)
    if as_json:
        document(found)
        return
    say("On JOOR, without a style in AIMS360:")
    table(
        found["joor"], ("joor", "name", "proposed", "score", "why"), empty=f"None known. Look again: joorsync map auto styles --site {site}"
    )
    say("In AIMS360, without a card on JOOR:")
    table(found["aims360"], ("style", "division", "season", "active", "colors"), empty="None.")
    if found["joor"]:
        say(f"Decide: joorsync map proposals styles --site {site}")
