"""What customers' exports tell people: questions, refusals, previews."""

from collections.abc import Sequence
from typing import Any

from models.errors import Missing, NotPossible, Outcome, Rejected, Unchanged
from rules.customer_codes import CustomerCode
from rules.customers import LONGEST_CODE, connection_json
from workers.customer_tasks import CustomerTask
from workers.order_pairs import quoted
from workers.sync import Context

#: The decision that exports of new customers wait for (the same word as `producers.customers.REVIEW`).
REVIEW = "customers:review"
#: Parts that must exist in JOOR's Order Settings (facts 3.1), as `rules.connection_difference` names them.
_CODES = ("price type", "payment method", "shipping method", "sales rep", "warehouse", "customer group", "company number")


def review_missing(ctx: Context, task: CustomerTask) -> Missing:
    where = f"customer {task.account} is new on JOOR: are the customers that both sides have paired?"
    return Missing("decision", REVIEW, where, f"joorsync customers review --site {ctx.site.key}")


def refuse_code(ctx: Context, code: CustomerCode) -> None:
    """Raise NotPossible for an account that must not be sent under its code."""
    again = f"Then: joorsync customers export {quoted(code.account)} --site {ctx.site.key}"
    if code.problem:
        raise NotPossible(
            f"Customer {code.account} is not sent: {code.problem}",
            fix=[
                f"Say which code of JOOR it has: joorsync map set customer JOOR_CODE --aims {quoted(code.account)} --site {ctx.site.key}",
                f"Or, if that pair is wrong: joorsync map remove customer {quoted(code.code)} --site {ctx.site.key}",
                again,
            ],
            field="customer_code",
        )
    if len(code.code) > LONGEST_CODE:
        raise NotPossible(
            f"Customer {code.account} is not sent: JOOR takes customer codes of up to {LONGEST_CODE} characters",
            fix=[f"Give it a shorter one: joorsync map set customer CODE --aims {quoted(code.account)} --site {ctx.site.key}", again],
            field="customer_code",
        )


def no_code_yet(ctx: Context, task: CustomerTask) -> NotPossible:
    """Sent under a code that JOOR does not know, the retailer would be there twice."""
    return NotPossible(
        f"{task.name} is paired with JOOR's retailer {task.code.retailer}, which has no customer code yet",
        fix=[
            f"On JOOR, enter {task.code.code} as the customer code of that retailer (the task may be there: joorsync tasks)",
            f"Then: joorsync customers export {quoted(task.account)} --site {ctx.site.key}",
        ],
        field="customer_code",
    )


def not_sendable(ctx: Context, task: CustomerTask, why: str) -> NotPossible:
    again = f"joorsync customers export {quoted(task.account)} --site {ctx.site.key}"
    return NotPossible(f"{task.name} is not sent: {why}", fix=["Correct it in AIMS360; the next scan finds it", f"Or at once: {again}"])


def only_named(ctx: Context, task: CustomerTask) -> Unchanged:
    command = f"joorsync customers export {quoted(task.account)} --site {ctx.site.key}"
    return Unchanged(f"{task.name} is new on JOOR, and this site sends only named customers as new ones: {command}")


def in_work(task: CustomerTask) -> Unchanged:
    """Of a dry run."""
    state = f"{task.card.state} since {task.card.sent_at:%Y-%m-%d}" if task.card is not None and task.card.sent_at else "in work"
    return Unchanged(f"dry run: JOOR has {task.name} in work ({state}); nothing would be sent for it meanwhile")


def not_updated(ctx: Context, task: CustomerTask, different: Sequence[str]) -> Rejected:
    """JOOR's job told no reason (facts 3.4); what it shows is all there is to say. Codes come first: one that JOOR does not have may be why
    it took nothing of the customer."""
    different = sorted(different, key=_by_code)
    more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
    again = f"joorsync customers export {quoted(task.account)} --site {ctx.site.key}"
    return Rejected(
        f"JOOR shows {task.name} otherwise than it was sent: {different[0]}{more}",
        fix=[
            *different[1:],
            "Do the codes exist in JOOR's Order Settings, to the letter (price labels, payment and shipping methods, sales reps)?",
            "JOOR tells no reasons here; its e-mails about the job, or the JOOR Integrations Manager, do",
            f"Put it right in AIMS360, in JOOR or in the pairs, then: {again}",
        ],
        field=different[0].partition(":")[0].strip() or None,
        remote_message="; ".join(different),
    )


def _by_code(words: str) -> int:
    return next((place for place, part in enumerate(_CODES) if words.startswith(part)), len(_CODES))


def job_failed(ctx: Context, task: CustomerTask, job: str, status: str) -> Rejected:
    return Rejected(
        f"JOOR gave up its job {job}, and does not show {task.name}",
        fix=[
            f"Ask your JOOR Integrations Manager about bulk-connection job {job}: it tells no reasons",
            f"Then send it again: joorsync customers export {quoted(task.account)} --site {ctx.site.key}",
        ],
        remote_message=status,
    )


def not_in_aims360(ctx: Context, account: str) -> NotPossible:
    return NotPossible(
        f"AIMS360 has no customer {account}",
        fix=[f"Is the account right? What is known: joorsync customers --site {ctx.site.key}"],
        field="customer",
    )


def previewed(task: CustomerTask, gaps: Sequence[Missing], different: Sequence[str]) -> Outcome:
    """What would be sent; `different`: what JOOR was told otherwise, or shows otherwise, as far as that is known."""
    if task.plan is None:
        return Unchanged(f"dry run: {task.name} is not sent")
    result: dict[str, Any] = {"connection": connection_json(task.plan.draft), "new": task.is_new}
    result |= {"changes": list(different)} if different else {}
    result |= {"missing": [{"kind": gap.kind, "value": gap.value, "where": gap.where, "fix": gap.fix} for gap in gaps]} if gaps else {}
    result |= {"notes": list(task.plan.notes)} if task.plan.notes else {}
    what = "sent as a new customer" if task.is_new else "updated"
    but = f", but waits for {', '.join(f'{gap.kind} {gap.value}' for gap in gaps)}" if gaps else ""
    return Unchanged(f"dry run: {task.name} would be {what}{but}", {"new": int(task.is_new), "gaps": len(gaps)}, result)
