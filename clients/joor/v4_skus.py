"""v4 SKUs of many cards in few calls: look up, create, update (facts 4.7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from clients.joor.types import JoorSku, SkuDraft, StyleDraft
from clients.joor.v4_answers import SILENT, Row, text, told
from clients.joor.v4_calls import V4Calls
from clients.joor.v4_cards import AboutTo, Card, calls_of
from clients.joor.v4_sku_rows import SkuReader, bodies_of, body_names, matched, update_body
from clients.joor.v4_traits import Traits


@dataclass
class _Job:
    """One card in one pass. By COLOUR|SIZE: what to send, what was made, JOOR's words about what is lacking."""

    card: Card
    bodies: dict[str, Row]
    partial: bool = False  # JOOR has SKUs of it already
    made: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)


_Groups = Sequence[tuple[_Job, Sequence[SkuDraft]]]


class SkuSaver:
    """`save` for the cards of one pass.

    Where a product has SKUs already, the docs disagree about what a create must hold: the newer guide wants every combination or answers
    with an error that asks for the full list, the reference page has JOOR make combinations by itself. So new SKUs go alone first (which
    both take when the matrix is then complete), DUPLICATED ones are looked up (JOOR may have made them itself), and what was refused
    otherwise goes once more in the product's whole matrix, the known ones' errors ignored (contract `skus.create_whole_matrix`).
    """

    def __init__(self, calls: V4Calls, traits: Traits, reader: SkuReader) -> None:
        self._calls = calls
        self._traits = traits
        self._reader = reader
        self._most = calls.number("v4.items_per_call")
        self._whole = calls.contract["skus.create_whole_matrix"]
        self._scope = calls.contract["skus.status_scope"]

    def save(self, cards: Sequence[Card], about_to: AboutTo) -> Iterator[None]:
        """Pauses after every remote write, and at the end. Prices wait for SKUs, so those they lack are made even when only prices are
        wanted."""
        jobs = [
            _Job(card, self._bodies(card.draft))
            for card in cards
            if card.alive and (card.wants("skus") or (card.wants("prices") and card.lacking))
        ]
        self.find([job.card for job in jobs if job.card.lacking and not job.card.fresh and (job.card.looks or not job.card.skus)])
        for job in jobs:
            job.partial = bool(job.card.skus)
        yield from self._create(jobs, about_to)
        yield from self._update([job for job in jobs if job.card.alive and job.card.wants("skus")])
        for job in jobs:
            job.card.done("skus")
        yield

    def find(self, cards: Sequence[Card]) -> None:
        """Fill in the ids of SKUs that are on JOOR."""
        waiting = {card.joor_id: card for card in cards if card.joor_id}
        shown: dict[str, list[JoorSku]] = {joor_id: [] for joor_id in waiting}
        for row in self._calls.rows_of("path.skus", "product_ids", list(shown), f"looking up SKUs of {len(shown)} style(s)"):
            if (product_id := text(row, "product_id")) in shown:
                shown[product_id].append(self._reader.sku(row))
        for joor_id, card in waiting.items():
            card.skus.update(matched(card.draft, shown[joor_id]))

    def _bodies(self, draft: StyleDraft) -> dict[str, Row]:
        return bodies_of(draft, self._traits.of_skus(), scope=self._scope)

    # ---- create -------------------------------------------------------------------------------------------------------------------------

    def _create(self, jobs: Sequence[_Job], about_to: AboutTo) -> Iterator[None]:
        first = [(job, job.card.draft.skus if self._whole == "always" and job.card.lacking else job.card.lacking) for job in jobs]
        yield from self._send(first, about_to)
        if self._whole == "when_refused":
            again = [(job, job.card.draft.skus) for job in jobs if job.refused and job.partial]
            yield from self._send(again, about_to)
        for job in jobs:
            if job.card.lacking:
                job.card.refuse("skus", _summary([(sku, job.refused.get(sku.key, SILENT)) for sku in job.card.lacking]))

    def _send(self, groups: _Groups, about_to: AboutTo) -> Iterator[None]:
        """Create calls. SKUs that may be there already are then looked up."""
        for call in calls_of(groups, self._most):
            about_to([job.card.identifier for job, _ in call])
            unclear = self._create_call([(job, sku) for job, skus in call for sku in skus])
            for job, _ in call:
                if not job.card.lacking and not self._changes(job):
                    job.card.done("skus")
            yield
            if unclear:
                self.find([job.card for job in unclear])
                yield
            for job, _ in call:
                job.refused = {key: words for key, words in job.refused.items() if key not in job.card.skus}

    def _create_call(self, sent: Sequence[tuple[_Job, SkuDraft]]) -> list[_Job]:
        """Returns the cards of which something may be there already."""
        rows = [{"product_id": job.card.joor_id, **job.bodies[sku.key]} for job, sku in sent]
        names = [body_names(job.card.joor_id or "", row) for (job, _), row in zip(sent, rows, strict=True)]
        said = self._calls.bulk("path.skus_create", rows, names, self._reader.names, f"creating {len(rows)} SKU(s)", "create")
        unclear: dict[int, _Job] = {}
        for place, (job, sku) in enumerate(sent):
            row, words = said.rows[place], said.words[place]
            if words is None and row is not None and text(row, "id"):
                job.card.skus[sku.key] = text(row, "id")
                job.made.add(sku.key)
            elif sku.key not in job.card.skus:
                maybe_there = words in (None, SILENT) or place in said.duplicated
                if not maybe_there or sku.key not in job.refused:  # the second call's words, unless the first ones say more
                    job.refused[sku.key] = words or SILENT
                if maybe_there:
                    unclear[id(job)] = job
        return list(unclear.values())

    # ---- update -------------------------------------------------------------------------------------------------------------------------

    def _update(self, jobs: Sequence[_Job]) -> Iterator[None]:
        for call in calls_of([(job, self._changes(job)) for job in jobs], self._most):
            sent = [(job.card, sku, body) for job, changes in call for sku, body in changes]
            rows, names = [body for _, _, body in sent], [body_names(card.joor_id or "", body) for card, _, body in sent]
            said = self._calls.bulk("path.skus_update", rows, names, self._reader.names, f"updating {len(rows)} SKU(s)", "write")
            refused: dict[Card, list[tuple[SkuDraft, str]]] = {}
            for (card, sku, _), words in zip(sent, said.words, strict=True):
                if words is not None:
                    refused.setdefault(card, []).append((sku, words))
            for card, found in refused.items():
                card.refuse("skus", _summary(found))
            for job, _ in call:
                job.card.done("skus")
            yield

    def _changes(self, job: _Job) -> list[tuple[SkuDraft, Row]]:
        """SKUs that JOOR had before this pass and that differ from what it was told; those just found were never told."""
        card, changes = job.card, []
        sent_before = {} if card.before is None else self._bodies(card.before)
        for sku in card.draft.skus:
            body, before = job.bodies[sku.key], sent_before.get(sku.key)
            if sku.key in card.skus and sku.key not in job.made and body != before:
                changes.append((sku, update_body(card.skus[sku.key], body, before)))
        return changes


def _summary(refused: Sequence[tuple[SkuDraft, str]]) -> str:
    return told((f"{sku.color_code} {sku.size}", words) for sku, words in refused)
