"""The test scenarios in their order (joor-api facts 9.1 and the brief's data types), and how one of them is run.

Each does real work on the sandbox account and reads back from JOOR what came of it. A fault inside a scenario is that scenario's failure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from console import certify_catalogue as catalogue
from console import certify_customers as customers
from console import certify_linesheets as linesheets
from console import certify_orders as orders
from console import certify_set_up as set_up
from console import certify_stock as stock
from console.certify_stage import Failed, NotApplicable, Passed, Result, Stage
from models.errors import NotPossible, SyncError


@dataclass(frozen=True)
class Scenario:
    """`section`: of the facts. `needs`: scenarios that must have passed before. `must`: no certification without it."""

    key: str
    title: str
    section: str
    run: Callable[[Stage], Result]
    needs: tuple[str, ...] = ()
    must: bool = False


_CREATED = ("styles.create",)
ALL: tuple[Scenario, ...] = (
    Scenario("credentials.right", "The stored credentials of both systems work", "1.2, 1.3", set_up.right),
    Scenario("credentials.wrong", "A wrong token is refused, and told as such", "1.2", set_up.wrong),
    Scenario("setup.price_labels", "Every price label is a price type of the account", "3.1, 4.8", set_up.price_labels),
    Scenario("setup.pairs", "Warehouses, terms and ship-vias are paired", "3.1", set_up.pairs),
    Scenario("customers.match", "Customers of both systems are read and paired by code", "3.2", customers.match),
    Scenario("customers.update", "A known customer is updated and read back", "3.2, 3.6", customers.update, ("customers.match",)),
    Scenario("customers.new", "A new customer is sent and waits for JOOR's people", "3.2", customers.new, ("customers.match",)),
    Scenario("customers.price_label", "A customer with a wrong price label is held", "3.1", customers.label, ("customers.match",)),
    Scenario("styles.read", "AIMS360's styles are read", "4", catalogue.read),
    Scenario("styles.create", "A style goes to JOOR with SKUs and all prices", "4.1-4.7", catalogue.create, ("styles.read",), True),
    Scenario("styles.update", "A changed style is updated, not doubled", "4.7", catalogue.update, _CREATED),
    Scenario("styles.split", "Colours go as cards of their own", "4.1", catalogue.split, _CREATED),
    Scenario("styles.colour", "A colour is taken off and put back", "4.5", catalogue.colour, _CREATED),
    Scenario("styles.price_label", "A wrong price label of a style is found out", "3.1, 4.8", catalogue.label, _CREATED),
    Scenario("linesheets.add", "A style is put on a linesheet", "5", linesheets.add, _CREATED),
    Scenario("linesheets.hand_made", "What a person put on a linesheet stays", "4.4, 5.2", linesheets.hand_made, ("linesheets.add",)),
    Scenario("linesheets.drop", "A style is dropped from a linesheet", "5.2", linesheets.drop, ("linesheets.add",)),
    Scenario("images.style", "Pictures go to the style", "6", stock.images_of_style, _CREATED),
    Scenario("images.colour", "Pictures go to the colours", "6", stock.images_of_colours, _CREATED),
    Scenario("images.refused", "A picture that is too large or none is refused before it is sent", "2.2, 6.4", stock.pictures_refused),
    Scenario("inventory.set", "Stock is set per warehouse", "7", stock.inventory_of, (*_CREATED, "setup.pairs"), must=True),
    Scenario("inventory.zero", "Sold out is sent as zero, not left out", "7.3", stock.zero, ("inventory.set",)),
    Scenario("inventory.future", "Arrivals go to a date of their own", "7.3", stock.future, ("inventory.set",)),
    Scenario("inventory.warehouse", "A warehouse that is not paired stops only itself", "7.3", stock.warehouse, ("inventory.set",)),
    Scenario("orders.read", "Orders are read without marking them exported", "8.1, 8.2", orders.read, must=True),
    Scenario("orders.import", "An approved order can be imported, or says why not", "8.5", orders.import_one, ("orders.read",)),
    Scenario("orders.edited", "An order edited after its import is told", "8.8", orders.edited, ("orders.read",)),
    Scenario("errors.words", "An error says what is wrong and what to do", "9", set_up.errors),
)  # fmt: skip
KEYS = tuple(scenario.key for scenario in ALL)


def chosen(only: Sequence[str]) -> tuple[Scenario, ...]:
    """All, or the named ones with what they need. Raises NotPossible for a name that there is not."""
    unknown = [key for key in only if key not in KEYS]
    if unknown:
        raise NotPossible(f"There is no scenario {', '.join(unknown)}", fix=[f"Choose of: {', '.join(KEYS)}."], field="only")
    wanted = set(only or KEYS)
    for scenario in reversed(ALL):
        if scenario.key in wanted:
            wanted |= set(scenario.needs)
    return tuple(scenario for scenario in ALL if scenario.key in wanted)


def perform(scenario: Scenario, stage: Stage, before: dict[str, Result]) -> Result:
    """Never raises but for a person's Ctrl-C."""
    lacking = [key for key in scenario.needs if not isinstance(before.get(key), Passed)]
    if lacking:
        return NotApplicable(f"it builds on {lacking[0]}, which did not pass")
    try:
        return scenario.run(stage)
    except SyncError as error:
        said = f" They said: {error.remote_message}" if error.remote_message and error.remote_message not in error.summary else ""
        return Failed(f"{error.summary}{said}", list(error.fix))
    except Exception as error:
        structlog.get_logger("certify").exception("a scenario stumbled", scenario=scenario.key)
        return Failed(
            f"A fault of ours: {type(error).__name__}: {error}"[:500], ["Run it again with LOG_LEVEL=DEBUG and report what it prints."]
        )
