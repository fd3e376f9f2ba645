"""`joorsync`: the top. The one module that puts workers, producers and console into one process."""

import errno
import logging
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from pydantic import ValidationError
from stamina.instrumentation import set_on_retry_hooks

from console import check as checks
from console import demo as demos
from console import output
from console.commands import (
    asking,
    audit,
    certify,
    customers,
    golive,
    images,
    jobs,
    linesheets,
    mapping,
    orders,
    ship_tos,
    sites,
    styles,
    tasks,
    upkeep,
)
from console.commands.options import AnySite, AsJson, process_of
from console.embedded import Inline
from console.process import Finding, Process, who
from models.errors import NotPossible, SyncError
from producers import main as producers_main
from runtime import logs
from runtime.clock import SystemClock
from runtime.settings import Settings
from workers import check as remote
from workers import main as workers_main
from workers import observe as observing
from workers.supervisor import STOP_TIMEOUT_MS, until_signalled

app = typer.Typer(
    help="Keeps a brand's JOOR account and its AIMS360 ERP in step.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
for name, family in (
    ("jobs", jobs.app),
    ("sites", sites.app),
    ("map", mapping.app),
    ("styles", styles.app),
    ("linesheets", linesheets.app),
    ("images", images.app),
    ("orders", orders.app),
    ("customers", customers.app),
    ("ship-tos", ship_tos.app),
    ("tasks", tasks.app),
    ("certify", certify.app),
    ("keys", upkeep.keys_app),
):
    app.add_typer(family, name=name)
app.command("enqueue")(asking.command)
app.command("queues")(upkeep.show_queues)
app.command("topology")(upkeep.topology)
app.command("migrate")(upkeep.migrate_database)
app.command("settings")(upkeep.show_settings)
app.command("audit")(audit.command)
app.command("attest")(golive.attest)
sites.app.command("open")(golive.open_site)
sites.app.command("close")(golive.close_site)

#: Commands that stay: their log is what they have to say. Others are quiet unless LOG_LEVEL is set.
_LONG = ("up", "workers", "producers")


class _Running:
    """A worker of this process."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker

    def alive(self) -> bool:
        return bool(self._worker.alive())

    def stop(self) -> None:
        self._worker.stop(timeout=STOP_TIMEOUT_MS)


class Workers:
    """The workers' side of commands (`console.process.WorkerSide`)."""

    def address(self, url: str, sandbox: bool) -> str:
        return remote.check_address(url, sandbox)

    def contract(self, overrides: Mapping[str, Any]) -> None:
        remote.check_contract(overrides)

    def missing_secrets(self, names: Sequence[str]) -> list[str]:
        return remote.still_missing(names)

    def probe(self, process: Process, site_id: int, contract: bool) -> list[Finding]:
        found = remote.probe_site(process.sessions, process.clock, process.settings, site_id, contract=contract)
        return [Finding(**asdict(probe)) for probe in found]

    def observe(self, process: Process, site_id: int, what: str, key: str) -> dict[str, Any]:
        return observing.observe(process.sessions, process.clock, process.settings, site_id, what, key)

    def start(self, process: Process, broker: Any, stop: threading.Event) -> _Running:
        return _Running(workers_main.start_worker(process.settings, broker, process.sessions, process.clock, stop))


@app.command()
def up(context: typer.Context) -> None:
    """Everything in one process until Ctrl-C: worker, relay, rescue loop, timetable."""
    process, stop = process_of(context), until_signalled()
    process.prepare()
    log = structlog.get_logger("up")
    with Inline(process, with_timetable=True) as inline:
        log.info("up", database=process.where, broker="RabbitMQ" if process.settings.amqp_url else "in memory")
        while not stop.wait(1.0):
            if not inline.alive():
                log.critical("a thread of this process died; leaving so that a fresh one takes over")
                raise typer.Exit(output.FAILED)
        log.info("going down; jobs in hand are finished or handed back")


@app.command()
def demo(
    context: typer.Context,
    styles: Annotated[int, typer.Option(min=1, help="Size of the pretend brand.")] = 300,
    orders: Annotated[int, typer.Option(min=1, help="JOOR orders of the pretend brand.")] = 40,
    seed: Annotated[int, typer.Option(help="Another number makes another brand.")] = 1,
    sandbox_file: Annotated[Path | None, typer.Option(help="The pretend systems run already; this file has the line they printed.")] = None,
) -> None:
    """The catalogue into an empty JOOR, orders into AIMS360, inventory into JOOR; again; and after small changes."""
    base = process_of(context)
    raise typer.Exit(demos.run(base.settings, base.work, demos.Size(styles, orders, seed, sandbox_file)))


@app.command()
def check(
    context: typer.Context,
    site: AnySite = "",
    contract: Annotated[bool, typer.Option("--contract", help="Also ask which assumed paths and names hold.")] = False,
    as_json: AsJson = False,
) -> None:
    """Database, broker, key, both remote systems, stored pairs: what holds and what to do about the rest. Reads only."""
    found = checks.everything(process_of(context), site, contract)
    if as_json:
        output.document([checks.row(item) for item in found])
    else:
        for line in checks.lines(found):
            output.say(line)
    raise typer.Exit(checks.exit_code(found))


@app.command()
def workers(context: typer.Context, processes: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1) -> None:
    """Worker processes; needs RabbitMQ."""
    process = process_of(context)
    if process.settings.embedded:
        raise NotPossible(
            "AMQP_URL is not set: there is nothing to work from", fix=["Set AMQP_URL, or run everything in one process: joorsync up."]
        )
    assert process.sessions is not None  # refuse a database that is not at this version before starting children
    raise typer.Exit(workers_main.main(process.settings, processes))


@app.command()
def producers(context: typer.Context) -> None:
    """Timetable, relay and rescue loop; needs RabbitMQ."""
    process = process_of(context)
    assert process.sessions is not None  # as above
    raise typer.Exit(producers_main.serve(process.settings, until_signalled()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 well, 1 work failed, 2 usage or set-up, 3 a remote or service cannot be reached."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        settings = Settings()
    except ValidationError as error:
        output.note("The settings are not usable:")
        for line in output.field_lines(error, "  "):
            output.note(line)
        return output.USAGE
    quiet = "log_level" not in settings.model_fields_set and not any(word in _LONG for word in given[:1])
    logs.configure("WARNING" if quiet else settings.log_level, settings.log_format)
    if quiet:
        logging.getLogger("pika").setLevel(logging.CRITICAL)  # it logs tracebacks of what our own message says in a line
        set_on_retry_hooks(())  # a read that is tried again is no news; what comes of it is
    process = Process(settings, SystemClock(), Workers(), who())
    try:
        return _run(given, process)
    finally:
        process.close()


def _run(given: list[str], process: Process) -> int:
    try:
        typer.main.get_command(app).main(args=given, prog_name="joorsync", obj=process)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else output.WELL if left.code is None else output.FAILED
    except SyncError as error:
        _trace(process)
        return output.failure(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing more to say to it
        return output.WELL
    except OSError as error:
        _trace(process)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        steps = ["Free space on that disk; nothing stored is lost."] if full else ["Put right what the system says, then try again."]
        return output.failure(NotPossible(f"{'The disk is full' if full else 'The system refused'}: {error}", fix=steps))
    except Exception as error:
        _trace(process)
        output.note(f"A fault of ours: {type(error).__name__}: {logs.REDACTOR.text(str(error))[:500]}")
        output.note("  1. Run it again with LOG_LEVEL=DEBUG and report what it prints.")
        return output.FAILED
    return output.WELL


def _trace(process: Process) -> None:
    if process.settings.log_level == "DEBUG":
        structlog.get_logger("joorsync").debug("where it happened", exc_info=True)
