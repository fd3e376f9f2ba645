"""Reading a file of sites: its shape and every value checked against the types they are stored with, every error with its place."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from console import mapping, style_fields
from console.mapping import Pair
from console.output import field_lines
from console.site_export import FORMAT, NONE, PAIR
from console.site_settings import GROUPS
from console.style_fields import FieldRow
from models.errors import NotPossible
from models.mappings import MappingKind
from models.settings import (
    CustomerSettings,
    ImageSettings,
    InventorySettings,
    LinesheetRule,
    LinesheetSettings,
    OrderSettings,
    ReportSettings,
    Schedule,
    StyleSettings,
)

ERRORS_SHOWN = 50


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class PairRow(_Part):
    joor: str = ""
    aims: str = ""
    joor_name: str = ""
    aims_id: str = ""
    primary: bool = True
    ignored: bool = False

    def pair(self) -> Pair:
        return Pair(**{name: getattr(self, key) for key, (name, _) in PAIR.items()})


class StyleFieldRow(_Part):
    joor_field: str
    aims_field: str = ""
    constant: str = ""
    fallback: str = ""

    def row(self) -> FieldRow:
        return FieldRow(**self.model_dump())


class LinesheetRow(_Part):
    code: str
    name: str
    season_code: str = ""
    season_name: str = ""
    season_year: int | None = None
    ship_start: date | None = None
    ship_complete: date | None = None
    cancel_date: date | None = None
    minimum_window: int | None = None
    rule: LinesheetRule = Field(default_factory=LinesheetRule)


class SiteRow(_Part):
    """One site of the file. What is not written stays as it is; a group of settings, the divisions and the contract are replaced whole."""

    name: str | None = None
    sandbox: bool | None = None
    sandbox_of: str | None = None
    joor_api: str | None = None
    joor_auth: str | None = None
    joor_account: str | None = None
    aims_api: str | None = None
    divisions: list[str] | None = None
    order: OrderSettings | None = None
    inventory: InventorySettings | None = None
    style: StyleSettings | None = None
    linesheet: LinesheetSettings | None = None
    image: ImageSettings | None = None
    customer: CustomerSettings | None = None
    report: ReportSettings | None = None
    schedule: Schedule | None = None
    contract: dict[str, Any] | None = None
    style_fields: list[StyleFieldRow] = Field(default_factory=list)
    linesheets: list[LinesheetRow] = Field(default_factory=list)
    pairs: dict[str, list[PairRow]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _with_null(cls, values: Any) -> Any:
        """ "none" switches off what has a value by default."""
        if not isinstance(values, Mapping):
            return values
        return {name: _null(GROUPS[name][1], value) if name in GROUPS else value for name, value in values.items()}

    @field_validator("pairs")
    @classmethod
    def _kinds(cls, pairs: dict[str, list[PairRow]]) -> dict[str, list[PairRow]]:
        known = [kind.value for kind in mapping.CODES]
        wrong = [f"{name!r} is no kind of code pairs{nearest(name, known)}" for name in pairs if name not in known]
        if wrong:
            raise ValueError("; ".join(wrong))
        return pairs


class _File(_Part):
    format: int = FORMAT
    sites: dict[str, SiteRow]

    @field_validator("format")
    @classmethod
    def _ours(cls, value: int) -> int:
        if value != FORMAT:
            raise ValueError(f"this program reads format {FORMAT}")
        return value


def _null(kind: type[BaseModel], values: Any) -> Any:
    if not isinstance(values, Mapping):
        return values
    fields = kind.model_fields
    may = {name for name, field in fields.items() if field.default is not None and NoneType in get_args(field.annotation)}
    return {name: None if name in may and value == NONE else value for name, value in values.items()}


def read(data: bytes, name: str) -> dict[str, SiteRow]:
    """The sites of a file by key. Raises NotPossible listing every error with its place."""
    try:
        raw = tomllib.loads(data.decode("utf-8-sig"))
        found = _File.model_validate(raw).sites
    except UnicodeDecodeError:
        raise refused(name, ["the file is not UTF-8 text"]) from None
    except tomllib.TOMLDecodeError as error:
        raise refused(name, [f"it is not a TOML file: {error}"]) from None
    except ValidationError as error:
        raise refused(name, _lines(error)) from None
    errors = [line for key, site in found.items() for line in _wrong_rows(f"sites.{key}", site)]
    if errors:
        raise refused(name, errors)
    return found


def _wrong_rows(place: str, site: SiteRow) -> list[str]:
    """What the rows of a site are refused for when they are stored one by one, and rows that contradict each other."""
    errors = []
    for number, field in enumerate(site.style_fields, 1):
        errors += [f"{place}.style_fields, row {number}, {column}: {words}" for column, words in style_fields.refuse(field.row())]
    for name, rows in site.pairs.items():
        kind, pairs = MappingKind(name), [row.pair() for row in rows]
        names = {field: key for key, (field, _) in PAIR.items()}
        for number, pair in enumerate(pairs, 1):
            errors += [f"{place}.pairs.{name}, row {number}, {names[field]}: {words}" for field, words in mapping.refuse(kind, pair)]
        errors += [f"{place}.pairs.{name}: {words}" for _, _, words in mapping.twice(kind, pairs)]
    for what, keys in (
        ("style_fields", [row.joor_field for row in site.style_fields]),
        ("linesheets", [row.code for row in site.linesheets]),
    ):
        errors += [f"{place}.{what}: {key!r} is there twice" for key in dict.fromkeys(keys) if keys.count(key) > 1]
    return errors


def _lines(error: ValidationError) -> list[str]:
    """`field_lines`, with the nearest known name for an unknown one."""
    lines = field_lines(error)
    for place, item in enumerate(error.errors(include_url=False, include_context=False)):
        if item["type"] == "extra_forbidden":
            lines[place] += nearest(str(item["loc"][-1]), _names_at(item["loc"][:-1]))
    return lines


def _names_at(path: Sequence[str | int]) -> list[str]:
    kind: type[BaseModel] = _File
    for part in path:
        field = kind.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field is not None else None
        kind = inner or kind
    return list(kind.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)


def nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(known)}"


def refused(name: str, errors: Sequence[str]) -> NotPossible:
    shown = [*errors[:ERRORS_SHOWN], *([f"... and {len(errors) - ERRORS_SHOWN} more"] if len(errors) > ERRORS_SHOWN else [])]
    count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
    return NotPossible(f"{name} was not imported, nothing was changed: {count}", fix=shown)
