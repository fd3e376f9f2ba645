"""`--order key=value` and the like: texts from a command line, checked against the pydantic types of `models.settings`."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from console.output import field_lines
from models.errors import NotPossible
from models.settings import (
    CustomerSettings,
    ImageSettings,
    InventorySettings,
    LinesheetSettings,
    OrderSettings,
    ReportSettings,
    Schedule,
    StyleSettings,
)

#: Option of `joorsync sites set` -> (column of Site, its type).
GROUPS: dict[str, tuple[str, type[BaseModel]]] = {
    "order": ("order_settings", OrderSettings),
    "inventory": ("inventory_settings", InventorySettings),
    "style": ("style_settings", StyleSettings),
    "linesheet": ("linesheet_settings", LinesheetSettings),
    "image": ("image_settings", ImageSettings),
    "customer": ("customer_settings", CustomerSettings),
    "report": ("report_settings", ReportSettings),
    "schedule": ("schedule", Schedule),
}


def changed(group: str, stored: Mapping[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """The settings with each `key=value` put in place, ready to store. `table.key=value` sets one entry of a table; an empty value or
    "none" puts the default back (in a table: takes the entry out). Raises NotPossible with a line per wrong field."""
    _, kind = GROUPS[group]
    values = dict(stored)
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.strip():
            raise NotPossible(f"--{group} {assignment!r} is not KEY=VALUE", fix=[f"For example: --{group} {_example(kind)}"])
        _assign(kind, values, name.strip(), text.strip())
    return validated(group, values)


def validated(group: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """As stored: every value that is not the default. Raises NotPossible."""
    _, kind = GROUPS[group]
    try:
        return kind.model_validate(values).model_dump(mode="json", exclude_defaults=True)
    except ValidationError as error:
        names = ", ".join(kind.model_fields)
        raise NotPossible(
            f"The {group} settings are not usable: " + "; ".join(field_lines(error)), fix=[f"Settings of --{group}: {names}."], field=group
        ) from None


def shown(group: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting with the value in force."""
    return GROUPS[group][1].model_validate(stored).model_dump(mode="json")


def _assign(kind: type[BaseModel], values: dict[str, Any], name: str, text: str) -> None:
    head, dot, entry = name.partition(".")
    if dot:
        default = kind.model_fields[head].get_default(call_default_factory=True) if head in kind.model_fields else {}
        given = values.get(head, default)
        table = dict(given) if isinstance(given, Mapping) else {}
        if text and text.lower() != "none":
            table[entry] = text
        else:
            table.pop(entry, None)
        values[head] = table
    elif not text:
        values.pop(head, None)
    else:
        values[head] = _parsed(kind, head, text)


def _parsed(kind: type[BaseModel], name: str, text: str) -> Any:
    """JSON where it is JSON, a comma list where the field is a list, else the text itself (pydantic reads numbers, dates, booleans)."""
    if text.lower() in ("none", "null"):
        return None
    if text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            return text
    field = kind.model_fields.get(name)
    if field is not None and "list[" in str(field.annotation):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _example(kind: type[BaseModel]) -> str:
    name, field = next(iter(kind.model_fields.items()))
    return f"{name}={field.get_default(call_default_factory=True)}"


def contract_file(path: Path) -> dict[str, Any]:
    """A parsed TOML file, not checked yet. Raises NotPossible, naming the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NotPossible(f"{path} cannot be read: {error.strerror}", fix=["Give the path of the site's contract file."]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotPossible(
            f"{path} is not a TOML file: {error}", fix=['Write entries as name = "value" under [joor.x] or [aims360.x].']
        ) from None
