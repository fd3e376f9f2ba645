"""Test scenarios: credentials, price labels, pairs, and errors in words."""

from console.certify_stage import Failed, NeedsPerson, NotApplicable, Passed, Result, Stage
from models.jobs import JobState
from models.mappings import MappingKind
from producers import styles

_NO_SUCH_STYLE = "CERTIFY-NO-SUCH-STYLE"


def right(stage: Stage) -> Result:
    found = stage.look("access")
    return Passed(
        f"JOOR v2 {found['v2']} (with Content-Type); JOOR v4: {found['v4']}; AIMS360 lists {found['aims360_divisions']} divisions."
    )


def wrong(stage: Stage) -> Result:
    found = stage.look("wrong token")
    if not found["refused"]:
        return Failed(
            "JOOR answered a call with a wrong token: is this really JOOR?", ["Look at the site's address: joorsync sites show KEY"]
        )
    if not found["fix"]:
        return Failed(f"The refusal names no step: {found['summary']}")
    return Passed(f"It was refused: {found['summary']}")


def price_labels(stage: Stage) -> Result:
    pairs = stage.pairs(MappingKind.PRICE_LABEL)
    if not pairs:
        return Failed("No price label is paired", [f'joorsync map set price_label "US Dollars" --aims USD --site {stage.key}'])
    known = stage.look("price types")["price_types"]
    names = ", ".join(f"{pair.joor_code} ({pair.aims_code})" for pair in pairs)
    if known is None:
        steps = ["Compare them with Order Settings on JOOR, to the letter."]
        return NeedsPerson(f"Without v4 credentials JOOR's price types cannot be listed. Paired: {names}.", steps)
    there = {(row["label"], row["currency"]) for row in known}
    absent = [pair.joor_code for pair in pairs if (pair.joor_code, pair.aims_code.partition("/")[0]) not in there]
    if absent:
        listed = ", ".join(f"{label} in {currency}" for label, currency in sorted(there))
        return Failed(
            f"JOOR has no price type {', '.join(absent)} in that currency; it has {listed}",
            [f'Put it right: joorsync map set price_label "LABEL" --aims CURRENCY --site {stage.key}'],
        )
    return Passed(f"JOOR has each of them: {names}.")


def pairs(stage: Stage) -> Result:
    """Only warehouses are needed by all; terms and ship-vias by orders and customers that name one."""
    counts = {kind: len(stage.pairs(kind)) for kind in (MappingKind.WAREHOUSE, MappingKind.TERM, MappingKind.SHIP_VIA)}
    if not counts[MappingKind.WAREHOUSE]:
        return Failed("No warehouse is paired", [f'joorsync map set warehouse "NAME ON JOOR" --aims "NAME IN AIMS360" --site {stage.key}'])
    words = f"{counts[MappingKind.WAREHOUSE]} warehouse(s), {counts[MappingKind.TERM]} term(s), {counts[MappingKind.SHIP_VIA]} ship-via(s)"
    lacking = [kind.value for kind in (MappingKind.TERM, MappingKind.SHIP_VIA) if not counts[kind]]
    if lacking:
        return Passed(f"Paired: {words}. Of {' and '.join(lacking)} only equal codes will do.")
    return Passed(f"Paired: {words}.")


def errors(stage: Stage) -> Result:
    """A style that AIMS360 does not have."""
    done = stage.do(styles.request, keys=[_NO_SUCH_STYLE])
    if not done.jobs:
        return NotApplicable("nothing was asked for")
    job = done.jobs[0]
    if job.state != JobState.FAILED or not job.error_summary or not job.error_fix:
        return Failed(f"Job {job.id} for a style that does not exist is {job.state}: {job.error_summary or 'no words'}")
    return Passed(f'A style that AIMS360 does not have was answered: "{job.error_summary}", and what to do: {"; ".join(job.error_fix)}')
