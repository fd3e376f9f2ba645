"""`joorsync certify`: the test scenarios of a site against its sandbox account, and the report that lets production be opened."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session

from console import site_sandbox
from console.certifications import digest_of
from console.certify_scenarios import Scenario, chosen, perform
from console.certify_stage import Evidence, NotApplicable, Passed, Result, Stage
from console.embedded import Inline
from console.process import Process
from console.site_listing import account_of
from models.errors import NotPossible
from models.golive import Certification
from models.sites import Site
from producers.requests import resolve_site
from runtime.logs import REDACTOR
from runtime.migrate import newest

#: Called before and after each scenario.
Say = Callable[[Scenario, Result | None], None]


@dataclass(frozen=True)
class Wish:
    """`style`: the style to work with, "" for the first that fits. `only`: these scenarios (and what they build on); then nothing is
    certified. `import_orders`: one order may go into AIMS360."""

    site: str
    style: str = ""
    only: Sequence[str] = ()
    import_orders: bool = False


def run(process: Process, wish: Wish, say: Say) -> Certification:
    """All scenarios, each with a result of its own; the report is stored as it grows. Raises NotPossible before anything is done: no
    sandbox account, an unknown scenario."""
    scenarios = chosen(wish.only)
    with process.sessions() as session:
        site = resolve_site(session, wish.site)
        account = _account(session, process, site)
        row = _begin(session, process, site, account, wish)
        certification_id, report = row.id or 0, dict(row.report or {})
    inline = Inline(process) if process.settings.embedded else nullcontext()
    with inline as running:
        stage = Stage(process, account, running, style=wish.style, import_orders=wish.import_orders)
        stage.memory["certification"] = certification_id
        results: dict[str, Result] = {}
        for scenario in scenarios:
            say(scenario, None)
            stage.evidence, began = Evidence(), process.clock.now()
            results[scenario.key] = result = perform(scenario, stage, results)
            report["scenarios"].append(_row(scenario, result, stage.evidence, began.isoformat(), process.clock.now().isoformat()))
            _keep(process, certification_id, report)
            say(scenario, result)
    return _end(process, certification_id, report, scenarios, results)


def _account(session: Session, process: Process, site: Site) -> Site:
    """The sandbox account, brought to the site's settings and pairs as they are now."""
    if site.is_sandbox:
        if site.sandbox_of is not None:
            site_site = session.get_one(Site, site.sandbox_of)
            raise NotPossible(
                f"Site {site.key} is the sandbox account of {site_site.key}",
                fix=[f"Certify that one: joorsync certify --site {site_site.key}"],
            )
        return site
    account = account_of(session, site)
    if account is None:
        raise NotPossible(
            f"Site {site.key} has no sandbox account, and a live account is never tried out",
            fix=[f"Add it: joorsync sites add {site.key}-test --sandbox-of {site.key} --joor-api https://apisandbox.jooraccess.com ..."],
        )
    site_sandbox.refresh(session, process, account)
    return account


def _begin(session: Session, process: Process, site: Site, account: Site, wish: Wish) -> Certification:
    now = process.clock.now()
    row = Certification(
        site_id=site.id or 0,
        sandbox_id=account.id or 0,
        started_at=now,
        started_by=process.actor,
        settings_digest=digest_of(session, site),
        report={
            "site": site.key,
            "site_name": site.name,
            "sandbox": account.key,
            "joor": account.joor_api_url,
            "aims360": account.aims_api_url,
            "database_version": newest(),
            "started_at": now.isoformat(),
            "by": process.actor,
            "style": wish.style,
            "partial": bool(wish.only),
            "scenarios": [],
        },
    )
    session.add(row)
    session.flush()
    session.add(process.audit("certify.start", site.key, after={"certification": row.id, "sandbox": account.key}))
    return row


def _row(scenario: Scenario, result: Result, evidence: Evidence, began: str, ended: str) -> dict[str, Any]:
    told = {
        "key": scenario.key,
        "title": scenario.title,
        "section": scenario.section,
        "must": scenario.must,
        "outcome": result.outcome,
        "words": result.words,
        "fix": list(result.fix),
        "began_at": began,
        "ended_at": ended,
        "evidence": asdict(evidence),
    }
    cleaned: dict[str, Any] = REDACTOR.clean(told)
    return cleaned


def _keep(process: Process, certification_id: int, report: dict[str, Any]) -> None:
    with process.sessions() as session:
        row = session.get_one(Certification, certification_id)
        row.report = {**report, "scenarios": list(report["scenarios"])}
        session.add(row)


def _end(
    process: Process, certification_id: int, report: dict[str, Any], scenarios: Sequence[Scenario], results: dict[str, Result]
) -> Certification:
    """Passed: no scenario failed, and those without which there is no certification did pass. A part of them certifies nothing."""
    failed = [key for key, result in results.items() if result.outcome == "failed"]
    lacking = [scenario.key for scenario in scenarios if scenario.must and not isinstance(results[scenario.key], Passed)]
    built_on = [key for key, result in results.items() if isinstance(result, NotApplicable) and "did not pass" in result.words]
    passed = not (failed or lacking or report["partial"])
    now = process.clock.now()
    report |= {"ended_at": now.isoformat(), "passed": passed, "failed": failed, "lacking": lacking, "not_reached": built_on}
    with process.sessions() as session:
        row = session.get_one(Certification, certification_id)
        row.finished_at, row.passed, row.report = now, passed, dict(report)
        session.add(row)
        after = {"certification": row.id, "passed": passed, "failed": failed}
        session.add(process.audit("certify.end", report["site"], after=after))
    with process.reading() as session:
        return session.get_one(Certification, certification_id)
