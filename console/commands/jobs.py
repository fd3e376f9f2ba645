"""`joorsync jobs`: the list, one job's story, retry, cancel, dismiss."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from console import jobs
from console.commands.options import AnySite, AsJson, Limit, Reason, Yes, group, process_of
from console.jobs import Changed, Filter
from console.output import FAILED, cell, document, note, say, steps, table
from console.process import Process
from models.errors import NotPossible
from models.jobs import Job, JobState

app = group("Work: what waits, what was done, what went wrong and how to put it right.")

States = Annotated[list[str] | None, typer.Option("--state", help="queued, running, blocked, failed, ...; repeatable.")]
Types = Annotated[list[str] | None, typer.Option("--type", "-t", help="orders, inventory, ...; repeatable.")]
Key = Annotated[str, typer.Option("--key", help="Business key: a JOOR order id, a style number.")]
Error = Annotated[str, typer.Option("--error", help="Kind of error: rejected, unavailable, needs_mapping, ...")]
Run = Annotated[int | None, typer.Option("--run", help="Number of a run.")]
Dismissed = Annotated[bool, typer.Option("--dismissed", help="Those that were dismissed or solved by a later success, too.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Job numbers.")]
AllMatching = Annotated[bool, typer.Option("--all-matching", help="Every job that the filters match.")]
_COLUMNS = ("id", "state", "kind", "site", "key", "attempts", "wanted_at", "what")


@app.callback()
def default(
    context: typer.Context,
    state: States = None,
    data_type: Types = None,
    site: AnySite = "",
    key: Key = "",
    error: Error = "",
    run: Run = None,
    dismissed: Dismissed = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    if context.invoked_subcommand is None:
        _list(process_of(context), Filter(state or (), data_type or (), site, key, error, run, dismissed), limit, as_json)


@app.command("list")
def list_jobs(
    context: typer.Context,
    state: States = None,
    data_type: Types = None,
    site: AnySite = "",
    key: Key = "",
    error: Error = "",
    run: Run = None,
    dismissed: Dismissed = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    _list(process_of(context), Filter(state or (), data_type or (), site, key, error, run, dismissed), limit, as_json)


def _list(process: Process, wanted: Filter, limit: int, as_json: bool) -> None:
    with process.reading() as session:
        keys = jobs.site_keys(session)
        rows = [jobs.row(job, keys) for job in jobs.find(session, wanted, limit)]
    if as_json:
        document(rows)
        return
    table(rows, _COLUMNS, empty="No such jobs.")
    if len(rows) == limit:
        note(f"The newest {limit}; more with --limit.")
    elif rows:
        note("One in full: joorsync jobs show ID")


@app.command()
def show(context: typer.Context, job_id: Annotated[int, typer.Argument()], as_json: AsJson = False) -> None:
    """One job: every attempt, what was asked, what was answered, what to do."""
    process = process_of(context)
    with process.reading() as session:
        found = jobs.details(session, job_id)
    if as_json:
        document(found)
    else:
        _story(found)


def _story(job: dict[str, Any]) -> None:
    say(f"Job {job['id']}  {job['kind']}  {job['key'] or '(whole site)'}  site {job['site']}{'  dry run' if job['dry_run'] else ''}")
    say(f"{job['state']}{': ' + job['note'] if job['note'] else ''}")
    if job["run"]:
        run = job["run"]
        say(f"Asked for {cell(run['created_at'])} by {run['requested_by'] or '?'}: {run['reason'] or 'no reason given'} (run {run['id']})")
    for attempt in job["attempts"]:
        _attempt(attempt)
    if job["counts"]:
        say("Counts: " + ", ".join(f"{name} {cell(count)}" for name, count in job["counts"].items()))
    if job["error_summary"]:
        say()
        say(f"{job['error_summary']}")
        if job["error_field"]:
            say(f"  field: {job['error_field']}")
        if job["remote_message"]:
            say(f"  they said: {job['remote_message']}")
    for missing in job["blocked_on"] or []:
        say(f"  waits for {missing['kind']} {missing['value']!r}{' - ' + missing['where'] if missing.get('where') else ''}")
    if job["error_fix"]:
        say("What to do:")
        for line in steps(job["error_fix"]):
            say(line)
    if job["result"]:
        say("Result:")
        document(job["result"])


def _attempt(attempt: dict[str, Any]) -> None:
    cost = f"{attempt['calls']} calls, {attempt['credits']} credits"
    ended = f"{attempt['outcome']}: {attempt['summary'] or ''}" if attempt["finished_at"] else "not finished (running, or its process died)"
    say(f"  {attempt['number']}. {cell(attempt['started_at'])} to {cell(attempt['finished_at']) or '?'}  {cost}  {ended}")
    for exchange in attempt["exchanges"] or []:
        status = exchange.get("status") or "no answer"
        call = f"{exchange.get('system', '')} {exchange.get('method')} {exchange.get('path')}"
        say(f"       {call} -> {status} {exchange.get('reference') or ''}".rstrip())


@app.command()
def retry(
    context: typer.Context,
    job_ids: Ids = None,
    all_matching: AllMatching = False,
    state: States = None,
    data_type: Types = None,
    site: AnySite = "",
    key: Key = "",
    error: Error = "",
    run: Run = None,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Queue jobs again: by number, or every one that the filters match (failed ones, unless --state says otherwise)."""
    process = process_of(context)
    wanted = Filter(state or [JobState.FAILED.value], data_type or (), site, key, error, run)
    found = _chosen(process, job_ids, all_matching, wanted, "retry", yes)
    with process.sessions() as session:
        changed = jobs.retry(session, process, found, reason)
    delayed = process.publish() if changed.done else None
    _report(changed, "queued again")
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
    elif changed.done and process.settings.embedded:
        note("They are done by the next `joorsync up` or `joorsync enqueue --wait`.")


@app.command()
def cancel(
    context: typer.Context,
    job_ids: Ids = None,
    all_matching: AllMatching = False,
    state: States = None,
    data_type: Types = None,
    site: AnySite = "",
    key: Key = "",
    error: Error = "",
    run: Run = None,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Cancel what has not started."""
    process = process_of(context)
    wanted = Filter(state or [JobState.QUEUED.value, JobState.PUBLISHED.value], data_type or (), site, key, error, run)
    found = _chosen(process, job_ids, all_matching, wanted, "cancel", yes)
    with process.sessions() as session:
        changed = jobs.cancel(session, process, found, reason)
    _report(changed, "cancelled")


@app.command()
def dismiss(
    context: typer.Context,
    job_ids: Ids = None,
    all_matching: AllMatching = False,
    data_type: Types = None,
    site: AnySite = "",
    key: Key = "",
    error: Error = "",
    run: Run = None,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Take failed jobs off the list of open problems."""
    process = process_of(context)
    wanted = Filter([JobState.FAILED.value], data_type or (), site, key, error, run)
    found = _chosen(process, job_ids, all_matching, wanted, "dismiss", yes)
    with process.sessions() as session:
        changed = jobs.dismiss(session, process, found, reason)
    _report(changed, "dismissed")


def _chosen(process: Process, job_ids: list[int] | None, all_matching: bool, wanted: Filter, verb: str, yes: bool) -> Sequence[Job]:
    """By number, or by filter after a question. Read apart, so that no lock is held while a person thinks."""
    if bool(job_ids) == all_matching:
        raise NotPossible(
            f"Which jobs to {verb}?", fix=[f"By number: joorsync jobs {verb} 17 18", f"By filter: joorsync jobs {verb} --all-matching ..."]
        )
    with process.reading() as session:
        if job_ids:
            return [jobs.get(session, job_id) for job_id in job_ids]
        found = jobs.find(session, wanted, None)
    say(f"{len(found)} job(s) match.")
    if found and not yes:
        typer.confirm(f"{verb.capitalize()} {len(found)} job(s)?", abort=True, err=True)
    return found


def _report(changed: Changed, done: str) -> None:
    if changed.done:
        say(f"{len(changed.done)} job(s) {done}: {', '.join(map(str, changed.done[:20]))}{' ...' if len(changed.done) > 20 else ''}")
    for job_id, why in list(changed.left.items())[:20]:
        note(f"Job {job_id} was left alone: {why}")
    if changed.left and not changed.done:
        raise typer.Exit(FAILED)
