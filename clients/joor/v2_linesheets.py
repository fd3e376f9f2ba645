"""v2 linesheets: deliveries inside style records, so a linesheet is changed by sending its cards again (facts 4.3, 4.4)."""

from collections.abc import Callable, Sequence
from typing import Any

from clients.joor.types import JoorStyleCard, LinesheetDraft, LinesheetEntry, StyleDraft
from clients.joor.v2_shown import card_of, delivery_row, delivery_trouble
from clients.joor.v2_styles import off_linesheet, on_linesheet, record_of, unsendable
from clients.joor.v2_wire import Job, Wire
from clients.jsontext import dumps
from models.errors import WaitUntil
from runtime.clock import Clock

_NEVER_TOLD = "Not sent: JOOR was never told this style by joorsync, and v2 needs it whole; export the style first"
Words = dict[str, str | None]
_Trouble = Callable[[LinesheetEntry, JoorStyleCard | None], str | None]


class Deliveries:
    """Puts cards on a linesheet and takes them off, one bulk job a call. `delivery_overwrite` is 3 (add) or 4 (take off those listed): with
    one linesheet in the record, 1 and 2 would take the card off our other linesheets, and 1 off those made by hand.

    Raises WaitUntil while the job is unfinished; the next try of the same waits for that job, or (in another process) sends it again, which
    JOOR takes as the same. Words are per identifier.
    """

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._unfinished: dict[str, str] = {}  # what was sent -> its job

    def add(self, sheet: LinesheetDraft, entries: Sequence[LinesheetEntry]) -> Words:
        def trouble(entry: LinesheetEntry, card: JoorStyleCard | None) -> str | None:
            return delivery_trouble(sheet, entry, card) if card else "it does not show the style"

        records = {entry.identifier: on_linesheet(self._record(entry.draft), sheet, entry) for entry in entries if self._told(entry)}
        return self._sent(entries, records, trouble, f"putting {len(records)} style(s) on linesheet {sheet.code}")

    def remove(self, sheet: LinesheetDraft, entries: Sequence[LinesheetEntry]) -> Words:
        def trouble(_: LinesheetEntry, card: JoorStyleCard | None) -> str | None:
            return f"the style is still on linesheet {sheet.code}" if card and delivery_row(card, sheet.code) is not None else None

        records = {entry.identifier: off_linesheet(self._record(entry.draft), sheet) for entry in entries if self._told(entry)}
        return self._sent(entries, records, trouble, f"taking {len(records)} style(s) off linesheet {sheet.code}")

    def _record(self, draft: StyleDraft | None) -> dict[str, Any]:
        return record_of(draft, self._wire.contract) if draft else {}

    def _told(self, entry: LinesheetEntry) -> bool:
        return entry.draft is not None and not unsendable(entry.draft, self._wire.contract)

    def _sent(self, entries: Sequence[LinesheetEntry], records: dict[str, dict[str, Any]], trouble: _Trouble, what: str) -> Words:
        words: Words = {entry.identifier: self._unsent(entry.draft) for entry in entries if entry.identifier not in records}
        if not records:
            return words
        began = self._clock.now()
        job = self._job(list(records.values()), what)
        sent = {entry.identifier: entry for entry in entries if entry.identifier in records}
        for seen in self._wire.looked_at([entry.draft for entry in sent.values() if entry.draft], job, began):
            for one in seen:
                try:
                    found = trouble(sent[one.identifier], None if one.row is None else card_of(one.row, self._wire.contract))
                except ValueError as exc:
                    found = f"what it shows of the style cannot be read: {exc}"
                words[one.identifier] = found and f"JOOR finished the job (bulk job {job.id}), but {found}"
        return words

    def _job(self, records: list[dict[str, Any]], what: str) -> Job:
        body = dumps(records)
        pending = self._unfinished.pop(body, None)
        job_id = pending or self._wire.post(records, what)
        try:
            return self._wire.wait(job_id, fresh=pending is None)
        except WaitUntil:
            self._unfinished[body] = job_id
            raise

    def _unsent(self, draft: StyleDraft | None) -> str:
        return "; ".join(unsendable(draft, self._wire.contract).values()) if draft else _NEVER_TOLD
