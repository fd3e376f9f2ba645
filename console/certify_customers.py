"""Test scenarios: customers."""

from sqlmodel import col, select

from console.certify_stage import Done, Failed, NeedsPerson, NotApplicable, Passed, Result, Stage
from models.customers import CustomerSource, JoorConnection
from models.jobs import JobKind, JobState
from producers import customers

_WRONG_LABEL = "joorsync certify: no such label"
_ACTIVE = "Active"
#: So many known customers are tried, in case the codes of the first are not paired yet.
_TRIED = 3


def match(stage: Stage) -> Result:
    """Reads both sides and pairs equal codes; sends nothing."""
    read = stage.do(customers.request, read_only=True).well()
    paired = stage.do(customers.request_match).well()
    known, new = _accounts(stage)
    stage.memory["known_customers"], stage.memory["new_customers"] = known, new
    notes = "; ".join(job.note for done in (read, paired) for job in done.jobs if job.note)
    return Passed(f"{notes}. JOOR knows {len(known)} of AIMS360's orderable customers by code, {len(new)} are new to it.")


def _accounts(stage: Stage) -> tuple[list[str], list[str]]:
    """Orderable accounts whose code JOOR shows, and the others."""
    with stage.process.reading() as session:
        query = select(CustomerSource.account).where(
            CustomerSource.site_id == stage.id, CustomerSource.status == _ACTIVE, ~col(CustomerSource.gone)
        )
        accounts = session.exec(query.order_by(col(CustomerSource.account))).all()
        shown = select(JoorConnection.customer_code).where(JoorConnection.site_id == stage.id, ~col(JoorConnection.gone))
        codes = set(session.exec(shown).all())
    return [account for account in accounts if account in codes], [account for account in accounts if account not in codes]


def update(stage: Stage) -> Result:
    known = stage.memory["known_customers"]
    if not known:
        return NeedsPerson(
            "JOOR's sandbox account has no customer with a code of AIMS360",
            ["Ask the JOOR Integrations Manager to match one of the new customers on the sandbox, then certify again."],
        )
    for account in known[:_TRIED]:
        done = stage.do(customers.request, keys=[account], everything=True)
        if not done.blocked:
            return _read_back(stage, account, done)
    job = done.blocked[0]
    return Failed(f"Customers {', '.join(known[:_TRIED])} wait for a person: {job.error_summary}", job.error_fix or [])


def _read_back(stage: Stage, account: str, done: Done) -> Result:
    if any(job.state == JobState.WAITING for job in done.jobs):
        return Failed(f"Customer {account}, whom JOOR knows, is not updated: {done.jobs[0].note}")
    done.well()
    shown, name = stage.look("connection", account), _name(stage, account)
    if not shown["found"] or shown["name"].strip() != name.strip():
        return Failed(f"JOOR shows customer {account} as {shown.get('name', 'nobody')!r}, AIMS360 has {name!r}")
    return Passed(f"Customer {account} was sent and JOOR shows it: {shown['name']}.")


def _name(stage: Stage, account: str) -> str:
    with stage.process.reading() as session:
        return session.get_one(CustomerSource, (stage.id, account)).name


def new(stage: Stage) -> Result:
    fresh = stage.memory["new_customers"]
    if not fresh:
        return NotApplicable("JOOR knows every orderable customer of AIMS360 already")
    done = stage.do(customers.request, keys=fresh[:1])
    if done.blocked:
        job = done.blocked[0]
        if any(item.get("value") == customers.REVIEW for item in job.blocked_on or ()):
            return NeedsPerson(
                f"Customer {fresh[0]} is new and waits for the review of the mapping, as it should",
                [f"joorsync customers review --site {stage.key}", "Then certify again."],
            )
        return Failed(f"Customer {fresh[0]} waits: {job.error_summary}", job.error_fix or [])
    waiting = [job for job in done.jobs if job.state == JobState.WAITING]
    if waiting:
        return NeedsPerson(
            f"Customer {fresh[0]} was sent; JOOR matches it by hand: {waiting[0].note}",
            [f"Tell the JOOR Integrations Manager that customer {fresh[0]} was sent to the sandbox (they match there by hand as well)."],
        )
    done.well()
    return Passed(f"Customer {fresh[0]} was sent and is visible on JOOR.")


def label(stage: Stage) -> Result:
    """The sandbox account's customers get a label that JOOR does not have, for a while; JOOR must not hear of it."""
    account = next(iter([*stage.memory["known_customers"], *stage.memory["new_customers"]]), None)
    if account is None:
        return NotApplicable("AIMS360 has no orderable customer")
    with stage.setting("customer_settings", {"price_labels": "fixed", "fixed_price_labels": [_WRONG_LABEL]}):
        done = stage.do(customers.request, keys=[account], everything=True)
    shown = stage.look("connection", account)
    exports = done.of(JobKind.CUSTOMERS_EXPORT)
    reached = shown["found"] and any(name == _WRONG_LABEL for name, _ in shown.get("price_types") or ())
    held = [item for job in exports for item in job.blocked_on or () if item.get("value") == _WRONG_LABEL]
    if reached or not held:
        return Failed(f"Customer {account} was not held although its price label is not one of JOOR's")
    return Passed(f"It was held: {held[0].get('where') or exports[0].error_summary}")
