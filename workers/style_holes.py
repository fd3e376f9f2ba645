"""Combinations of colour and size that JOOR offers although AIMS360 does not have them: a task for a person, and zero pieces until then.

JOOR knows whole colours and whole sizes of a card; where one size of one colour is missing, no call can take just that away.
"""

from datetime import datetime

from sqlmodel import Session, select

from clients.joor.types import StyleDraft
from models.ledgers import ManualTask
from rules.style_skus import holes

HOLE = "sku_hole"  # kind of ManualTask; the key is the card's identifier
Hole = tuple[str, str, str, str]  # style, identifier, colour, size


def note_holes(session: Session, site_id: int, style: str, draft: StyleDraft, now: datetime) -> str:
    """Bring the card's task up to date. Returns words for the style's note, "" when there is no hole."""
    found = sorted(f"{sku.color_code}|{sku.size}" for sku in holes(draft))
    key = draft.identifier
    task = session.exec(select(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == HOLE, ManualTask.key == key)).first()
    if not found:
        if task is not None:
            session.delete(task)
        return ""
    words = ", ".join(hole.replace("|", " in size ") for hole in found)
    if task is None or (task.detail or {}).get("skus") != found:
        task = task or ManualTask(site_id=site_id, data_type="styles", kind=HOLE, key=key, summary="", created_at=now)
        task.summary = f"JOOR may go on offering {key} in {words}, which AIMS360 does not have"
        task.steps = [
            f"On JOOR open style {draft.number} ({key}) and switch off {words}: JOOR's API switches whole colours and whole sizes only",
            "Until then joorsync tells JOOR that there are 0 pieces of it",
        ]
        task.detail = {"style": style, "skus": found}
        task.created_at, task.done_at, task.done_by = now, None, None
        session.add(task)
    return f"JOOR cannot switch off {words} by itself: see joorsync tasks"


def known_holes(session: Session, site_id: int) -> list[Hole]:
    """Of the site, done by hand or not: zero does no harm."""
    found = []
    for task in session.exec(select(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == HOLE)):
        detail = task.detail or {}
        for sku in detail.get("skus") or ():
            color, _, size = str(sku).partition("|")
            found.append((str(detail.get("style") or ""), task.key, color, size))
    return found
