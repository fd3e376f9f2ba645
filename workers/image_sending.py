"""The calls that bring pictures to JOOR: mark (commit) -> one call, no transaction open -> record (commit)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from clients.joor.catalogue import Catalogue
from models.catalogue import ImageSent
from models.errors import Rejected, WaitUntil
from workers import image_ledger as ledger
from workers.image_ledger import Shot
from workers.sync import Context

Done = Callable[[Shot, str | None], None]  # told of each upload: None, or the words of a refusal
Silent = Callable[[Shot], None]  # told of an upload that JOOR's answer does not name
Kept = Mapping[tuple[str, str], int]


def deliver(
    ctx: Context, joor: Catalogue, shots: Sequence[Shot], done: Done, silent: Silent, *, clear: bool = False, kept: Kept | None = None
) -> None:
    """One call. `clear`: the cards' style images are cleared first, and `kept` are those that cannot be sent (see `ledger.mark`). A call
    that JOOR refuses as a whole is made again card by card. WaitUntil leaves the ledger as it was: such a call is not made."""
    if not shots:
        return
    kept = {key: place for key, place in (kept or {}).items() if key[0] in {shot.identifier for shot in shots}}
    ctx.beat()
    with ctx.session() as session:
        before = ledger.mark(session, ctx.site.id, shots, clear=clear, kept=kept, now=ctx.clock.now())
    try:
        answers = joor.send_images([shot.draft for shot in shots], replace=clear)
    except WaitUntil:
        _restore(ctx, shots, before, kept)
        raise
    except Rejected as error:
        cards = [list(group) for _, group in groupby(shots, key=lambda shot: shot.identifier)]
        if len(cards) > 1:
            _restore(ctx, shots, before, kept)
            for card in cards:
                deliver(ctx, joor, card, done, silent, clear=clear, kept=kept)
            return
        answers = dict.fromkeys(range(len(shots)), error.remote_message or error.summary)
    ctx.hit("after_http_before_record")
    with ctx.session() as session:
        ledger.record(session, ctx.site.id, shots, answers, clear=clear, now=ctx.clock.now())
    ctx.hit("mid_batch")
    for index, shot in enumerate(shots):
        if index in answers:
            done(shot, answers[index])
        else:
            silent(shot)


def _restore(ctx: Context, shots: Sequence[Shot], before: Sequence[ImageSent], kept: Kept) -> None:
    with ctx.session() as session:
        ledger.restore(session, ctx.site.id, shots, before, kept=kept)


@dataclass
class Queue:
    """Uploads by address that wait to go together: one call per kind of change, whole cards where style images are cleared."""

    colors: list[Shot] = field(default_factory=list)
    added: list[Shot] = field(default_factory=list)
    exchanged: list[list[Shot]] = field(default_factory=list)  # by card
    kept: dict[tuple[str, str], int] = field(default_factory=dict)

    def send(self, ctx: Context, joor: Catalogue, done: Done, silent: Silent) -> None:
        most = ctx.site.images.batch_size
        for shots in (self.colors, self.added):
            for start in range(0, len(shots), most):
                deliver(ctx, joor, shots[start : start + most], done, silent)
        for shots in self._whole_cards(most):
            deliver(ctx, joor, shots[:most], done, silent, clear=True, kept=self.kept)
            for start in range(most, len(shots), most):  # one card with more pictures than a call takes: only the first call clears
                deliver(ctx, joor, shots[start : start + most], done, silent)

    def _whole_cards(self, most: int) -> Iterator[list[Shot]]:
        together: list[Shot] = []
        for card in self.exchanged:
            if together and len(together) + len(card) > most:
                yield together
                together = []
            together = [*together, *card]
        if together:
            yield together
