"""`python -m sandbox`: both pretend systems in one process, on 127.0.0.1 unless told, until a signal or (by option) the end of stdin.

One JSON line on stdout says where they listen and everything a person needs to add the sites; its secrets are invented with the brand.
"""

import argparse
import json
import signal
import sys
import threading
from typing import Any

from sandbox.aims360 import Aims360
from sandbox.brand import Brand, Code
from sandbox.control import set_switches
from sandbox.faults import Memory
from sandbox.joor import Joor
from sandbox.server import Listener, System
from sandbox.stock import generate
from sandbox.stock_joor import empty_catalogue, empty_connections


class Pair:
    """Both listeners over one brand and one memory. Raises OSError when a port is taken."""

    def __init__(
        self, brand: Brand, joor_port: int = 0, aims_port: int = 0, switches: dict[str, Any] | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.brand = brand
        self.memory = Memory()
        systems: tuple[System, System] = (Joor(brand, self.memory), Aims360(brand, self.memory, {}))
        share_switches(systems, switches or {})
        self.joor = Listener(systems[0], self.memory, joor_port, host)
        self.aims360 = Listener(systems[1], self.memory, aims_port, host)

    def start(self) -> "Pair":
        self.joor.start()
        self.aims360.start()
        return self

    def stop(self) -> None:
        self.joor.stop()
        self.aims360.stop()

    def description(self) -> dict[str, Any]:
        """What `python -m sandbox` prints."""
        brand = self.brand
        return {
            "joor": self.joor.url,
            "joor_auth": f"{self.joor.url}/auth/",
            "aims360": self.aims360.url,
            "accounts": {key: _account(brand, key) for key in brand.accounts},
            "aims": {name: getattr(brand, name) for name in ("client_id", "client_secret", "username", "password")},
            "brand": _summary(brand),
        }


def share_switches(systems: tuple[System, ...], switches: dict[str, Any]) -> None:
    """Give each switch to the systems that have it. Raises ValueError for one that none has."""
    for name, value in switches.items():
        owners = [system for system in systems if name in system.switches]
        if not owners:
            raise ValueError(
                f"no such switch: {name}; there are {', '.join(sorted(set().union(*(system.switches for system in systems))))}"
            )
        for system in owners:
            set_switches(system.switches, {name: value})


def _account(brand: Brand, key: str) -> dict[str, Any]:
    names = (
        "account_id",
        "name",
        "token",
        "client_id",
        "client_secret",
        "username",
        "password",
        "division_codes",
        "currency",
        "price_label",
    )
    account = brand.accounts[key]
    return {
        **{name: getattr(account, name) for name in names},
        "price_types": [
            {"id": row.id, "label": row.label, "currency": row.currency, "retail_currency": row.retail_currency}
            for row in account.price_types
        ],
    }


def _summary(brand: Brand) -> dict[str, Any]:
    def codes(rows: list[Code]) -> list[dict[str, Any]]:
        return [{"id": row.id, "code": row.code, "name": row.name, "enabled": row.enabled} for row in rows]

    def methods(rows: list[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"code": code, "name": name} for code, name in rows]

    return {
        "name": brand.name,
        "seed": brand.seed,
        "warehouses": {row.name: {"id": row.id, "active": row.active} for row in brand.warehouses},
        "divisions": codes(brand.divisions),
        "seasons": codes(brand.seasons),
        "terms": codes(brand.terms),
        "ship_vias": codes(brand.ship_vias),
        "sales_reps": codes(brand.sales_reps),
        "joor": {
            key: {
                "warehouses": account.warehouses,
                "payment_methods": methods(account.payment_methods),
                "shipping_methods": methods(account.shipping_methods),
                "sales_reps": [{"code": code, "name": name, "email": email} for code, name, email in account.sales_reps],
            }
            for key, account in brand.accounts.items()
        },
        "counterparts": brand.counterparts,
        "cases": brand.cases,
        "customer_cases": brand.customer_cases,
    }


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Two pretend remote systems, JOOR and AIMS360.")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 only in a network of its own, anybody may control it"
    )
    parser.add_argument("--joor-port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--aims-port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--seed", type=int, default=1, help="the same seed and sizes make the same brand")
    parser.add_argument("--styles", type=int, default=300)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--customers", type=int, default=40)
    parser.add_argument("--accounts", default="us,eu", help="keys of the JOOR accounts, comma separated")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SWITCH=VALUE", type=_switch, help="repeatable; VALUE is JSON or text"
    )
    parser.add_argument(
        "--empty-catalogue", action="store_true", help="JOOR begins without the brand's styles; those made by hand on JOOR stay"
    )
    parser.add_argument(
        "--empty-connections", action="store_true", help="JOOR begins without the brand's customers; retailers without a code stay"
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when stdin closes")
    return parser.parse_args(argv)


def _switch(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("give SWITCH=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    accounts = tuple(key for key in options.accounts.split(",") if key)
    try:
        brand = generate(options.seed, options.styles, options.orders, options.customers, accounts)
        if options.empty_catalogue:
            empty_catalogue(brand)
        if options.empty_connections:
            empty_connections(brand)
        pair = Pair(brand, options.joor_port, options.aims_port, dict(options.set), options.host)
    except ValueError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"sandbox: cannot listen on {options.host}: {error}", file=sys.stderr)
        return 3
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    if options.exit_with_parent:
        threading.Thread(target=_wait_for_end_of_stdin, args=(done,), daemon=True).start()
    pair.start()
    print(json.dumps(pair.description()), flush=True)
    done.wait()
    pair.stop()
    return 0


def _wait_for_end_of_stdin(done: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    done.set()


if __name__ == "__main__":
    raise SystemExit(main())
