"""Test scenarios: a linesheet of the certification's own, and what people put on it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from console.certify_catalogue import cards
from console.certify_stage import Failed, NotApplicable, Passed, Result, Stage
from models.catalogue import Linesheet, LinesheetItem
from models.settings import LinesheetRule
from producers import linesheets

CODE = "CERTIFY"


def add(stage: Stage) -> Result:
    style = stage.memory["styles"][0]
    _restore(stage, style)
    _define(stage, [style])
    missing = _ids(stage, style) - _items(stage)
    if missing:
        return Failed(f"{style} is not on linesheet {CODE} on JOOR", [f"joorsync linesheets preview {CODE} --site {stage.key}"])
    return Passed(f"JOOR shows {style} on linesheet {CODE}.")


def hand_made(stage: Stage) -> Result:
    """A second style is put there and forgotten on our side: to us it is then what a person has put on the linesheet."""
    if len(stage.memory["styles"]) < 2:
        return NotApplicable("there is no second style to put on the linesheet")
    first, second = stage.memory["styles"][:2]
    _restore(stage, second)
    _define(stage, [first, second])
    theirs = _ids(stage, second)
    with stage.process.sessions() as session:
        sheet = _sheet(session, stage)
        identifiers = [card.identifier for card in cards(stage, second)]
        item = col(LinesheetItem.linesheet_id) == sheet.id
        session.execute(delete(LinesheetItem).where(item, col(LinesheetItem.identifier).in_(identifiers)))
    _define(stage, [first])
    stage.do(linesheets.request, keys=[CODE], everything=True).well()
    lost = theirs - _items(stage)
    if lost or not theirs:
        return Failed(f"{second}, put on linesheet {CODE} by hand, is gone from it on JOOR")
    return Passed(f"{second} stayed on linesheet {CODE}, although our own rule does not have it.")


def drop(stage: Stage) -> Result:
    style = stage.memory["styles"][0]
    before = _items(stage)
    _do(stage, linesheets.drop, style)
    left = _ids(stage, style) & _items(stage)
    if left:
        return Failed(
            f"{style} was dropped and is on linesheet {CODE} on JOOR still", [f"joorsync linesheets show {CODE} --site {stage.key}"]
        )
    others = before - _ids(stage, style)
    if others - _items(stage):
        return Failed(f"Dropping {style} took others off linesheet {CODE} on JOOR as well")
    return Passed(f"{style} left linesheet {CODE} on JOOR; {len(others)} other(s) stayed.")


def _restore(stage: Stage, style: str) -> None:
    with stage.process.reading() as session:
        found = session.exec(select(Linesheet).where(Linesheet.site_id == stage.id, Linesheet.code == CODE)).first()
        dropped = found is not None and style in found.dropped
    if dropped:
        _do(stage, linesheets.restore, style)


def _define(stage: Stage, styles: list[str]) -> None:
    _do(stage, linesheets.define, {"name": "joorsync certification", "rule": LinesheetRule(styles=styles, order="listed")})
    stage.do(linesheets.request, keys=[CODE]).well()


def _do(stage: Stage, change: Callable[..., linesheets.Change], *given: Any) -> None:
    with stage.process.sessions() as session:
        done = change(session, stage.key, CODE, *given, stage.process.actor, reason="certify", clock=stage.process.clock)
    if done.run_id is not None:
        stage.follow(done.run_id).well()


def _sheet(session: Session, stage: Stage) -> Linesheet:
    return session.exec(select(Linesheet).where(Linesheet.site_id == stage.id, Linesheet.code == CODE)).one()


def _ids(stage: Stage, style: str) -> set[str]:
    return {card.joor_id for card in cards(stage, style) if card.joor_id}


def _items(stage: Stage) -> set[str]:
    return set(stage.look("linesheet", CODE)["items"])
