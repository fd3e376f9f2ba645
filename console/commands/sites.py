"""`joorsync sites`: accounts, addresses, secrets, settings, pauses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from console import secret_input, site_listing, site_sandbox, sites
from console.commands.options import AsJson, Reason, group, process_of
from console.commands.site_files import export_sites, import_sites
from console.commands.site_options import (
    AimsApi,
    Contract,
    Customer,
    Divisions,
    Image,
    Inventory,
    JoorAccount,
    JoorApi,
    JoorAuth,
    Lane,
    Linesheet,
    Name,
    NotDivisions,
    Orders,
    Report,
    Sandbox,
    SandboxOf,
    Schedule,
    Secret,
    SecretsFile,
    Set,
    SiteKey,
    Style,
)
from console.output import cell, document, note, say, table
from console.process import Process
from console.site_settings import GROUPS, contract_file
from console.sites import Changes
from models.errors import NotPossible
from producers.requests import resolve_site

app = group("Sites: one JOOR account each, with its AIMS360 divisions, secrets and settings.")
app.command("export")(export_sites)
app.command("import")(import_sites)

_COLUMNS = ("site", "name", "divisions", "joor", "account", "aims360", "sandbox", "sandbox_of", "paused", "open_problems")


@app.callback()
def default(context: typer.Context, as_json: AsJson = False) -> None:
    """List the sites."""
    if context.invoked_subcommand is None:
        _list(process_of(context), as_json)


@app.command("list")
def list_sites(context: typer.Context, as_json: AsJson = False) -> None:
    """List the sites."""
    _list(process_of(context), as_json)


def _list(process: Process, as_json: bool) -> None:
    with process.reading() as session:
        rows = site_listing.listing(session)
    if as_json:
        document(rows)
    else:
        table(rows, _COLUMNS, empty="No site yet. Add one: joorsync sites add KEY --joor-api URL --aims-api URL --division CODE ...")


@app.command()
def show(context: typer.Context, key: SiteKey, as_json: AsJson = False) -> None:
    """One site with every setting in force; of the secrets only the names."""
    process = process_of(context)
    with process.reading() as session:
        site = resolve_site(session, key)
        found = site_listing.public(session, site)
        found["next_due"] = site_listing.due(session, site, process.clock.now())
    if as_json:
        document(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    for name, value in found.items():
        if isinstance(value, dict):
            say(f"{name}:")
            for inner, setting in value.items():
                say(f"  {inner} = {'none' if setting is None else cell(setting) if not isinstance(setting, dict) else setting}")
        else:
            say(f"{name}: {cell(value)}")


@app.command()
def add(
    context: typer.Context,
    key: SiteKey,
    joor_api: JoorApi = None,
    aims_api: AimsApi = None,
    joor_auth: JoorAuth = None,
    joor_account: JoorAccount = None,
    name: Name = None,
    division: Divisions = None,
    sandbox_of: SandboxOf = None,
    sandbox: Sandbox = None,
    secret: Secret = None,
    secrets_file: SecretsFile = None,
    contract: Contract = None,
    order: Orders = None,
    inventory: Inventory = None,
    style: Style = None,
    linesheet: Linesheet = None,
    image: Image = None,
    customer: Customer = None,
    report: Report = None,
    schedule: Schedule = None,
    setting: Set = None,
) -> None:
    """Add a site. Secrets come from the environment (JOORSYNC_SECRET_JOOR_TOKEN), a file, standard input or a prompt, never from
    arguments."""
    process = process_of(context)
    given = Changes(name, joor_api, joor_auth, joor_account, aims_api, sandbox if sandbox_of else bool(sandbox), division or [])
    groups = {"order": order, "inventory": inventory, "style": style, "linesheet": linesheet, "image": image}
    given.settings = _settings(setting, **groups, customer=customer, report=report, schedule=schedule)
    given.contract = contract_file(contract) if contract else None
    secrets = _secrets(secret, secrets_file)
    given.secrets = secrets if secret or secrets_file else secrets | secret_input.asked_all(secrets)
    process.prepare()
    with process.sessions() as session:
        if sandbox_of:
            site_sandbox.add(session, process, key, sandbox_of, given)
        else:
            sites.add(session, process, key, given)
    say(f"Site {key} added" + (f": the sandbox account of {sandbox_of}, worked only when somebody asks." if sandbox_of else "."))
    _next_steps(process, key)


@app.command("set")
def set_site(
    context: typer.Context,
    key: SiteKey,
    joor_api: JoorApi = None,
    aims_api: AimsApi = None,
    joor_auth: JoorAuth = None,
    joor_account: JoorAccount = None,
    name: Name = None,
    division: Divisions = None,
    remove_division: NotDivisions = None,
    sandbox: Sandbox = None,
    secret: Secret = None,
    secrets_file: SecretsFile = None,
    contract: Contract = None,
    order: Orders = None,
    inventory: Inventory = None,
    style: Style = None,
    linesheet: Linesheet = None,
    image: Image = None,
    customer: Customer = None,
    report: Report = None,
    schedule: Schedule = None,
    setting: Set = None,
) -> None:
    """Change a site; running workers take it up by themselves. An empty value puts a setting's default back."""
    process = process_of(context)
    given = Changes(name, joor_api, joor_auth, joor_account, aims_api, sandbox)
    groups = {"order": order, "inventory": inventory, "style": style, "linesheet": linesheet, "image": image}
    given.settings = _settings(setting, **groups, customer=customer, report=report, schedule=schedule)
    given.contract = contract_file(contract) if contract else None
    with process.reading() as session:
        resolve_site(session, key)  # before anybody types a secret
    given.secrets = _secrets(secret, secrets_file)
    with process.sessions() as session:
        if division or remove_division:
            have = site_listing.codes(session, resolve_site(session, key))
            given.divisions = [code for code in dict.fromkeys([*have, *(division or [])]) if code not in (remove_division or [])]
        sites.change(session, process, key, given)
    say(f"Site {key} changed.")
    _next_steps(process, key)


def _settings(prefixed: list[str] | None, **groups: list[str] | None) -> dict[str, list[str]]:
    """Assignments per group; `--set orders.page_size=100` is `--order page_size=100`."""
    found = {name: list(values or []) for name, values in groups.items()}
    for text in prefixed or []:
        head, _, rest = text.partition(".")
        name = next((known for known in GROUPS if head.lower() in (known, known + "s", known.removesuffix("y") + "ies")), None)
        if name is None:
            raise NotPossible(f"--set {text!r} names no group", fix=[f"Write --set GROUP.KEY=VALUE with one of: {', '.join(GROUPS)}."])
        found[name].append(rest)
    return found


def _secrets(names: list[str] | None, file: Path | None) -> dict[str, str]:
    from_file: Callable[[Path], dict[str, str]] = secret_input.from_file
    return secret_input.from_environment() | (from_file(file) if file else {}) | secret_input.asked(names or [])


def _next_steps(process: Process, key: str) -> None:
    with process.reading() as session:
        found = site_listing.public(session, resolve_site(session, key))
    missing = process.work.missing_secrets(found["secrets"])
    if missing:
        note(f"Still missing: {', '.join(missing)}. Set them: joorsync sites set {key} " + " ".join(f"--secret {name}" for name in missing))
    if found["paused_at"]:
        note(f"Site {key} is paused ({found['paused_reason']}). When it is put right: joorsync sites resume {key}")
    elif not missing:
        note(f"Try it: joorsync check --site {key}")


@app.command()
def refresh(context: typer.Context, key: SiteKey) -> None:
    """Copy settings, style fields and code pairs of a site to its sandbox account again."""
    process = process_of(context)
    with process.sessions() as session:
        site_sandbox.refresh(session, process, resolve_site(session, key))
    say(f"Site {key} has the settings and pairs of its site.")


@app.command()
def pause(context: typer.Context, key: SiteKey, data_type: Lane = None, reason: Reason = "") -> None:
    """Hold a site, or one of its data types, until it is resumed. Work that is asked for meanwhile is kept."""
    process = process_of(context)
    with process.sessions() as session:
        sites.pause(session, process, key, data_type, reason)
    say(f"{data_type.value + ' of site' if data_type else 'Site'} {key} is paused.")


@app.command()
def resume(context: typer.Context, key: SiteKey, data_type: Lane = None, reason: Reason = "") -> None:
    """Go on; jobs that were blocked because access was denied are queued again."""
    process = process_of(context)
    with process.sessions() as session:
        released = sites.resume(session, process, key, data_type, reason)
    delayed = process.publish()
    say(f"{data_type.value + ' of site' if data_type else 'Site'} {key} goes on; {released} job(s) released.")
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
