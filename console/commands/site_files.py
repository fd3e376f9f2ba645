"""`joorsync sites export` and `import`: everything of sites but their secrets, as one TOML file."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from console import site_export, site_import, site_toml
from console.commands.options import process_of
from console.output import cell, note, say
from console.process import Process
from console.site_import import SiteChange
from models.errors import NotPossible

Keys = Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Sites; none means all of them.")]
ToFile = Annotated[Path | None, typer.Option("--file", "-f", dir_okay=False, help="None: standard output.")]
FromFile = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="What export wrote; - is standard input.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; store nothing.")]


def export_sites(context: typer.Context, keys: Keys = None, file: ToFile = None) -> None:
    """Write sites as TOML: addresses, divisions, settings, schedule, reports, contract, style fields, linesheets, code pairs. No secrets,
    no pairs of customers and styles, and not whether production is open."""
    process = process_of(context)
    with process.reading() as session:
        text = site_export.export(session, keys or [])
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text(text, encoding="utf-8")
    say(f"Written to {file}.")


def import_sites(context: typer.Context, file: FromFile, dry_run: DryRun = False) -> None:
    """Add and change sites from a file. What it does not name stays; a group of settings that it has is replaced whole. A file with any
    error changes nothing, and every error is listed with its place. New production sites arrive closed, and without secrets."""
    process = process_of(context)
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise NotPossible(f"{file} cannot be read: {error.strerror}", fix=["Give the path of a TOML file."]) from None
    rows = site_toml.read(data, file.name)
    process.prepare()
    with process.sessions() as session:
        changes = site_import.put(session, process, rows, file.name)
        if dry_run:
            session.rollback()
    _show(changes, dry_run)
    if not dry_run:
        _what_follows(process, changes)


def _show(changes: Sequence[SiteChange], dry_run: bool) -> None:
    for change in changes:
        words = ("would be " if dry_run else "") + ("added" if change.is_new else "changed")
        say(f"Site {change.key}: {words if change.fields else 'nothing changes'}")
        for place, (before, after) in change.fields.items():
            say(f"  {place}: {_shown(after)}" if change.is_new else f"  {place}: {_shown(before)} -> {_shown(after)}")


def _shown(value: Any) -> str:
    if value is None:
        return "(default or none)"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in value.items()) or "as it is named"
    return cell(value) if value not in ("", []) else "(empty)"


def _what_follows(process: Process, changes: Sequence[SiteChange]) -> None:
    for change in changes:
        if change.is_new:
            note(f"Site {change.key} has no secrets yet: joorsync sites set {change.key} --secret joor.token")
    released = sum(change.released for change in changes)
    if released:
        delayed = process.publish()
        say(f"{released} job(s) were blocked on these pairs and go on.")
        if delayed:
            note(f"Delivery is delayed and follows by itself: {delayed}")
