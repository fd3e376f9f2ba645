"""`joorsync enqueue`: ask for work, and with --wait stay until it is done."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from console import golive, previews, runs
from console.commands.options import AsJson, OneSite, Reason, process_of
from console.embedded import Inline
from console.output import FAILED, document, note, say
from console.process import Process
from models.errors import NotPossible
from models.gates import confirm_command
from models.jobs import DataType, Run
from models.sites import Site
from producers.enqueue import Enqueued, count, enqueue

Kind = Annotated[DataType, typer.Argument(metavar="DATA_TYPE", help="customers, styles, linesheets, images, inventory or orders.")]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", "-k", help="One record: a customer account, style number, linesheet code or JOOR order id; repeatable."),
]
All = Annotated[bool, typer.Option("--all", help="Everything again, changed or not.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="The dry run was right: from now on this data type is sent to the production account.")
]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Until the work is done; exit code 1 when something failed.")]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="Inventory, styles: accept a reading of AIMS360 that is suspiciously small.")
]
Division = Annotated[list[str] | None, typer.Option("--division", help="Styles: only of this AIMS360 division; repeatable.")]
Season = Annotated[list[str] | None, typer.Option("--season", help="Styles: only of this AIMS360 season; repeatable.")]
Status = Annotated[str | None, typer.Option("--status", help="Styles: active, inactive or all.")]
Level = Annotated[str | None, typer.Option("--level", help="Images: style or color, for this run.")]
_SHOWN = 20
#: Which data types an option is for.
_FOR = {
    "allow_empty": (DataType.INVENTORY, DataType.STYLES),
    "divisions": (DataType.STYLES,),
    "seasons": (DataType.STYLES,),
    "status": (DataType.STYLES,),
    "level": (DataType.IMAGES,),
}


def command(
    context: typer.Context,
    data_type: Kind,
    site: OneSite,
    key: Keys = None,
    everything: All = False,
    dry_run: DryRun = False,
    confirm: Confirm = False,
    wait: Wait = False,
    division: Division = None,
    season: Season = None,
    status: Status = None,
    level: Level = None,
    allow_empty: AllowEmpty = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Ask for a sync of one data type of one site."""
    given = {"divisions": division, "seasons": season, "status": status, "level": level, "allow_empty": allow_empty}
    options = {name: value for name, value in given.items() if value}
    for name in options:
        if data_type not in _FOR[name]:
            flag = "--" + {"divisions": "division", "seasons": "season"}.get(name, name).replace("_", "-")
            raise NotPossible(f"{flag} is for {' and '.join(kind.value for kind in _FOR[name])}", fix=["Leave it out."])
    if status not in (None, "active", "inactive", "all"):
        raise NotPossible(f"There is no status {status!r}", fix=["Choose active, inactive or all."])
    if data_type is DataType.INVENTORY:
        options["revive"] = True
    if confirm:
        _confirm(process_of(context), data_type, site, dry_run, reason)
    ask_and_say(process_of(context), data_type, site, key or [], everything, dry_run, wait, options, reason, as_json)


def _confirm(process: Process, data_type: DataType, site: str, dry_run: bool, reason: str) -> None:
    if dry_run:
        raise NotPossible("--confirm lets the real run go, --dry-run sends nothing", fix=["Give one of them."])
    with process.sessions() as session:
        words = golive.confirm_first_run(session, process, site, data_type, reason=reason)
    note(words)


def ask_and_say(
    process: Process,
    data_type: DataType,
    site: str,
    keys: Sequence[str],
    everything: bool,
    dry_run: bool,
    wait: bool,
    options: Mapping[str, Any],
    reason: str,
    as_json: bool,
) -> None:
    """Ask, say what was asked, and with `wait` stay for the outcome. Other commands that ask for work end here too."""
    asked = enqueue(
        process.sessions,
        process.clock,
        process.settings.amqp_url,
        data_type,
        site,
        keys=keys,
        everything=everything,
        dry_run=dry_run,
        reason=reason,
        options=options,
    )
    say_and_wait(process, asked, dry_run, wait, as_json)


def relayed(process: Process, run_id: int | None) -> Enqueued:
    """A run that a command stored itself, put into the broker."""
    with process.reading() as session:
        jobs, run = count(session, run_id or 0), session.get(Run, run_id or 0)
        dry_run = run is not None and run.dry_run
    delayed = process.publish()
    return Enqueued(run_id or 0, jobs, 0 if delayed or process.settings.embedded else jobs, delayed, dry_run)


def say_and_wait(process: Process, asked: Enqueued, dry_run: bool, wait: bool, as_json: bool) -> None:
    """Say what was asked, and with `wait` stay for the outcome; exit code 1 when something failed."""
    if not as_json:
        _say_asked(process, asked, wait)
    if asked.dry_run and not dry_run:
        _say_first_run(process, asked.run_id)
    if wait:
        _wait(process, asked, dry_run or asked.dry_run, as_json)
    elif as_json:
        told = {"run": asked.run_id, "jobs": asked.jobs, "published": asked.published, "delayed": asked.delayed}
        document(told | {"dry_run": asked.dry_run})


def _say_first_run(process: Process, run_id: int) -> None:
    """More was asked for than may be sent yet (producers.requests.ask_for)."""
    with process.reading() as session:
        run = session.get_one(Run, run_id)
        site = session.get_one(Site, run.site_id)
        data_type, closed = DataType(run.data_type), not site.production_open
        command = confirm_command(site, data_type)
    note(
        f"This is the first production run of {data_type.value} for {site.key}, so it is a dry run: nothing is sent. "
        + (f"Production of {site.key} is closed as well: joorsync sites open {site.key}. " if closed else "")
        + f"When it looks right: {command}"
    )


def _say_asked(process: Process, asked: Enqueued, wait: bool) -> None:
    where = "stored" if process.settings.embedded or asked.delayed else f"stored, {asked.published} in RabbitMQ"
    say(f"Run {asked.run_id}: {asked.jobs} job(s) {where}.")
    if asked.delayed:
        note(f"Delivery is delayed and follows by itself: {asked.delayed}")
    elif process.settings.embedded and not wait:
        note("It is done by a running `joorsync up`; or add --wait to do it here and now.")


def _wait(process: Process, asked: Enqueued, dry_run: bool, as_json: bool) -> None:
    if process.settings.embedded:
        with Inline(process) as inline:
            inline.wake()
            runs.wait(process, [asked.run_id], alive=inline.alive)
    else:
        runs.wait(process, [asked.run_id])
    with process.reading() as session:
        rows, problems = runs.outcome(session, [asked.run_id]), runs.problems(session, [asked.run_id])
        would = runs.previews(session, asked.run_id) if dry_run else []
    if as_json:
        document({"run": asked.run_id, "outcome": rows, "problems": problems, "previews": would, "dry_run": dry_run})
    else:
        runs.show_outcome(rows)
        for line in previews.summary(would, f"joorsync jobs show {would[0]['job']} --json") if would else []:
            say(line)
        runs.show_problems(problems, _SHOWN)
        late = sum(row["waiting"] for row in rows)
        if late:
            note(f"{late} job(s) go on later by themselves: joorsync jobs --run {asked.run_id}")
    if problems:
        raise typer.Exit(FAILED)
