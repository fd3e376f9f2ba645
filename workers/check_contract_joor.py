"""The JOOR half of `joorsync check --contract`: few of its assumed entries can be proved by reading (joor-api facts 3.3, 8.1)."""

from collections.abc import Callable
from itertools import islice

from clients.joor.client import JoorClient
from clients.joor.contract import JoorContract
from clients.meter import metered
from models.errors import Rejected, SyncError
from workers.check_verdict import Found, Verdict, shown, verdict_of

#: Beginnings of entries that only a write shows, with what would show them.
_SHOWN_BY = {
    "path.seasons_create": "it writes; a linesheet with a new season shows it",
    "path.connection_update": "it writes; the first customer code that is written back shows it",
    "connection_update.": "it writes; the first customer code that is written back shows it",
    "bulk_connection.": "it writes; the first customer that is sent shows it",
    "bulk_style.": "it writes; the first style that is sent by the v2 route shows it",
    "v2_styles.": "it belongs to a style that is sent by the v2 route",
    "v2_traits.": "it belongs to a style that is sent by the v2 route",
    "orders.mark_export_status": "it marks orders as exported",
    "inventory.": "it writes; inventory that is sent shows it",
    "tags.": "it writes; a style that is sent shows it",
    "skus.": "it writes; a style that is sent shows it",
    "collections.": "it writes; a linesheet that is sent shows it",
}
Said = tuple[Found, str]


def joor_verdicts(joor: JoorClient) -> list[Verdict]:
    """Every assumed entry, and the ones that the site has set itself."""
    contract = joor.contract
    read = {"path.orders": _asked(lambda: _orders(joor)), "path.connections": _asked(lambda: _connections(joor))}
    read["path.order"] = _asked(lambda: _order(joor)) if read["path.orders"][0] == "holds" else ("not probed", "orders cannot be read")
    return [_verdict(contract, entry.key, read) for entry, value in contract.rows() if shown(entry, value)]


def _verdict(contract: JoorContract, key: str, read: dict[str, Said]) -> Verdict:
    if key in read:
        return verdict_of(contract, key, *read[key])
    words = next((words for beginning, words in _SHOWN_BY.items() if key.startswith(beginning)), None)
    return verdict_of(contract, key, "not probed", words or ("an option" if not key.startswith("path.") else "not read by this check"))


def _asked(question: Callable[[], Said]) -> Said:
    with metered() as meter:
        try:
            return question()
        except Rejected as error:
            last = meter.exchanges[-1].status if meter.exchanges else None
            return ("missing", f"JOOR has no such path ({last})") if last in (404, 405) else ("differs", error.summary)
        except SyncError as error:
            return "not probed", error.summary


def _orders(joor: JoorClient) -> Said:
    page = joor.orders_page(order_type=8, export_status=1, start_from=0, count=1)
    return "holds", f"read {len(page.orders) + len(page.broken)} order(s)"


def _order(joor: JoorClient) -> Said:
    page = joor.orders_page(order_type=8, export_status=1, start_from=0, count=1)
    if not page.orders:
        return "not probed", "there is no order yet"
    wanted = page.orders[0].order_id
    return ("holds", f"read order {wanted}") if joor.order(wanted) else ("missing", f"JOOR lists order {wanted} but does not give it here")


def _connections(joor: JoorClient) -> Said:
    number = sum(1 for _ in islice(joor.connections(), 1))
    return "holds", f"read {number} connection(s)"
