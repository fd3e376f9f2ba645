"""Options of `joorsync sites`."""

from pathlib import Path
from typing import Annotated

import typer

from models.jobs import DataType
from models.sites import CREDENTIAL_NAMES

SiteKey = Annotated[str, typer.Argument(metavar="KEY", help="Short name in lanes and commands, for example us.")]
Name = Annotated[str | None, typer.Option("--name", help="A name for people.")]
JoorApi = Annotated[
    str | None, typer.Option("--joor-api", help="JOOR's address without /v2 or /v4, for example https://api.jooraccess.com.")
]
JoorAuth = Annotated[
    str | None, typer.Option("--joor-auth", help="Token address of JOOR's v4 API, for example https://atlas.jooraccess.com/auth/.")
]
JoorAccount = Annotated[str | None, typer.Option("--joor-account", help="JOOR account id (v4).")]
AimsApi = Annotated[str | None, typer.Option("--aims-api", help="AIMS360's address, for example https://apiwest.aims360.rest.")]
Divisions = Annotated[list[str] | None, typer.Option("--division", help="AIMS360 division code; repeatable.")]
NotDivisions = Annotated[list[str] | None, typer.Option("--remove-division", help="Take a division away; repeatable.")]
Sandbox = Annotated[
    bool | None, typer.Option("--sandbox/--production", help="A test system: plain http and private addresses are allowed.")
]
SandboxOf = Annotated[
    str | None,
    typer.Option("--sandbox-of", metavar="KEY", help="Add the sandbox account of this site: its divisions, settings, pairs."),
]
Secret = Annotated[
    list[str] | None, typer.Option("--secret", metavar="NAME", help=f"Ask for a secret: {', '.join(CREDENTIAL_NAMES)}. Repeatable.")
]
SecretsFile = Annotated[Path | None, typer.Option("--secrets-file", dir_okay=False, help="TOML or NAME=VALUE lines.")]
Contract = Annotated[Path | None, typer.Option("--contract", dir_okay=False, help="TOML file with this tenant's paths and field names.")]
Orders = Annotated[list[str] | None, typer.Option("--order", metavar="K=V", help="Order setting; repeatable.")]
Inventory = Annotated[list[str] | None, typer.Option("--inventory", metavar="K=V", help="Inventory setting; repeatable.")]
Style = Annotated[list[str] | None, typer.Option("--style", metavar="K=V", help="Style setting; repeatable.")]
Linesheet = Annotated[list[str] | None, typer.Option("--linesheet", metavar="K=V", help="Linesheet setting; repeatable.")]
Image = Annotated[list[str] | None, typer.Option("--image", metavar="K=V", help="Image setting; repeatable.")]
Customer = Annotated[list[str] | None, typer.Option("--customer", metavar="K=V", help="Customer setting; repeatable.")]
Report = Annotated[list[str] | None, typer.Option("--report", metavar="K=V", help="Report setting: recipients, digest, ...; repeatable.")]
Schedule = Annotated[
    list[str] | None,
    typer.Option(
        "--schedule",
        metavar="K=V",
        help='orders_minutes=5, "styles_cron=0 6 * * 1-5", time_zone, quiet_hours, off=styles,images; none: never. Repeatable.',
    ),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="GROUP.K=V", help="The same with the group in front: orders.page_size=100.")
]
Lane = Annotated[DataType | None, typer.Option("--type", "-t", help="One data type; none means the whole site.")]
