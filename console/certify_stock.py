"""Test scenarios: pictures and inventory."""

from sqlmodel import col, select

from console.certify_stage import Done, Failed, NotApplicable, Passed, Result, Stage
from models.catalogue import ImageLevel, ImageSent
from models.jobs import JobKind
from models.ledgers import IMMEDIATE, InventoryPosition
from models.mappings import MappingKind
from producers import images, inventory

# ---- pictures ----------------------------------------------------------------------------------------------------------------------------


def images_of_style(stage: Stage) -> Result:
    return _images(stage, "style", (ImageLevel.STYLE,))


def images_of_colours(stage: Stage) -> Result:
    """The first picture of a colour becomes its swatch (facts 6.4)."""
    return _images(stage, "color", (ImageLevel.COLOR, ImageLevel.SWATCH))


def _images(stage: Stage, level: str, levels: tuple[ImageLevel, ...]) -> Result:
    style = stage.memory["styles"][0]
    with stage.process.reading() as session:
        source = stage.site(session).image_settings.get("source", "aims")
    if source == "none":
        return NotApplicable("pictures are switched off for this site (image source: none)")
    done = stage.do(images.request, keys=[style], level=level, everything=True).well()
    if not done.of(JobKind.IMAGES_EXPORT):
        return NotApplicable(f"the source has no pictures of {style}")
    with stage.process.reading() as session:
        query = select(ImageSent).where(ImageSent.site_id == stage.id, col(ImageSent.identifier).in_(sorted(stage.memory["shown"])))
        rows = [row for row in session.exec(query) if row.level in levels]
    sent = [row for row in rows if row.sent_at is not None and not row.refused]
    refused = [f"{row.filename}: {row.refused}" for row in rows if row.refused]
    if not sent:
        return Failed(f"JOOR took no picture of {style}: {'; '.join(refused[:3]) or done.jobs[-1].note}", [f"joorsync images show {style}"])
    kinds = ", ".join(f"{sum(row.level == kind for row in sent)} {kind.value}" for kind in levels)
    return Passed(f"JOOR took the pictures of {style}: {kinds}" + (f"; refused: {'; '.join(refused[:3])}." if refused else "."))


def pictures_refused(stage: Stage) -> Result:
    answers = {kind: stage.look("picture", kind) for kind in ("too large", "wrong type")}
    passed = [kind for kind, answer in answers.items() if not answer["refused"]]
    if passed:
        return Failed(f"A picture would be sent although it is of this kind: {', '.join(passed)}")
    return Passed("Both were refused before any call: " + " / ".join(answer["summary"] for answer in answers.values()))


# ---- inventory ---------------------------------------------------------------------------------------------------------------------------


def inventory_of(stage: Stage) -> Result:
    style = stage.memory["styles"][0]
    done = _push(stage).well()
    rows = _positions(stage)
    sent = [row for row in rows if row.sent is not None and row.sent == row.wanted and row.refused is None]
    refused = [f"{row.sku_key} in {row.warehouse}: {row.refused}" for row in rows if row.refused is not None]
    if refused or not sent:
        words = "; ".join(refused[:3]) or "; ".join(job.note for job in done.jobs)
        return Failed(
            f"JOOR did not take the stock of {style}: {words}", [f"joorsync enqueue inventory --key {style} --all --site {stage.key}"]
        )
    places = ", ".join(sorted({row.warehouse for row in sent}))
    return Passed(f"JOOR took {len(sent)} position(s) of {style} in {places}.")


def zero(stage: Stage) -> Result:
    rows = [row for row in _positions(stage) if row.wanted == 0 and row.bucket == IMMEDIATE]
    if not rows:
        return NotApplicable("no size of this style is sold out; name one that is: --style STYLE")
    left_out = [row.sku_key for row in rows if row.sent != 0]
    if left_out:
        return Failed(f"Sold out and not told to JOOR as zero: {', '.join(left_out[:5])}")
    return Passed(f"{len(rows)} sold-out position(s) were sent as 0.")


def future(stage: Stage) -> Result:
    rows = [row for row in _positions(stage) if row.bucket != IMMEDIATE and row.wanted > 0]
    if not rows:
        return NotApplicable("nothing of this style is on its way, or the site does not send future stock")
    left_out = [f"{row.sku_key} on {row.bucket}" for row in rows if row.sent != row.wanted]
    if left_out:
        return Failed(f"Arrivals that JOOR was not told: {', '.join(left_out[:5])}")
    return Passed(f"{len(rows)} position(s) with a date were sent, the first on {min(row.bucket for row in rows)}.")


def warehouse(stage: Stage) -> Result:
    """The pair of one warehouse is taken away for a while: its positions wait, the others are sent."""
    pairs = stage.pairs(MappingKind.WAREHOUSE)
    names = {pair.joor_name or pair.joor_code for pair in pairs}
    used = sorted({row.warehouse for row in _positions(stage)} & names)
    if len(used) < 2:
        return NotApplicable("this style has stock in fewer than two paired warehouses")
    before = {row.warehouse: row.sent_at for row in _positions(stage)}
    with stage.without([pair for pair in pairs if (pair.joor_name or pair.joor_code) == used[0]]):
        _push(stage).well()
        after = {row.warehouse: row.sent_at for row in _positions(stage)}
    _push(stage)
    if after[used[0]] != before[used[0]]:
        return Failed(f"Positions of {used[0]} were sent although it was not paired")
    if all(after[name] == before[name] for name in used[1:]):
        return Failed(f"Without a pair of {used[0]} nothing was sent to {', '.join(used[1:])} either")
    return Passed(f"Without its pair {used[0]} was left alone, and {', '.join(used[1:])} got its stock.")


def _push(stage: Stage) -> Done:
    return stage.do(inventory.request, keys=[stage.memory["styles"][0]], everything=True, allow_empty=True, revive=True)


def _positions(stage: Stage) -> list[InventoryPosition]:
    with stage.process.reading() as session:
        query = select(InventoryPosition).where(
            InventoryPosition.site_id == stage.id, InventoryPosition.style == stage.memory["styles"][0], ~col(InventoryPosition.vanished)
        )
        return list(session.exec(query.order_by(col(InventoryPosition.sku_key), col(InventoryPosition.bucket))))
