"""The demo's brand: a site per pretend JOOR account, each with settings of its own, and the pairs that a person would make."""

from typing import Any

from sqlmodel import select

from console import demo_catalogue, demo_customers, mapping, sites
from console.demo_sandbox import Controls
from console.mapping import Pair
from console.output import say
from console.process import Process
from models.errors import NotPossible
from models.mappings import MappingKind
from models.sites import Site

_COUNTERPARTS = {
    "warehouses": MappingKind.WAREHOUSE,
    "terms": MappingKind.TERM,
    "ship_vias": MappingKind.SHIP_VIA,
    "sales_reps": MappingKind.SALES_REP,
}
#: One AIMS360, two JOOR accounts, each with settings of its own: of the sites in turn.
_OWN: tuple[dict[str, list[str]], ...] = (
    {"order": ["new_customer=create"]},
    {
        "style": ["card=style_color"],
        "image": ["level=style"],
        "order": ["import_status=Open"],
        "inventory": ["safety_stock=2", "percentage=80"],
        "schedule": ["time_zone=Europe/Berlin", "quiet_hours=20:00-06:00"],
    },
)


def set_up(process: Process, sandbox: Controls) -> dict[str, str]:
    """Add a site per account with its divisions and the pairs a person would make. Returns account -> site key."""
    about, keys = sandbox.about, {}
    sandbox.match_customers_after(demo_customers.MATCH_HOURS)
    with process.sessions() as session:
        taken = {site.key: site for site in session.exec(select(Site))}
        real = [key for key, site in taken.items() if not site.is_sandbox]
        if real:
            steps = ["Give the demo a database of its own in DATABASE_URL, or none at all."]
            raise NotPossible(f"This database has real sites ({', '.join(real)}): the demo leaves it alone", fix=steps)
        for account, given in about["accounts"].items():
            keys[account] = _free(account, taken)
            sites.add(session, process, keys[account], _changes(about, given, len(keys) - 1, process.settings.embedded))
    pairs, sheets = 0, 0
    with process.sessions() as session:
        for account, key in keys.items():
            site = session.exec(select(Site).where(Site.key == key)).one()
            for name, kind in _COUNTERPARTS.items():
                for joor, aims in about["brand"]["counterparts"].get(f"{account}.{name}", {}).items():
                    mapping.put(session, process, site, kind, Pair(joor, aims))
                    pairs += 1
            found = demo_catalogue.prepare(session, process, site, about, account, sheets=1 if sheets else 2)
            sheets, pairs = sheets + len(found), pairs + len(about["accounts"][account]["price_types"])
            own = sites.Changes(settings={"customer": [f"fixed_price_labels={about['accounts'][account]['price_label']}"]})
            sites.change(session, process, key, own)  # for customers of whom AIMS360 shows no currency, as those made for orders
    brand = about["brand"]["name"]
    say(
        f"{brand}: a pretend brand with {len(keys)} JOOR accounts ({', '.join(keys.values())}) and one AIMS360; {pairs} pairs stored, "
        f"{sheets} linesheets defined."
    )
    return keys


def _free(key: str, taken: dict[str, Site]) -> str:
    numbered = (key if number == 1 else f"{key}-{number}" for number in range(1, 1000))
    return next(name for name in numbered if name not in taken)


def _changes(about: dict[str, Any], account: dict[str, Any], number: int, embedded: bool) -> sites.Changes:
    """Waiting for JOOR's people is moved on by the clock, which only the embedded mode has in hand."""
    joor = {f"joor.{name}": account[name] for name in ("token", "client_id", "client_secret", "username", "password")}
    aims = {f"aims.{name}": value for name, value in about["aims"].items()}
    return sites.Changes(
        name=account["name"],
        joor_api_url=about["joor"],
        joor_auth_url=about["joor_auth"],
        joor_account_id=account["account_id"],
        aims_api_url=about["aims360"],
        is_sandbox=True,
        divisions=account["division_codes"],
        settings=_joined(
            {"schedule": ["orders_minutes=none", "inventory_minutes=none"]},  # the pretend systems end with the demo
            demo_catalogue.settings(),
            demo_customers.settings(number, whole=embedded),
            _OWN[number] if number < len(_OWN) else {},
        ),
        secrets=joor | aims,
    )


def _joined(*groups: dict[str, list[str]]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for group in groups for name in group)
    return {name: [text for group in groups for text in group.get(name, [])] for name in names}
