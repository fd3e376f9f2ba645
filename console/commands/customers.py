"""`joorsync customers`: how far each AIMS360 customer is on JOOR, sending named ones, reading, and the review before new ones."""

from typing import Annotated, Any

import typer

from console import customers
from console.commands.asking import relayed, say_and_wait
from console.commands.options import AnySite, AsJson, Limit, OneSite, Reason, group, process_of
from console.output import cell, document, note, say, steps, table
from console.process import Process
from producers import customers as asking

app = group("Customers on JOOR: how far each is, sending named ones, the review before new ones.")

States = Annotated[
    list[str] | None, typer.Option("--state", help="sending, sent, awaiting (JOOR matches it), visible, active, unsent; repeatable.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent and what is missing; send nothing.")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Until the work is done or waits for JOOR; exit code 1 when something failed.")]
_COLUMNS = ("account", "site", "name", "aims360", "code_on_joor", "state", "since", "due", "escalated")


@app.callback()
def default(context: typer.Context, site: AnySite = "", state: States = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List customers by account."""
    if context.invoked_subcommand is None:
        _list(process_of(context), site, state or [], limit, as_json)


@app.command("list")
def list_customers(context: typer.Context, site: AnySite = "", state: States = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List customers by account."""
    _list(process_of(context), site, state or [], limit, as_json)


def _list(process: Process, site: str, states: list[str], limit: int, as_json: bool) -> None:
    with process.reading() as session:
        rows = customers.listing(session, site, states, limit)
    if as_json:
        document(rows)
        return
    table(rows, _COLUMNS, empty="No such customers.")
    if len(rows) == limit:
        note(f"At most {limit} are shown; more with --limit.")


@app.command()
def show(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="AIMS360 customer account, or its customer code on JOOR.")],
    site: OneSite,
    as_json: AsJson = False,
) -> None:
    """One customer: what AIMS360 said, what JOOR was told and shows, pairs, work, what a person should do."""
    process = process_of(context)
    with process.reading() as session:
        found = customers.details(session, site, account)
    if as_json:
        document(found)
    else:
        _story(found)


def _story(customer: dict[str, Any]) -> None:
    say(f"Customer {customer['account']}  {customer['name'] or '-'}  AIMS360: {customer['aims360'] or 'not read'} {cell(customer['read'])}")
    for store in customer["stores"]:
        say(f"  store {store['code']} {store['name'] or ''}, {store['city'] or '-'}: {store['status']}")
    code = customer["code_on_joor"] or "not known"
    say(f"On JOOR: code {code}  {customer['state']}  since {cell(customer['since']) or '-'}  sent {cell(customer['sent_at']) or 'never'}")
    if customer["due"]:
        late = f", told to a person {cell(customer['escalated'])}" if customer["escalated"] else ""
        say(f"  JOOR matches it by hand; expected by {cell(customer['due'])}{late}")
    if customer["job_on_joor"]:
        say(f"  JOOR works on job {customer['job_on_joor']}")
    if customer["shown"]:
        shown = customer["shown"]
        gone = "; not there any more" if shown["gone"] else ""
        say(f"  as JOOR shows it: {shown['name']}, {shown['email'] or '-'}, read {cell(shown['read_at'])}{gone}")
    for pair in customer["pairs"]:
        say(f"Paired: {pair['kind']} {pair['joor']} -> {pair['aims360']} ({pair['created_by']})")
    for task in customer["tasks"]:
        say(f"To do (task {task['task']}): {task['summary']}")
        for line in steps(task["steps"]):
            say(line)
    for job in customer["jobs"]:
        again = f", again {cell(job['again_at'])}" if job["again_at"] else ""
        say(f"job {job['job']}  {job['kind']}  {job['state']}{again}: {job['note']}")
        for line in steps(job["fix"]):
            say(line)


@app.command()
def export(
    context: typer.Context,
    accounts: Annotated[list[str], typer.Argument(metavar="ACCOUNT...", help="AIMS360 customer accounts.")],
    site: OneSite,
    everything: Annotated[bool, typer.Option("--all", help="The whole customer again, changed or not.")] = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Send these customers, read from AIMS360 again first; new ones too, once the existing ones were reviewed."""
    options = {"keys": accounts, "everything": everything, "dry_run": dry_run, "reason": reason or "named by hand"}
    _ask(process_of(context), site, options, wait, as_json)


@app.command()
def read(
    context: typer.Context,
    site: OneSite,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Accept a reading that is suspiciously small.")] = False,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Read all of AIMS360's customers and send nothing: before existing ones are paired (joorsync map auto customers)."""
    options = {"read_only": True, "allow_empty": allow_empty, "reason": reason or "read only"}
    _ask(process_of(context), site, options, wait, as_json)


def _ask(process: Process, site: str, options: dict[str, Any], wait: bool, as_json: bool) -> None:
    with process.sessions() as session:
        run_id = asking.request(session, site, requested_by=process.actor, clock=process.clock, **options).id
    say_and_wait(process, relayed(process, run_id), bool(options.get("dry_run")), wait, as_json)


@app.command()
def review(
    context: typer.Context,
    site: OneSite,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although proposals wait for a decision; needs --reason.")] = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Confirm that the customers both sides have are paired: others may then be sent as new ones."""
    process = process_of(context)
    with process.sessions() as session:
        released = asking.review(session, site, process.actor, anyway=anyway, reason=reason, clock=process.clock)
    delayed = process.publish()
    if as_json:
        document({"reviewed": site, "released": released, "delayed": delayed})
        return
    say(f"The customers of {site} are reviewed: new ones may be sent. {released} job(s) go on.")
    if released and delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
    elif released and process.settings.embedded:
        note("They are done by a running `joorsync up`.")
