"""Reading one `$filter`: as much of OData as AIMS360 is proven to understand (AIMS360 facts 4.1), more only when asked to."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.aims360_schema import Predicate, Schema, invalid, items, unsupported

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d(?![T\d]))"
    r"|(?P<number>-?\d+(?:\.\d+)?(?![\w-]))"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark>[()/:,]))"
)
PROVEN = {("eq", "text"), ("eq", "guid"), ("ge", "moment"), ("le", "moment")}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ge": lambda a, b: a is not None and a >= b,
    "le": lambda a, b: a is not None and a <= b,
    "gt": lambda a, b: a is not None and a > b,
    "lt": lambda a, b: a is not None and a < b,
}


class FilterParser:
    """A recursive descent over one `$filter`. Raises BadQuery for what is malformed, unknown or not proven.

    After `parse`, `equal` holds what every matching row must have: property -> value.
    """

    def __init__(self, text: str, schema: Schema, *, extra: bool) -> None:
        self.text, self.extra = text, extra
        self.scopes = {"": schema}
        self.tokens = self._tokens()
        self.position = 0
        self.equal: dict[str, Any] = {}

    def _tokens(self) -> list[tuple[str, str]]:
        tokens, position, text = [], 0, self.text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None:
                raise invalid(f"Syntax error at position {position} in '{self.text}'.")
            tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            position = match.end()
        return tokens

    def parse(self) -> Predicate:
        predicate = self._either()
        if self.position < len(self.tokens):
            raise invalid(f"Syntax error near '{self.tokens[self.position][1]}' in '{self.text}'.")
        return predicate

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("end", "end of filter")

    def _next(self, kind: str = "", value: str = "") -> str:
        found = self._peek()
        if (kind and found[0] != kind) or (value and found[1] != value):
            raise invalid(f"Expected {value or kind} but found '{found[1]}' in '{self.text}'.")
        self.position += 1
        return found[1]

    def _either(self) -> Predicate:
        first = self._both()
        while self._peek() == ("name", "or"):
            self._need_extra("The operator 'or'")
            self._next()
            first = _or(first, self._both())
            self.equal = {}
        return first

    def _both(self) -> Predicate:
        first = self._term()
        while self._peek() == ("name", "and"):
            self._next()
            first = _and(first, self._term())
        return first

    def _need_extra(self, what: str) -> None:
        if not self.extra:
            raise unsupported(what)

    def _term(self) -> Predicate:
        if self._peek() == ("mark", "("):
            self._need_extra("Grouping with parentheses")
            self._next()
            inner = self._either()
            self._next("mark", ")")
            return inner
        name = self._next("name")
        if self._peek() == ("mark", "("):
            return self._function(name)
        path = [name]
        while self._peek() == ("mark", "/"):
            self._next()
            path.append(self._next("name"))
        variable = path.pop(0) if path[0] in self.scopes and len(path) > 1 else ""
        if path[-1].lower() == "any" and len(path) == 2:
            return self._any(variable, path[0])
        if len(path) != 1:
            raise invalid(f"'{'/'.join(path)}' is no property in '{self.text}'.")
        return self._comparison(variable, path[0])

    def _any(self, variable: str, name: str) -> Predicate:
        owner = self.scopes[variable]
        collection = owner.collection(name)
        self._next("mark", "(")
        inner_variable = self._next("name")
        self._next("mark", ":")
        self.scopes = {**self.scopes, inner_variable: owner.collections[collection]}
        inner = self._either()
        del self.scopes[inner_variable]
        self._next("mark", ")")
        return lambda scope: any(inner({**scope, inner_variable: item}) for item in items(scope[variable], collection))

    def _comparison(self, variable: str, name: str) -> Predicate:
        schema = self.scopes[variable]
        prop = schema.property(name)
        kind = schema.properties[prop]
        operator = self._next("name")
        if operator not in COMPARE:
            raise unsupported(f"The operator '{operator}'")
        literal_kind, literal = self._literal()
        if (operator, kind) not in PROVEN:
            self._need_extra(f"The operator '{operator}' on the property '{prop}'")
        if literal_kind != kind and literal is not None:
            raise invalid(f"'{prop}' is of type {kind}, which cannot be compared with a {literal_kind}.")
        compare = COMPARE[operator]
        if operator == "eq" and len(self.scopes) == 1 and literal is not None:
            self.equal[prop] = literal
        return lambda scope: compare(_comparable(scope[variable].get(prop), kind), literal)

    def _literal(self) -> tuple[str, Any]:
        kind, text = self._peek()
        self._next()
        match kind:
            case "text":
                return kind, text[1:-1].replace("''", "'")
            case "guid":
                return kind, text.lower()
            case "moment":
                return kind, datetime.fromisoformat(text)
            case "date":
                return kind, date.fromisoformat(text)
            case "number":
                return kind, Decimal(text)
            case "name" if text in ("true", "false"):
                return "flag", text == "true"
            case "name" if text == "null" and self.extra:
                return "null", None
        raise invalid(f"'{text}' is no literal in '{self.text}'.")

    def _function(self, name: str) -> Predicate:
        self._need_extra(f"The function '{name}'")
        if name not in ("contains", "startswith"):
            raise unsupported(f"The function '{name}'")
        self._next("mark", "(")
        prop = self.scopes[""].property(self._next("name"))
        self._next("mark", ",")
        _, part = self._literal()
        self._next("mark", ")")
        if name == "contains":
            return lambda scope: str(part) in str(scope[""].get(prop) or "")
        return lambda scope: str(scope[""].get(prop) or "").startswith(str(part))


def _comparable(value: Any, kind: str) -> Any:
    if kind == "guid" and value is not None:
        return str(value).lower()
    return Decimal(str(value)) if kind == "number" and value is not None else value


def _and(first: Predicate, second: Predicate) -> Predicate:
    return lambda scope: first(scope) and second(scope)


def _or(first: Predicate, second: Predicate) -> Predicate:
    return lambda scope: first(scope) or second(scope)
