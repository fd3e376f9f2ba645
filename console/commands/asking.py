"""`joorsync enqueue`: ask for work, and with --wait stay until it is done."""

from typing import Annotated

import typer
from sqlmodel import Session

from console import runs
from console.commands.options import AsJson, OneSite, Reason, process_of
from console.embedded import Inline
from console.output import FAILED, document, note, say
from console.process import Process
from models.errors import NotPossible
from models.jobs import DataType
from producers import inventory
from producers.enqueue import Enqueued, count, enqueue

Kind = Annotated[DataType, typer.Argument(metavar="DATA_TYPE", help="orders or inventory.")]
Keys = Annotated[list[str] | None, typer.Option("--key", "-k", help="One record: a JOOR order id, a style number; repeatable.")]
All = Annotated[bool, typer.Option("--all", help="Everything again, changed or not.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Until the work is done; exit code 1 when something failed.")]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Accept a reading of AIMS360's stock that is suspiciously small.")]
_SHOWN = 20


def command(
    context: typer.Context,
    data_type: Kind,
    site: OneSite,
    key: Keys = None,
    everything: All = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    allow_empty: AllowEmpty = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Ask for a sync of one data type of one site."""
    process = process_of(context)
    if allow_empty and data_type is not DataType.INVENTORY:
        raise NotPossible("--allow-empty is for inventory", fix=["Leave it out."])
    asked = _ask(process, data_type, site, key or [], everything, dry_run, allow_empty, reason)
    if not as_json:
        _say_asked(process, asked, wait)
    if wait:
        _wait(process, asked, dry_run, as_json)
    elif as_json:
        document({"run": asked.run_id, "jobs": asked.jobs, "published": asked.published, "delayed": asked.delayed})


def _ask(
    process: Process, data_type: DataType, site: str, keys: list[str], everything: bool, dry_run: bool, allow_empty: bool, reason: str
) -> Enqueued:
    if not allow_empty:
        sessions, clock, url = process.sessions, process.clock, process.settings.amqp_url
        return enqueue(sessions, clock, url, data_type, site, keys=keys, everything=everything, dry_run=dry_run, reason=reason)
    with process.sessions() as session:
        run = inventory.request(
            session,
            site,
            keys=keys,
            everything=everything,
            dry_run=dry_run,
            reason=reason or "by hand, a small reading is allowed",
            requested_by=process.actor,
            clock=process.clock,
            allow_empty=True,
            revive=True,
        )
        run_id, jobs = run.id or 0, _jobs(session, run.id)
    delayed = process.publish()
    return Enqueued(run_id, jobs, 0 if delayed or process.settings.embedded else jobs, delayed)


def _jobs(session: Session, run_id: int | None) -> int:
    return count(session, run_id or 0)


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
        previews = runs.previews(session, asked.run_id) if dry_run else []
    if as_json:
        document({"run": asked.run_id, "outcome": rows, "problems": problems, "previews": previews})
    else:
        runs.show_outcome(rows)
        for preview in previews:
            say(f"job {preview['job']}  {preview['kind']} {preview['key']}: {preview['note']}")
            if preview["result"]:
                document(preview["result"])
        runs.show_problems(problems, _SHOWN)
        late = sum(row["waiting"] for row in rows)
        if late:
            note(f"{late} job(s) go on later by themselves: joorsync jobs --run {asked.run_id}")
    if problems:
        raise typer.Exit(FAILED)
