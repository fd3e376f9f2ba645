"""Looking at customers: what AIMS360 says of each, and how far it is on JOOR. What may be done is in `producers.customers`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlmodel import Session, col, select

from console.jobs import site_keys
from models.accounts import RETAILER
from models.customers import CustomerCard, CustomerSource, CustomerState, JoorConnection
from models.errors import NotPossible
from models.jobs import DataType, Job
from models.ledgers import ManualTask
from models.mappings import Mapping, MappingKind
from models.sites import Site
from producers.requests import resolve_site

#: Not a state of a card: joorsync never sent anything for it.
UNSENT = "unsent"


def listing(session: Session, site: str, states: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """By account. Customers that JOOR was told of, and with `unsent` (or no state) those that AIMS360 has besides. Raises NotPossible for
    an unknown site or state."""
    chosen = [_state(name) for name in states]
    site_id = resolve_site(session, site).id if site else None
    keys = site_keys(session)
    rows = [_row(card, source, keys) for card, source in _cards(session, site_id, chosen, limit)] if chosen != [UNSENT] else []
    if not chosen or UNSENT in chosen:
        rows += [_row(None, source, keys, code) for source, code in _unsent(session, site_id, limit)]
    return sorted(rows, key=lambda row: (row["site"], row["account"]))[:limit]


def _state(name: str) -> str:
    folded = name.strip().lower()
    if folded != UNSENT and folded not in list(CustomerState):
        raise NotPossible(f"There is no customer state {name!r}", fix=[f"Choose one of: {', '.join([*CustomerState, UNSENT])}."])
    return folded


def _cards(
    session: Session, site_id: int | None, states: Sequence[str], limit: int
) -> Sequence[tuple[CustomerCard, CustomerSource | None]]:
    same = and_(col(CustomerSource.site_id) == col(CustomerCard.site_id), col(CustomerSource.account) == col(CustomerCard.account))
    query = select(CustomerCard, CustomerSource).join(CustomerSource, same, isouter=True)
    if site_id is not None:
        query = query.where(CustomerCard.site_id == site_id)
    if states:
        query = query.where(col(CustomerCard.state).in_(states))
    return session.exec(query.order_by(col(CustomerCard.site_id), col(CustomerCard.account)).limit(limit)).all()


def _unsent(session: Session, site_id: int | None, limit: int) -> list[tuple[CustomerSource, str | None]]:
    """With JOOR's code where a pair or JOOR itself tells one."""
    card = and_(col(CustomerCard.site_id) == col(CustomerSource.site_id), col(CustomerCard.account) == col(CustomerSource.account))
    query = select(CustomerSource).where(~select(CustomerCard.code).where(card).exists())
    if site_id is not None:
        query = query.where(CustomerSource.site_id == site_id)
    sources = session.exec(query.order_by(col(CustomerSource.site_id), col(CustomerSource.account)).limit(limit)).all()
    codes = _known_codes(session, {source.site_id for source in sources}, [source.account for source in sources])
    return [(source, codes.get((source.site_id, source.account))) for source in sources]


def _known_codes(session: Session, site_ids: set[int], accounts: Sequence[str]) -> dict[tuple[int, str], str]:
    seen = select(JoorConnection.site_id, JoorConnection.customer_code).where(
        col(JoorConnection.site_id).in_(site_ids), col(JoorConnection.customer_code).in_(accounts), ~col(JoorConnection.gone)
    )
    pairs = select(Mapping.site_id, Mapping.aims_code, Mapping.joor_code).where(
        col(Mapping.site_id).in_(site_ids), Mapping.kind == MappingKind.CUSTOMER.value, col(Mapping.aims_code).in_(accounts)
    )
    found = {(site_id, code): code for site_id, code in session.exec(seen)}
    real = {(site_id, aims): joor for site_id, aims, joor in session.exec(pairs) if not joor.startswith((RETAILER, "shipping:"))}
    return found | real


def _row(card: CustomerCard | None, source: CustomerSource | None, keys: dict[int, str], code: str | None = None) -> dict[str, Any]:
    owner = card or source
    if owner is None:
        raise ValueError("a row needs a card or a source")
    return {
        "site": keys.get(owner.site_id, ""),
        "account": owner.account,
        "name": source.name if source else "",
        "aims360": "gone" if source and source.gone else source.status if source else "",
        "code_on_joor": card.code if card else code,
        "state": card.state if card else UNSENT,
        "since": _since(card) if card else None,
        "due": card.due_at if card else None,
        "escalated": card.escalated_at if card else None,
    }


def _since(card: CustomerCard) -> datetime | None:
    if card.state == CustomerState.AWAITING:
        return card.awaiting_since
    return card.active_at if card.state == CustomerState.ACTIVE else card.sent_at


def details(session: Session, site: str, account: str) -> dict[str, Any]:
    """One customer, given by its account or by its code on JOOR: what AIMS360 said, what JOOR was told and shows, pairs, work, tasks."""
    found = resolve_site(session, site)
    card = session.get(CustomerCard, (found.id, account))
    source = session.get(CustomerSource, (found.id, account))
    if source is None and card is not None:
        source = session.get(CustomerSource, (found.id, card.account))
    name = source.account if source else card.account if card else account
    if card is None or card.account != name:
        card = session.exec(select(CustomerCard).where(CustomerCard.site_id == found.id, CustomerCard.account == name)).first()
    if source is None and card is None:
        raise NotPossible(
            f"Customer {account} is not known for site {found.key}",
            fix=[f"Read AIMS360's customers: joorsync customers read --site {found.key}", f"Look: joorsync customers --site {found.key}"],
        )
    code = card.code if card else _known_codes(session, {found.id or 0}, [name]).get((found.id or 0, name))
    return {
        **_row(card, source, {found.id or 0: found.key}, code),
        "read": source.read_at if source else None,
        "stores": [_store(store) for store in source.stores] if source else [],
        "sent": card.sent if card else None,
        "sent_at": card.sent_at if card else None,
        "job_on_joor": (card.job or {}).get("id") if card else None,
        "shown": _shown(session, found, code),
        "pairs": _pairs(session, found, name),
        "jobs": _jobs(session, found, name),
        "tasks": _tasks(session, found, name, code),
    }


def _store(store: dict[str, Any]) -> dict[str, Any]:
    status = "no shipment" if store.get("no_shipment") else "open" if store.get("active", True) else "inactive"
    return {"code": store.get("code"), "name": store.get("name"), "city": store.get("city"), "status": status}


def _shown(session: Session, site: Site, code: str | None) -> dict[str, Any] | None:
    """JOOR's connection as last read."""
    query = select(JoorConnection).where(JoorConnection.site_id == site.id, JoorConnection.customer_code == (code or ""))
    row = session.exec(query).first() if code else None
    return row.model_dump(include={"connection_id", "name", "email", "postal_code", "gone", "read_at"}) if row else None


def _pairs(session: Session, site: Site, account: str) -> list[dict[str, Any]]:
    mine = (col(Mapping.kind) == MappingKind.CUSTOMER.value) & (col(Mapping.aims_code) == account)
    stores = (col(Mapping.kind) == MappingKind.STORE.value) & col(Mapping.aims_code).startswith(f"{account}|", autoescape=True)
    rows = session.exec(
        select(Mapping).where(Mapping.site_id == site.id, mine | stores).order_by(col(Mapping.kind), col(Mapping.joor_code))
    )
    return [{"kind": row.kind, "joor": row.joor_code, "aims360": row.aims_code, "created_by": row.created_by} for row in rows]


def _jobs(session: Session, site: Site, account: str) -> list[dict[str, Any]]:
    """Newest first."""
    query = select(Job).where(Job.site_id == site.id, Job.data_type == DataType.CUSTOMERS.value, Job.key == account)
    return [
        {
            "job": job.id,
            "kind": job.kind,
            "state": job.state,
            "again_at": job.available_at if job.state in ("waiting", "retrying") else None,
            "note": job.error_summary or job.note,
            "fix": job.error_fix or [],
        }
        for job in session.exec(query.order_by(col(Job.id).desc()).limit(10))
    ]


def _tasks(session: Session, site: Site, account: str, code: str | None) -> list[dict[str, Any]]:
    """Open ones that name the account, or its code among those that JOOR does not match in time."""
    kinds = ("customer_closed", "customer_match")
    query = select(ManualTask).where(ManualTask.site_id == site.id, col(ManualTask.kind).in_(kinds), col(ManualTask.done_at).is_(None))
    return [
        {"task": task.id, "summary": task.summary, "steps": task.steps}
        for task in session.exec(query.order_by(col(ManualTask.id)))
        if task.key == account or code in (task.detail or {}).get("codes", [])
    ]
