"""One linesheet as it should be, and what we remember of it: read from SQL alone, in columns as light as its rule allows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select as columns_of
from sqlmodel import Session, col, select

from clients.joor.types import LinesheetDraft
from models.catalogue import CardState, Linesheet, LinesheetItem, StyleCard, StyleSource
from models.errors import NotPossible
from models.settings import LinesheetRule
from rules.linesheet_difference import Placed
from rules.linesheets import CardFacts, Members, StyleFacts, colours_matter, head, head_digest, members, members_digest
from workers.style_sources import style_colors_of
from workers.sync import SiteView

CHUNK = 500


@dataclass(frozen=True)
class Sheet:
    """`digest` and `head_digest` are of what should be; `told` and `told_head` of what the last complete sync saw."""

    id: int
    code: str
    name: str
    active: bool
    joor_id: str | None
    season_id: str | None
    sending: bool
    draft: LinesheetDraft
    members: Members
    ledger: Mapping[str, Placed]
    head_digest: str
    digest: str
    told_head: str | None
    told: str | None

    @property
    def settled(self) -> bool:
        """Nothing differs from what JOOR was told."""
        return not self.sending and self.told == self.digest and (not self.active or (self.joor_id is not None and not self.head_differs))

    @property
    def head_differs(self) -> bool:
        return self.told_head != self.head_digest


def read_sheet(session: Session, site: SiteView, code: str) -> Sheet:
    """Raises NotPossible for a code that the site does not have, and for dates that cannot be."""
    row = session.exec(select(Linesheet).where(Linesheet.site_id == site.id, Linesheet.code == code)).first()
    if row is None or row.id is None:
        raise NotPossible(
            f"Site {site.key} has no linesheet {code!r}",
            fix=[f"See what there is: joorsync linesheets --site {site.key}", f"Define it: joorsync linesheets define {code} --name NAME"],
        )
    belongs = _members(session, site.id, LinesheetRule.model_validate(row.rule), row.dropped) if row.active else Members()
    draft = head(row, public=site.linesheets.public)
    return Sheet(
        id=row.id,
        code=row.code,
        name=row.name,
        active=row.active,
        joor_id=row.joor_id,
        season_id=row.season_id or _season_of_another(session, row),
        sending=row.sending,
        draft=draft,
        members=belongs,
        ledger=_ledger(session, site.id, row.id),
        head_digest=head_digest(draft),
        digest=members_digest(belongs.cards) if row.active else "retired",
        told_head=row.header_digest,
        told=row.items_digest,
    )


def _season_of_another(session: Session, row: Linesheet) -> str | None:
    """JOOR's id of the same season, where another linesheet of the site has it: nothing is said to keep JOOR from having it twice."""
    if not row.season_code:
        return None
    return session.exec(
        select(Linesheet.season_id).where(
            Linesheet.site_id == row.site_id,
            Linesheet.season_code == row.season_code,
            Linesheet.season_name == row.season_name,
            Linesheet.season_year == row.season_year,
            col(Linesheet.season_id).is_not(None),
        )
    ).first()


def _ledger(session: Session, site_id: int, linesheet_id: int) -> dict[str, Placed]:
    """JOOR's id is the card's present one where there is one."""
    present = dict(
        session.exec(
            select(StyleCard.identifier, StyleCard.joor_id)
            .join(LinesheetItem, col(LinesheetItem.identifier) == col(StyleCard.identifier))
            .where(StyleCard.site_id == site_id, LinesheetItem.linesheet_id == linesheet_id)
        ).all()
    )
    rows = session.exec(select(LinesheetItem).where(LinesheetItem.linesheet_id == linesheet_id).order_by(col(LinesheetItem.identifier)))
    return {
        row.identifier: Placed(
            row.identifier,
            present.get(row.identifier) or row.joor_id,
            row.by_hand,
            row.order_number,
            tuple(row.excluded),
            sure=row.joor_id is not None,
        )
        for row in rows
    }


# ---- members -----------------------------------------------------------------------------------------------------------------------------


def _members(session: Session, site_id: int, rule: LinesheetRule, dropped: Sequence[str]) -> Members:
    """Colours are read only of cards that belong and only where the rule speaks of colours: they are the heavy columns."""
    sources, cards = _sources(session, site_id, rule), _cards(session, site_id)
    found = members(rule, sources, cards, dropped)
    matter = colours_matter(rule, dropped)
    if matter is not None and not matter:
        return found
    whole = {card.identifier for card in cards if not card.color}
    wanted = [card.identifier for card in found.cards if card.identifier in whole and (matter is None or card.style in matter)]
    heavy = _colors(session, site_id, wanted)
    known = [replace(card, **heavy[card.identifier]) if card.identifier in heavy else card for card in cards]
    return members(rule, sources, known, dropped)


def _sources(session: Session, site_id: int, rule: LinesheetRule) -> list[StyleFacts]:
    columns = (StyleSource.style, StyleSource.division, StyleSource.season, StyleSource.active, StyleSource.gone)
    found = [
        StyleFacts(style, division, season, active and not gone)
        for style, division, season, active, gone in session.execute(
            columns_of(*map(col, columns)).where(col(StyleSource.site_id) == site_id)
        )
    ]
    if not rule.fields:
        return found
    asked = [
        source.style
        for source in found
        if (rule.seasons is None or source.season in rule.seasons) and (rule.divisions is None or source.division in rule.divisions)
    ]
    rows = {}
    for chunk in chunks(asked):
        for source in session.exec(select(StyleSource).where(StyleSource.site_id == site_id, col(StyleSource.style).in_(chunk))):
            rows[source.style] = style_colors_of(source)
    return [replace(source, rows=rows.get(source.style, ())) for source in found]


def _cards(session: Session, site_id: int) -> list[CardFacts]:
    columns = (StyleCard.identifier, StyleCard.style, StyleCard.joor_id, StyleCard.color, StyleCard.state)
    return [
        CardFacts(identifier, style, joor_id if state != CardState.WANTED else None, color, state == CardState.REMOVED)
        for identifier, style, joor_id, color, state in session.execute(
            columns_of(*map(col, columns)).where(col(StyleCard.site_id) == site_id)
        )
    ]


def _colors(session: Session, site_id: int, identifiers: Sequence[str]) -> dict[str, dict[str, Any]]:
    found = {}
    for chunk in chunks(identifiers):
        columns = select(StyleCard.identifier, StyleCard.ids, StyleCard.sent)
        for identifier, ids, sent in session.exec(columns.where(StyleCard.site_id == site_id, col(StyleCard.identifier).in_(chunk))):
            skus = dict((ids or {}).get("skus") or {})
            found[identifier] = {"skus": skus, "colors": _colors_of((sent or {}).get("skus") or [], skus)}
    return found


def _colors_of(told: Sequence[Mapping[str, Any]], skus: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Colours that JOOR was told and that are not switched off; of a card that was never told whole, those of its SKU ids."""
    names = {row["color_code"]: row.get("color_name") or row["color_code"] for row in told if row.get("active", True)}
    return tuple((names or {key.partition("|")[0]: key.partition("|")[0] for key in skus}).items())


def cards_by_identifier(session: Session, site_id: int, identifiers: Collection[str]) -> dict[str, StyleCard]:
    rows = session.exec(select(StyleCard).where(StyleCard.site_id == site_id, col(StyleCard.identifier).in_(sorted(identifiers))))
    return {row.identifier: row for row in rows}


def identifiers_of(session: Session, site_id: int, joor_ids: Iterable[str]) -> dict[str, str]:
    """JOOR id -> identifier, of those that are cards of ours."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(joor_ids)):
        columns = select(StyleCard.joor_id, StyleCard.identifier)
        rows = session.exec(columns.where(StyleCard.site_id == site_id, col(StyleCard.joor_id).in_(chunk)))
        found |= {joor_id: identifier for joor_id, identifier in rows if joor_id}
    return found


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
