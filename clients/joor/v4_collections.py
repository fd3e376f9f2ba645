"""v4 seasons and collections, which are JOOR's linesheets (facts 5.1-5.3). Every update says its action: the default strips what is not
named. The name of that parameter is ASSUMED, so each change is checked for it and made good (`_make_good`)."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from clients.joor.types import JoorLinesheet, LinesheetDraft, LinesheetEntry
from clients.joor.v4_answers import DUPLICATED, Names, Row, joined, named, read_bulk, rows_in, text
from clients.joor.v4_calls import V4Calls
from clients.jsontext import storable
from models.errors import NotPossible, OutcomeUnknown, Rejected

Action = Literal["ADD_ITEMS", "REMOVE_ITEMS"]
_ROUNDS = 5


class Collections:
    """Linesheets of one account."""

    def __init__(self, calls: V4Calls) -> None:
        self._calls = calls
        self._shown: dict[str, list[Row]] = {}  # JOOR id -> the items JOOR last showed
        self._proven = False  # JOOR has heeded the action once

    def all(self) -> list[JoorLinesheet]:
        return [_linesheet(row) for row in self._read("reading linesheets")]

    def _read(self, what: str) -> list[Row]:
        rows = [row for row in self._calls.rows("path.collections", what) if text(row, "id")]
        self._shown |= {text(row, "id"): _items_of(row) for row in rows}
        return rows

    # ---- heads --------------------------------------------------------------------------------------------------------------------------

    def save(self, draft: LinesheetDraft, joor_id: str | None, season_id: str | None) -> tuple[str, str]:
        """Before a create the list is always read: nothing says that JOOR refuses a second linesheet with the same code (facts 5.2, 10)."""
        season = self._season(draft, season_id)
        if joor_id is None:
            joor_id = self._id_of(draft.code)
            if joor_id is None:
                created = self._create(draft, season)
                if created is not None:
                    self._shown[created] = []
                    return created, season
                joor_id = self._id_of(draft.code)
                if joor_id is None:
                    raise _refused(f"creating linesheet {draft.code}", f"{DUPLICATED}, but no linesheet has that code")
        self._update(draft, joor_id, season)
        return joor_id, season

    def _id_of(self, code: str) -> str | None:
        return next((text(row, "id") for row in self._read(f"looking up linesheet {code}") if text(row, "external_id") == code), None)

    def _create(self, draft: LinesheetDraft, season: str) -> str | None:
        """JOOR's id; None when JOOR says that it has the linesheet already."""
        what = f"creating linesheet {draft.code}"
        delivery = {name: value for name, value in _delivery(draft).items() if value is not None}
        body: Row = {"name": draft.name, "external_id": draft.code, **({"season_id": season} if season else {})}
        return self._one("path.collections_create", {**body, **({"delivery": delivery} if delivery else {})}, what)

    def _update(self, draft: LinesheetDraft, joor_id: str, season: str) -> None:
        delivery = _delivery(draft)
        if self._calls.contract["collections.no_date"] != "null":
            delivery = {name: value for name, value in delivery.items() if value is not None}
        head: Row = {"delivery": delivery, **({"season_id": season} if season else {})}
        words = self._change(draft, joor_id, "ADD_ITEMS", [], head)[0]
        if words is not None:
            raise _refused(f"updating linesheet {draft.code}", words)

    def _season(self, draft: LinesheetDraft, known: str | None) -> str:
        """By code, then by name and year; created when missing. "" for a linesheet without a season."""
        if not (draft.season_code or draft.season_name):
            return ""
        rows = list(self._calls.rows("path.seasons", "reading seasons"))
        year = "" if draft.season_year is None else str(draft.season_year)
        coded = [row for row in rows if draft.season_code and text(row, "external_id") == draft.season_code]
        alike = [row for row in rows if draft.season_name and (text(row, "name"), text(row, "year")) == (draft.season_name, year)]
        found = [text(row, "id") for row in coded or alike if text(row, "id")]
        if found:
            return known if known in found else found[0]
        body: Row = {"name": draft.season_name or draft.season_code}
        if draft.season_year is not None:
            body["year"] = draft.season_year
        if draft.season_code:
            body["external_id"] = draft.season_code
        what = f"creating season {draft.season_code or draft.season_name}"
        created = self._one("path.seasons_create", body, what)
        if created is None:
            raise _refused(what, f"{DUPLICATED}, but no season has that code, nor that name and year")
        return created

    def _one(self, path: str, body: Row, what: str) -> str | None:
        """Create one thing: its id; None for DUPLICATED. Raises Rejected, and OutcomeUnknown for an answer without an id."""
        said = self._calls.bulk(
            path, [body], [named(body, "external_id", "name")], lambda row: named(row, "external_id", "name"), what, "create"
        )
        if said.duplicated:
            return None
        if said.words[0] is not None:
            raise _refused(what, said.words[0])
        joor_id = text(said.rows[0] or {}, "id")
        if not joor_id:
            raise OutcomeUnknown(f"JOOR, {what}: the answer has no id. It is looked up before anything is sent again.")
        return joor_id

    # ---- items --------------------------------------------------------------------------------------------------------------------------

    def change_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry], action: Action) -> dict[str, str | None]:
        """Per identifier None or JOOR's words. One refused product may spoil the call, so the others are sent again without it; the actions
        are repeatable."""
        result: dict[str, str | None] = {entry.identifier: None for entry in entries}
        left = list(entries)
        for _ in range(_ROUNDS):
            if not left:
                return result
            words, refused = self._change(draft, joor_id, action, left, {})
            if words is None:
                return result
            result.update(refused)
            if len(refused) == len(left):
                return result
            left = [entry for entry in left if entry.identifier not in refused]
        result.update(dict.fromkeys((entry.identifier for entry in left), words))
        return result

    def _change(
        self, draft: LinesheetDraft, joor_id: str, action: Action, entries: Sequence[LinesheetEntry], head: Row
    ) -> tuple[str | None, dict[str, str]]:
        """JOOR's words for the call as a whole, and those of the products it names (all of them when it names none)."""
        items = [_item(entry, action) for entry in entries]
        body: Row = {"id": joor_id, "name": draft.name, **head, "items": items}
        what = f"updating linesheet {draft.code}" + (f", {action} of {len(items)} style(s)" if items else "")
        if joor_id not in self._shown:
            self._read(f"looking at linesheet {draft.code}")
        data = self._post(body, what, action)
        self._make_good(draft, joor_id, action, items, data)
        errors = rows_in(data.get("errors"))
        if not errors:
            return None, {}
        # judged by the products: `data` is of linesheets, and none of its rows says that a product was taken
        sent: list[Names] = [{"product_id": entry.joor_id, "product_identifier": entry.identifier} for entry in entries]
        said = read_bulk({"errors": errors}, sent or [{"id": joor_id}], dict, self._calls.http.redact)
        refused = {entry.identifier: words for entry, words in zip(entries, said.words, strict=False) if words is not None}
        return joined(words for words in said.words if words is not None), refused

    def _post(self, body: Row, what: str, action: Action) -> Row:
        return self._calls.post(
            "path.collections_update", [body], what, "write", **{self._calls.contract["collections.action_param"]: action}
        )

    def _make_good(self, draft: LinesheetDraft, joor_id: str, action: Action, items: Sequence[Row], data: Row) -> None:
        """If JOOR went by its default all the same, everything that was not named is gone: then all of it is named, which puts it back
        whichever way JOOR reads the call, and NotPossible stops the work. A person who takes single items off meanwhile is no such case."""
        before, named_now = self._shown.get(joor_id, []), {str(item["product_id"]) for item in items}
        others = {text(row, "product_id") for row in before} - named_now
        answered = [row for row in rows_in(data.get("data")) if isinstance(row, dict) and text(row, "id") == joor_id and "items" in row]
        if answered:
            self._shown[joor_id] = _items_of(answered[0])
        elif others and not self._proven:
            self._read(f"looking whether linesheet {draft.code} kept its items")
        else:
            return
        if not others:
            return
        if others & {text(row, "product_id") for row in self._shown.get(joor_id, [])}:
            self._proven = True
            return
        whole = [*before, *(items if action == "ADD_ITEMS" else [])]
        self._post({"id": joor_id, "name": draft.name, "items": whole}, f"putting linesheet {draft.code} back", "ADD_ITEMS")
        self._shown[joor_id] = list(whole)
        raise NotPossible(
            f"JOOR did not heed that items of linesheet {draft.code} were to be {'added' if action == 'ADD_ITEMS' else 'removed'} and took "
            f"{len(others)} others off; they were put back at once, and no linesheet is changed until this is put right",
            fix=self._calls.contract.what_to_do("collections.action_param", self._calls.http.site),
            field="collections.action_param",
        )


def _items_of(row: Row) -> list[Row]:
    """As an update takes them."""
    found = [item for item in rows_in(row.get("items")) if isinstance(item, dict) and text(item, "product_id")]
    return [
        {name: item[name] for name in ("product_id", "order_number", "sku_ids") if item.get(name) not in (None, "", [])} for item in found
    ]


def _item(entry: LinesheetEntry, action: Action) -> Row:
    item: Row = {"product_id": entry.joor_id}
    if action == "ADD_ITEMS":
        if entry.order_number is not None:
            item["order_number"] = entry.order_number
        if entry.sku_ids:
            item["sku_ids"] = list(entry.sku_ids)
    return item


def _delivery(draft: LinesheetDraft) -> Row:
    return {
        "start_ship_date": _day(draft.start),
        "complete_ship_date": _day(draft.complete),
        "cancel_date": _day(draft.cancel),
        "minimum_shipping_window": draft.minimum_window,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _linesheet(row: Row) -> JoorLinesheet:
    season = row.get("season")
    season_id = text(season, "id") if isinstance(season, dict) else text(row, "season_id")
    items: dict[str, tuple[str, ...]] = {}
    for item in rows_in(row.get("items")):
        if isinstance(item, dict) and (product_id := text(item, "product_id")):
            items[product_id] = tuple(str(sku_id) for sku_id in rows_in(item.get("sku_ids")))
    return JoorLinesheet(text(row, "id"), text(row, "external_id"), text(row, "name"), season_id, items, raw=storable(row))


def _refused(what: str, words: str) -> Rejected:
    return Rejected(
        f"JOOR, {what}: {words}", remote_message=words, fix=["Put right what JOOR's words name, then send the linesheet again."]
    )
