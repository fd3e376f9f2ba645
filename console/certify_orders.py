"""Test scenarios: orders. AIMS360 is only read, unless the person who certifies says otherwise (--import-orders)."""

from typing import Any

from console.certify_stage import Failed, NeedsPerson, NotApplicable, Passed, Result, Stage
from models.jobs import JobKind, JobState
from producers import orders


def read(stage: Stage) -> Result:
    """As a dry run: nothing is stored or imported, and the reading marks nothing exported (`sync=0`)."""
    done = stage.do(orders.request, dry_run=True).well(JobKind.ORDERS_SCAN)
    (scan,) = done.of(JobKind.ORDERS_SCAN)
    found = [str(order_id) for order_id in (scan.result or {}).get("orders") or []]
    stage.memory["orders"] = found
    stage.memory["order_previews"] = [
        job for job in done.of(JobKind.ORDERS_IMPORT) if job.state in (JobState.SUCCEEDED, JobState.UNCHANGED)
    ]
    if not found:
        return NeedsPerson(
            "The reading works, but no approved order waits on the sandbox account",
            ["Make an order on JOOR's sandbox, approve it, and certify again."],
        )
    return Passed(f"{len(found)} order(s) wait on JOOR and were read without being marked.")


def import_one(stage: Stage) -> Result:
    previews = stage.memory["order_previews"]
    if not previews:
        done = stage.do(orders.request, keys=stage.memory["orders"][:1], dry_run=True).well()
        previews = done.of(JobKind.ORDERS_IMPORT)
    whole = [job for job in previews if (job.result or {}).get("orders")]
    if not whole:
        job = previews[0]
        missing = [str(item.get("value")) for item in (job.result or {}).get("missing") or []]
        if not missing:
            return Failed(f"Order {job.key} would make no AIMS360 order, and does not say why: {job.note}")
        return Passed(f"No order could be imported yet; order {job.key} says what is missing: {', '.join(missing)}.")
    job = whole[0]
    words = f"Order {job.key} would become {len(_orders(job.result))} AIMS360 order(s), every reference resolved"
    if not stage.import_orders:
        return Passed(f"{words} (a dry run: AIMS360 was only read).")
    stage.do(orders.request, keys=[job.key]).well(JobKind.ORDERS_IMPORT)
    stage.memory["imported"] = job.key
    return Passed(f"Order {job.key} is in AIMS360.")


def _orders(result: dict[str, Any] | None) -> list[Any]:
    return list((result or {}).get("orders") or [])


def edited(stage: Stage) -> Result:
    """Nobody but a person can edit an order on JOOR: no call is known for it that would be one."""
    imported = stage.memory.get("imported")
    if imported is None:
        return NotApplicable("no order was imported (--import-orders does that)")
    return NeedsPerson(
        f"Order {imported} was imported; an edit of it can only be made on JOOR by hand",
        [
            f"Change a quantity of order {imported} on JOOR's sandbox.",
            f"Read again, and see the difference: joorsync enqueue orders --site {stage.key} --wait; joorsync orders show {imported}",
        ],
    )
