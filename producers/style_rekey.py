"""Changing how AIMS360 styles become JOOR cards on a live catalogue: what would be re-keyed, and doing it once a person has seen that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.catalogue import CardState, StyleCard, StyleSource
from models.errors import NotPossible
from models.jobs import Run
from models.mappings import Mapping, MappingKind
from models.settings import StyleSettings
from models.sites import Site
from producers.requests import resolve_site
from producers.styles import allow_unasked, request
from runtime.clock import Clock, SystemClock

CardMode = Literal["style", "style_color"]
MODES: dict[str, CardMode] = {"style": "style", "style_color": "style_color"}
LIVE = (CardState.SENDING.value, CardState.ON_JOOR.value)


@dataclass(frozen=True)
class Rekeyed:
    """One style whose cards get other identifiers. `new` is what the mode makes of AIMS360's colours; prices may split them further."""

    style: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """`unread`: styles with cards that AIMS360 was not read for. `run` is set once it is done and exports were asked for."""

    site: str
    card: CardMode
    separator: str
    rekeyed: tuple[Rekeyed, ...]
    unchanged: int
    unread: tuple[str, ...]
    run: Run | None = None


def live_cards(session: Session, site: Site) -> bool:
    query = select(StyleCard.identifier).where(StyleCard.site_id == site.id, col(StyleCard.state).in_(LIVE))
    return session.exec(query.limit(1)).first() is not None


def rekey(
    session: Session,
    site: Site | str,
    card: CardMode,
    *,
    separator: str | None = None,
    confirm: bool = False,
    by: str = "",
    reason: str = "",
    clock: Clock | None = None,
) -> Preview:
    """What the other card mode (or separator) makes of the cards on JOOR, by the styles as last read from AIMS360.

    With `confirm` the site's setting is changed, the new identifiers are allowed for every style listed, and exports are asked for: they
    make the new cards first, then take the old ones off, asking for those that open orders hold. Does not commit. Raises NotPossible for
    a mode the site has already, and when live styles were never read.
    """
    clock, found = clock or SystemClock(), resolve_site(session, site)
    settings = StyleSettings.model_validate(found.style_settings)
    wanted = settings.model_copy(update={"card": card, "identifier_separator": separator or settings.identifier_separator})
    if wanted == settings:
        raise NotPossible(
            f"Site {found.key} has {'one card per style' if card == 'style' else 'one card per style and colour'} already",
            fix=["Nothing has to be done."],
        )
    preview = _preview(session, found, wanted)
    if not confirm:
        return preview
    if preview.unread:
        raise NotPossible(
            f"AIMS360 was not read yet for {len(preview.unread)} style(s) that have cards, the first is {preview.unread[0]}",
            fix=[f"Read everything: joorsync styles read --wait --site {found.key}", "Then look at the preview again."],
        )
    return _apply(session, found, wanted, preview, by, reason, clock)


def _preview(session: Session, site: Site, wanted: StyleSettings) -> Preview:
    cards: dict[str, list[StyleCard]] = {}
    live = select(StyleCard).where(StyleCard.site_id == site.id, col(StyleCard.state).in_(LIVE))
    for row in session.exec(live.order_by(col(StyleCard.style), col(StyleCard.identifier))):
        cards.setdefault(row.style, []).append(row)
    pairs = _paired(session, site)
    rekeyed, unchanged, unread = [], 0, []
    for style, theirs in cards.items():
        source = session.get(StyleSource, (site.id, style))
        if source is None:
            unread.append(style)
            continue
        old, new = {item.identifier for item in theirs}, set(_identifiers(source, wanted, pairs))
        if old == new:
            unchanged += 1
        else:
            rekeyed.append(Rekeyed(style, tuple(sorted(old)), tuple(sorted(new))))
    return Preview(site.key, wanted.card, wanted.identifier_separator, tuple(rekeyed), unchanged, tuple(unread))


def _paired(session: Session, site: Site) -> dict[str, str]:
    """AIMS360 STYLE or STYLE|COLOUR -> the identifier it has on JOOR by a stored pair."""
    rows = session.exec(
        select(Mapping).where(Mapping.site_id == site.id, Mapping.kind == MappingKind.STYLE.value, col(Mapping.ignored).is_(False))
    )
    return {row.aims_code: row.joor_code for row in rows if "|" not in row.joor_code}


def _identifiers(source: StyleSource, settings: StyleSettings, pairs: dict[str, str]) -> Iterable[str]:
    """A pair of one of its colours gives a style cards per colour in either mode."""
    colors = [str(row["color"]) for row in source.rows if row.get("active", True) or settings.include_inactive]
    if settings.card == "style" and not any(f"{source.style}|{color}" in pairs for color in colors):
        return [pairs.get(source.style, source.style)]
    named = {color: f"{source.style}{settings.identifier_separator}{color}" for color in colors}
    return [pairs.get(f"{source.style}|{color}", name) for color, name in named.items()]


def _apply(session: Session, site: Site, wanted: StyleSettings, preview: Preview, by: str, reason: str, clock: Clock) -> Preview:
    now, before = clock.now(), dict(site.style_settings)
    site.style_settings = wanted.model_dump(mode="json", exclude_defaults=True)
    site.updated_at = max(now, site.updated_at)  # running workers rebuild what they know of the site
    session.add(site)
    for item in preview.rekeyed:
        detail: dict[str, Any] = {"old": list(item.old), "card": wanted.card, "separator": wanted.identifier_separator}
        words = f"{item.style}: {', '.join(item.old)} become {', '.join(item.new)}, allowed for the whole site"
        allow_unasked(session, site, item.style, words, detail, by, now)
    after = {"style_settings": site.style_settings, "styles": len(preview.rekeyed)}
    entry = AuditEntry(
        at=now, actor=by, action="styles.rekey", subject=site.key, before={"style_settings": before}, after=after, reason=reason
    )
    session.add(entry)
    run = None
    if preview.rekeyed:
        styles = [item.style for item in preview.rekeyed]
        words = reason or f"cards per {wanted.card}"
        run = request(session, site, keys=styles, fresh=False, reason=words, requested_by=by, clock=clock)
    return Preview(preview.site, preview.card, preview.separator, preview.rekeyed, preview.unchanged, preview.unread, run)
