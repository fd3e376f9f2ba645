"""`joorsync certify`: run the test scenarios of a site on its sandbox account; list and show what was certified."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console import certifications, certify, certify_report
from console.certify_scenarios import KEYS, Scenario
from console.certify_stage import Result
from console.commands.options import AnySite, AsJson, group, process_of
from console.output import FAILED, document, note, say, steps, table
from models.errors import NotPossible
from models.golive import Certification
from producers.requests import resolve_site

app = group("Certification: JOOR's test scenarios, run on a site's sandbox account. Without it production is not opened.")

Style = Annotated[str, typer.Option("--style", help="The AIMS360 style to work with; none takes the first that fits.")]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Folder of the report (HTML and JSON).")]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="KEY", help=f"Only this scenario; repeatable: {', '.join(KEYS)}.")]
ImportOrders = Annotated[bool, typer.Option("--import-orders", help="One order may go into AIMS360; else AIMS360 is only read.")]


@app.callback()
def default(
    context: typer.Context,
    site: AnySite = "",
    style: Style = "",
    out: Out = certify_report.FOLDER,
    only: Only = None,
    import_orders: ImportOrders = False,
    as_json: AsJson = False,
) -> None:
    """Run the test scenarios of one site (--site) on its sandbox account; a live account is never touched."""
    if context.invoked_subcommand is not None:
        return
    if not site:
        raise NotPossible(
            "Which site is to be certified?", fix=["joorsync certify --site KEY", "What was certified: joorsync certify list"]
        )
    process = process_of(context)
    row = certify.run(process, certify.Wish(site, style, only or (), import_orders), _progress)
    files = certify_report.write(row, out)
    report: dict[str, Any] = row.report or {}
    if as_json:
        document({"id": row.id, **report, "files": [str(file) for file in files]})
    else:
        _show(row)
        say(f"Report: {', '.join(map(str, files))}")
    if report["failed"] or (report["lacking"] and not report["partial"]):
        note(_not_passed(row))
        raise typer.Exit(FAILED)
    if report["partial"]:
        note("Only a part was run: it certifies nothing.")
    else:
        note(f"Production of {site} can be opened: joorsync sites open {site}")


def _progress(scenario: Scenario, result: Result | None) -> None:
    if result is not None:
        note(f"{certify_report.WORDS[result.outcome]}: {scenario.key}")


def _not_passed(row: Certification) -> str:
    report = row.report or {}
    failed, lacking = report["failed"], [key for key in report["lacking"] if key not in report["failed"]]
    words = [f"failed: {', '.join(failed)}"] if failed else []
    words += [f"did not pass and has to: {', '.join(lacking)}"] if lacking else []
    return f"Certification {row.id} of {report['site']} is not passed ({'; '.join(words)})."


def _show(row: Certification) -> None:
    report = row.report or {}
    rows = [{**item, "result": certify_report.WORDS[item["outcome"]], "what was seen": item["words"]} for item in report["scenarios"]]
    table(rows, ("key", "result", "what was seen"), title=f"{report['site']} on its sandbox account {report['sandbox']}")
    for item in rows:
        if item["fix"] and item["outcome"] in ("failed", "needs_person"):
            say(f"{item['key']}: {item['words']}")
            for line in steps(item["fix"]):
                say(line)


@app.command("list")
def list_certifications(context: typer.Context, site: AnySite = "", as_json: AsJson = False) -> None:
    """Every certification, newest first."""
    with process_of(context).reading() as session:
        rows = certifications.listing(session, resolve_site(session, site) if site else None)
    if as_json:
        document(rows)
    else:
        table(rows, ("id", "site", "started_at", "finished_at", "passed", "failed", "by"), empty="Nothing was certified yet.")


@app.command()
def show(context: typer.Context, certification: Annotated[int, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """One certification with every scenario."""
    with process_of(context).reading() as session:
        row = certifications.find(session, certification)
    if as_json:
        document({"id": row.id, "passed": row.passed, "finished_at": row.finished_at, **(row.report or {})})
        return
    _show(row)
    ended = f"{row.finished_at:%Y-%m-%d %H:%M}Z" if row.finished_at else "was cut off"
    say(f"Certification {row.id}: {'passed' if row.passed else 'not passed'}, {ended}, by {row.started_by}")
