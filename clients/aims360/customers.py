"""Customers and their stores: reading them, and the two creates nobody is sure of (facts 9.1, 9.2, A-04, A-07)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from clients.aims360 import parse
from clients.aims360.contract import Contract
from clients.aims360.odata import ODataReader, begun, moment_literal, quoted
from clients.aims360.orders import address_body, without_empty
from clients.aims360.rows import Row
from clients.aims360.types import Customer, NewCustomer, NewStore, Store
from clients.http import Auth, Http
from models.errors import NotPossible, Rejected

_ABSENT = (404, 405)


class CustomerReader:
    """Reads; each method is one question of `AimsClient`, where it is documented."""

    def __init__(self, reader: ODataReader, contract: Contract, site: str) -> None:
        self._reader = reader
        self._contract = contract
        self._site = site

    def one(self, account: str) -> Customer | None:
        wanted = f"{self._name('customer.account')} eq {quoted(account)}"
        rows = self._reader.rows("path.customers", f"reading customer {account}", id_key="customer.id", filter=wanted)
        return next((found for found in map(parse.customer, rows) if found.account == account), None)

    def every(self, since: datetime | None) -> Iterator[Customer]:
        if since is None:
            return map(parse.customer, self._reader.rows("path.customers", "reading customers", id_key="customer.id"))
        key, from_then = "customer.last_modified", moment_literal(since)
        what, wanted = f"reading customers changed since {from_then}", f"{self._name(key)} ge {from_then}"
        changed = self._reader.rows("path.customers", what, id_key="customer.id", filter=wanted, filter_key=key)
        return map(parse.customer, begun(changed))

    def stores(self, customer_id: str) -> list[Store]:
        what, wanted = f"reading stores of customer {customer_id}", f"{self._name('store.customer_id')} eq {customer_id}"
        rows = self._reader.rows("path.stores", what, id_key="store.id", filter=wanted)
        return [found for found in map(parse.store, rows) if found.customer_id in ("", customer_id)]

    def all_stores(self) -> Iterator[Store]:
        try:
            return begun(map(_owned, self._reader.rows("path.stores", "reading all stores", id_key="store.id")))
        except Rejected as refusal:
            raise NotPossible(
                f"AIMS360 does not give the stores of all customers at once: {refusal.summary}",
                fix=self._contract.what_to_do("path.stores", self._site),
                field="path.stores",
                remote_message=refusal.remote_message,
            ) from None

    def _name(self, key: str) -> str:
        return self._contract.names(key)[0]


def _owned(row: Row) -> Store:
    """Without the field that says whose it is, every store would seem to be nobody's."""
    row.needed("store.customer_id")
    return parse.store(row)


class CustomerWriter:
    """Creates, ASSUMED as a whole; each method is one call of `AimsClient`, where it is documented."""

    def __init__(self, http: Http, auth: Auth, contract: Contract) -> None:
        self._http = http
        self._auth = auth
        self._contract = contract

    @property
    def can_add_stores(self) -> bool:
        return bool(self._contract["path.store_create"])

    def create_customer(self, new: NewCustomer) -> Customer:
        what = f"creating customer {new.account}"
        by_hand = f"Create customer {new.account} ({new.name}) in AIMS360 by hand, then retry."
        found = self._created(what, "path.customer_create", customer_body(new, self._contract), "customer.id", by_hand)
        return Customer(id=found, account=new.account, name=new.name, email=new.email, phone=new.phone, raw={})

    def create_store(self, new: NewStore) -> str:
        what = f"creating store {new.code} of customer {new.customer_id}"
        where = ", ".join(filter(None, _lines(new)))
        by_hand = f"Add store {new.code} ({where}) to the customer in AIMS360 by hand, then retry."
        if not self.can_add_stores:
            raise self._only_by_hand(what, "no call for it is known", "path.store_create", by_hand)
        return self._created(what, "path.store_create", store_body(new, self._contract), "store.id", by_hand)

    def _created(self, what: str, path_key: str, body: dict[str, Any], id_key: str, by_hand: str) -> str:
        """The id in the answer."""
        path = self._contract[path_key]
        data, answer = self._http.json("POST", path, intent="create", what=what, json=body, auth=self._auth, wanted=_ABSENT)
        if answer.status in _ABSENT:
            raise self._only_by_hand(what, f"its API has no call for it (HTTP {answer.status})", path_key, by_hand)
        folded = {str(key).lower(): value for key, value in data.items()} if isinstance(data, dict) else {}
        found = (folded.get(name.lower()) for name in self._contract.names(id_key))
        made = next((str(value).strip() for value in found if isinstance(value, str | int) and not isinstance(value, bool)), "")
        if not made:
            raise self._http.unreadable(answer, "create", what, f"the answer names no {id_key.replace('.', ' ')}")
        return made

    def _only_by_hand(self, what: str, why: str, path_key: str, by_hand: str) -> NotPossible:
        steps = [by_hand, *self._contract.what_to_do(path_key, self._http.site)]
        return NotPossible(f"AIMS360, {what}: {why}", fix=steps, field=path_key)


def customer_body(new: NewCustomer, contract: Contract) -> dict[str, Any]:
    """ASSUMED as a whole (A-07)."""
    return without_empty(
        {
            contract["new_customer.account"]: new.account,
            contract["new_customer.name"]: new.name,
            contract["new_customer.email"]: new.email,
            contract["new_customer.phone"]: new.phone,
            contract["new_customer.term_id"]: new.term_id,
            contract["new_customer.ship_via_id"]: new.ship_via_id,
            contract["new_customer.address"]: address_body(new.address) if new.address else None,
        }
    )


def store_body(new: NewStore, contract: Contract) -> dict[str, Any]:
    """ASSUMED as a whole (9.2): the address in the names of orders, beside the code or in an object of its own."""
    address, around = address_body(new.address), contract["new_store.address"]
    fields = {contract["new_store.customer_id"]: new.customer_id, contract["new_store.code"]: new.code}
    return without_empty({**fields, **({around: address} if around else address)})


def _lines(new: NewStore) -> Sequence[str]:
    address = new.address
    return (address.name, address.address1, address.address2, address.address3, f"{address.zip_code} {address.city}".strip(), address.state)
