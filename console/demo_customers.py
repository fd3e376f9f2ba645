"""The customers' part of the demo: both sides read and paired, new ones sent and waited for, and a retailer who came by himself."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, select

from console.demo_sandbox import Controls
from console.output import say
from console.process import Process
from models.jobs import Run
from models.ledgers import OrderImport, OrderPart
from models.mappings import Mapping, MappingKind, Proposal, ProposalState
from producers import customers as asking
from producers import pairing

#: Hours that the pretend Data Services take for a new customer.
MATCH_HOURS = 30
NAME, POSTAL_CODE = "Lumen & Loom", "78701"
_ADDRESS = {"code": "", "name": NAME, "address_1": "4 Mill Lane", "city": "Austin", "postal_code": POSTAL_CODE, "country": "US"}


def settings(number: int, *, whole: bool) -> dict[str, list[str]]:
    """The first site sends every customer of its group, new ones too (`whole`: somebody can wait for JOOR); the others only known ones."""
    new = ["new=all"] if number == 0 and whole else []
    return {"customer": ["missing_pair=leave_out", *new]}


def pair_up(process: Process, keys: dict[str, str], ask: Callable[[Callable[[Session, str], Run], str], None]) -> None:
    """Read both sides and pair equal codes; what is left a person has looked at. Nothing is sent."""

    def match(session: Session, key: str) -> Run:
        return pairing.request_pairing(session, key, MappingKind.CUSTOMER, requested_by=process.actor, clock=process.clock)

    ask(match, "Customers of both systems are read and paired")
    with process.sessions() as session:
        paired = len(session.exec(select(Mapping.id).where(Mapping.kind == MappingKind.CUSTOMER)).all())
        rows = session.exec(
            select(Proposal).where(
                Proposal.kind == MappingKind.CUSTOMER.value, Proposal.state == ProposalState.OPEN, Proposal.aims_code != ""
            )
        ).all()
        words = [
            f"{row.joor_name or row.joor_code} is {row.aims_name} ({row.aims_code}), {row.score} of 100: {row.why}" for row in rows[:2]
        ]
        for key in keys.values():
            asking.review(session, key, process.actor, anyway=True, reason="the demo leaves the proposals open", clock=process.clock)
    say(f"Customers: {paired} pairs of equal codes; {len(rows)} proposals wait for a person, for example:")
    for line in words:
        say(f"  {line}")
    say()


def connect_by_himself(sandbox: Controls, account: str) -> str:
    """A retailer connects with the brand on JOOR, without a customer code, and orders. Returns the order's number."""
    billing = [{f"billing_{'state' if name == 'region' else name}": value for name, value in {**_ADDRESS, "region": "TX"}.items()}]
    connection = {
        "customer_name": NAME,
        "customer_contact_email": "hello@lumenloom.example",
        "billing": {"billing_addresses": billing},
    }
    sandbox.on_joor(account, "connections", connection)
    order: dict[str, Any] = {"customer_code": "", "customer_name": NAME}
    for kind in ("billing", "shipping"):
        full = {**_ADDRESS, "address_2": "", "region": "TX", "country_iso_two": "US"}
        order |= {f"{kind}_{name}": value for name, value in full.items()}
    return str(sandbox.on_joor(account, "orders", order)["order_id"])


def what_became(process: Process, sandbox: Controls, account: str, key: str, order_id: str) -> bool:
    """Says it; False when the order is not in AIMS360 or JOOR has no code for the retailer."""
    with process.reading() as session:
        order = session.exec(select(OrderImport).where(OrderImport.joor_order_id == order_id)).first()
        parts = session.exec(select(OrderPart.aims_order).where(OrderPart.order_import_id == (order.id if order else 0))).all()
        made = session.exec(select(Mapping.aims_code).where(Mapping.joor_code == f"retailer:{NAME}/{POSTAL_CODE}")).first()
    shown = next((row["customer_code"] for row in sandbox.connections(account) if row["customer_name"] == NAME), None)
    say(f"{NAME} had connected by himself on JOOR ({key}), without a customer code, and placed order {order_id}:")
    say(f"  AIMS360 has it as order {' and '.join(number or '?' for number in parts) or 'none'} of the new customer {made or '?'};")
    say(f"  JOOR shows the customer code {shown or 'none'} for him now, so that his next order finds the customer by itself.")
    say()
    return bool(parts) and all(parts) and shown == made
