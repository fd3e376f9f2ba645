"""Test scenarios: styles to JOOR and back, colours, prices."""

from typing import Any

from sqlmodel import Session, col, select

from console import style_fields
from console.certify_stage import Failed, NotApplicable, Passed, Result, Stage, Stumbled
from console.style_fields import FieldRow
from models.catalogue import StyleCard, StyleSource
from models.errors import NotPossible
from models.jobs import JobKind
from models.mappings import Mapping, MappingKind
from producers import styles

#: A label that no account has.
_WRONG_LABEL = "joorsync certify: no such label"


def read(stage: Stage) -> Result:
    """Chooses the styles that the later scenarios work with."""
    done = stage.do(styles.request, read_only=True).well()
    chosen = _choose(stage)
    stage.memory["styles"] = chosen
    return Passed(f"{done.jobs[0].note or 'They are read'}. Chosen: {', '.join(chosen)}.")


def _choose(stage: Stage) -> list[str]:
    """The named style, else the first with two colours and two sizes; and a second one for linesheets, if there is one."""
    with stage.process.reading() as session:
        query = select(StyleSource).where(StyleSource.site_id == stage.id, ~col(StyleSource.gone), col(StyleSource.active))
        sources = session.exec(query.order_by(col(StyleSource.style))).all()
    fitting = [source.style for source in sources if _fits(source)]
    if stage.style:
        if stage.style not in {source.style for source in sources}:
            raise NotPossible(
                f"AIMS360 has no active style {stage.style!r} in this site's divisions", fix=[f"joorsync styles --site {stage.key}"]
            )
        return [stage.style, *(style for style in fitting if style != stage.style)][:2]
    if not fitting:
        raise Stumbled(
            "No active style of this site has two colours and two sizes", fix=["Name one: joorsync certify --site KEY --style STYLE"]
        )
    return fitting[:2]


def _fits(source: StyleSource) -> bool:
    active = [row for row in source.rows if row.get("active", True)]
    return len(active) >= 2 and all(len(row.get("sizes") or ()) >= 2 for row in active)


def cards(stage: Stage, style: str) -> list[StyleCard]:
    """Those that JOOR has."""
    with stage.process.reading() as session:
        query = select(StyleCard).where(StyleCard.site_id == stage.id, StyleCard.style == style, col(StyleCard.joor_id).is_not(None))
        return list(session.exec(query.order_by(col(StyleCard.identifier))))


def create(stage: Stage) -> Result:
    style = stage.memory["styles"][0]
    stage.do(styles.request, keys=[style], everything=True).well(JobKind.STYLES_EXPORT)
    for other in stage.memory["styles"][1:]:
        stage.do(styles.request, keys=[other]).well(JobKind.STYLES_EXPORT)
    shown = {card.identifier: stage.look("style", card.identifier) for card in cards(stage, style)}
    wrong = [words for identifier, row in shown.items() for words in _wrong(stage, identifier, row)]
    if wrong or not shown:
        return Failed(
            f"JOOR does not show {style} as it was sent: {'; '.join(wrong) or 'there is no card'}", [f"joorsync styles show {style}"]
        )
    stage.memory["shown"] = shown
    skus = sum(len(row["skus"]) for row in shown.values())
    labels = sorted({f"{price['label']} ({price['currency']})" for row in shown.values() for price in row["prices"]})
    return Passed(f"JOOR shows {style} as {len(shown)} card(s) with {skus} SKUs and prices in {', '.join(labels)}.")


def _wrong(stage: Stage, identifier: str, row: dict[str, Any]) -> list[str]:
    if row["found"] != 1:
        return [f"{identifier} is there {row['found']} times"]
    labels = {price["label"] for price in row["prices"]}
    wrong = [f"{identifier} has no SKUs"] if not row["skus"] else []
    wrong += [
        f"{identifier} has no price {pair.joor_code}" for pair in stage.pairs(MappingKind.PRICE_LABEL) if pair.joor_code not in labels
    ]
    return wrong


def update(stage: Stage) -> Result:
    """Another description, by a constant in the sandbox account's field table; AIMS360 is left alone."""
    style, words = stage.memory["styles"][0], f"joorsync certify, run {stage.memory['certification']}"
    with stage.process.reading() as session:
        before = [style_fields.as_row(row) for row in style_fields.listing(session, stage.site(session))]
    other = [row for row in before if row.joor_field != "description"]
    _fields(stage, [*other, FieldRow("description", constant=words)])
    try:
        stage.do(styles.request, keys=[style]).well(JobKind.STYLES_EXPORT)
        shown = {card.identifier: stage.look("style", card.identifier) for card in cards(stage, style)}
    finally:
        _fields(stage, before)
        stage.do(styles.request, keys=[style])
    wrong = [identifier for identifier, row in shown.items() if row["found"] != 1 or row["description"] != words]
    if wrong:
        return Failed(
            f"JOOR does not show the new description of {', '.join(wrong)}, or shows the card twice", [f"joorsync styles show {style}"]
        )
    return Passed(f"The new description of {', '.join(shown)} was on JOOR, on the same card, and was set back.")


def _fields(stage: Stage, rows: list[FieldRow]) -> None:
    with stage.process.sessions() as session:
        style_fields.load(session, stage.process, stage.site(session), rows, replace=True)


def split(stage: Stage) -> Result:
    style, shown = stage.memory["styles"][0], stage.memory["shown"]
    with stage.process.reading() as session:
        by_color = stage.site(session).style_settings.get("card", "style") == "style_color"
    if not by_color and len(shown) == 1:
        return NotApplicable("this site sends one card per style, and the colours of this style have one price")
    colors = {identifier: {sku["color"] for sku in row["skus"]} for identifier, row in shown.items()}
    mixed = [identifier for identifier, codes in colors.items() if by_color and len(codes) != 1]
    if mixed or len(shown) < 2:
        return Failed(f"{style} is {len(shown)} card(s) on JOOR; more than one colour on: {', '.join(mixed) or 'none'}")
    return Passed(f"{style} is {len(shown)} cards on JOOR: {', '.join(sorted(shown))}.")


def colour(stage: Stage) -> Result:
    """Only a colour that no open order holds: taking one off edits live orders (facts 4.5)."""
    free = _free_color(stage)
    if free is None:
        steps = ["Name another style: joorsync certify --site KEY --style STYLE"]
        return NotApplicable("open orders hold every colour of the styles that were chosen, so none is taken off", steps)
    identifier, code = free
    style = next(card.style for style in stage.memory["styles"] for card in cards(stage, style) if card.identifier == identifier)
    key = f"{identifier}|{code}"
    stage.do(styles.request_remove, [identifier], colors=[code]).well(JobKind.STYLES_REMOVE)
    still = _active(stage, identifier, code)
    with stage.process.sessions() as session:
        run = styles.put_back(session, stage.key, key, stage.process.actor, reason="certify", clock=stage.process.clock)
        run_id = run.id or 0
    stage.follow(run_id).well(JobKind.STYLES_EXPORT)
    if still:
        return Failed(f"{code} of {identifier} was still on JOOR after it was taken off", [f"joorsync styles show {style}"])
    if not _active(stage, identifier, code):
        return Failed(
            f"{code} of {identifier} did not come back to JOOR", [f"joorsync enqueue styles --key {style} --all --site {stage.key}"]
        )
    return Passed(f"{code} of {identifier} was off JOOR, and is back.")


def _free_color(stage: Stage) -> tuple[str, str] | None:
    """A dry run tells which open orders hold a colour."""
    for card in (card for style in stage.memory["styles"] for card in cards(stage, style)):
        codes = sorted({sku["color"] for sku in stage.look("style", card.identifier)["skus"] if sku["active"]})
        if len(codes) < 2:
            continue
        done = stage.do(styles.request_remove, [card.identifier], colors=codes, dry_run=True)
        for job in done.jobs:
            if job not in done.bad and not (job.result or {}).get("orders"):
                return card.identifier, job.key.split("|")[1]
    return None


def _active(stage: Stage, identifier: str, code: str) -> int:
    row = stage.look("style", identifier)
    return sum(1 for sku in row.get("skus") or () if sku["color"] == code and sku["active"])


def label(stage: Stage) -> Result:
    """The pair of one price label leads to a label that JOOR does not have: v4 tells before prices are sent, v2 when it reads back."""
    pairs = stage.pairs(MappingKind.PRICE_LABEL)
    style, identifier = stage.memory["styles"][0], sorted(stage.memory["shown"])[0]
    wrong = pairs[0].model_dump(exclude={"id"}) | {"joor_code": _WRONG_LABEL, "joor_name": ""}
    with stage.without(pairs[:1]):
        with stage.process.sessions() as session:
            session.add(Mapping(**wrong))
        try:
            done = stage.do(styles.request, keys=[style], everything=True)
            labels = {price["label"] for price in stage.look("style", identifier)["prices"]}
        finally:
            with stage.process.sessions() as session:
                _forget(session, stage)
    stage.do(styles.request, keys=[style], everything=True)
    exports = [job for job in done.of(JobKind.STYLES_EXPORT) if job in done.bad]
    if _WRONG_LABEL in labels or not exports:
        return Failed(f"{style} went to JOOR although its price label is not one of JOOR's")
    return Passed(f"It was found out: {exports[0].error_summary}")


def _forget(session: Session, stage: Stage) -> None:
    for row in session.exec(select(Mapping).where(Mapping.site_id == stage.id, Mapping.joor_code == _WRONG_LABEL)):
        session.delete(row)
