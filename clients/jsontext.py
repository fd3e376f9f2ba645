"""JSON with exact money: numbers with a point are read as Decimal and written digit by digit."""

import json
from decimal import Decimal
from typing import Any

_text = json.encoder.encode_basestring_ascii


def loads(body: bytes | str) -> Any:
    """Parse JSON; floats become Decimal. Raises ValueError for anything that is not JSON, NaN and Infinity included."""
    text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def dumps(value: Any) -> str:
    """Compact JSON. Decimal keeps its digits (`Decimal("110.10")` is written 110.10). Raises TypeError for float and unknown types."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} has no JSON form")
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(str(key))}:{dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no exact JSON form here (money must be Decimal, dates must be text)")


def storable(value: Any) -> Any:
    """The same data for a JSON column, which has no Decimal: exact numbers become text ("110.10"). Texts lose what PostgreSQL cannot keep:
    NUL goes, half a surrogate pair becomes a question mark."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
