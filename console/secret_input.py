"""Where secrets come from: environment, a file, standard input, a prompt. Never an argument value: those show in `ps` and in histories."""

import getpass
import os
import stat
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from console.output import note
from models.errors import NotPossible
from models.sites import CREDENTIAL_NAMES

_PREFIX = "JOORSYNC_SECRET_"


def variable(name: str) -> str:
    """`joor.token` -> `JOORSYNC_SECRET_JOOR_TOKEN`."""
    return _PREFIX + name.upper().replace(".", "_")


def from_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Every secret that is set, by credential name. Raises NotPossible for a JOORSYNC_SECRET_ variable that names none."""
    known = {variable(name): name for name in CREDENTIAL_NAMES}
    odd = [key for key in environment if key.startswith(_PREFIX) and key not in known]
    if odd:
        raise NotPossible(f"{odd[0]} names no secret", fix=[f"Secrets are: {', '.join(known)}."])
    return {name: checked(name, environment[key]) for key, name in known.items() if environment.get(key)}


def from_file(path: Path) -> dict[str, str]:
    """TOML (`joor.token = "..."` or a `[joor]` table) or `NAME=VALUE` lines. Raises NotPossible, naming line or entry, never a value."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        loose = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except OSError as error:
        raise NotPossible(f"{path} cannot be read: {error.strerror}", fix=["Give a file that this user may read."]) from None
    except UnicodeDecodeError:
        raise NotPossible(f"{path} is not UTF-8 text", fix=["Save it as UTF-8."]) from None
    if loose:
        note(f"note: others on this machine can read {path}; chmod 600 {path}, or remove it after this")
    try:
        pairs = dict(_flat(tomllib.loads(text), ""))
    except tomllib.TOMLDecodeError:
        pairs = _lines(text, path)
    return {named(name, f"{path}: "): checked(name, value) for name, value in pairs.items()}


def _flat(entries: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in entries.items():
        if isinstance(value, Mapping):
            found.extend(_flat(value, f"{prefix}{name}."))
        elif isinstance(value, str):
            found.append((prefix + name, value))
        else:
            raise NotPossible(f"The secret {prefix}{name} must be a text", fix=[f'Write it as {name} = "value".'])
    return found


def _lines(text: str, path: Path) -> dict[str, str]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        if not equals:
            raise NotPossible(
                f"{path}, line {number}: neither TOML nor NAME=VALUE", fix=["Write one secret per line, as joor.token=VALUE."]
            )
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        found[name.strip()] = value[1:-1] if quoted else value
    return found


def named(name: str, where: str = "") -> str:
    """The credential name of any spelling (`joor.token`, `joor_token`, the variable's name). Raises NotPossible for one that is none."""
    folded = name.strip().upper().removeprefix(_PREFIX).replace(".", "_").replace("-", "_")
    for known in CREDENTIAL_NAMES:
        if known.upper().replace(".", "_") == folded:
            return known
    shown = name if len(name) < 40 and "=" not in name else name[:6] + "..."
    steps = [f"Secrets are: {', '.join(CREDENTIAL_NAMES)}.", "Give the name alone; the value is asked for, or read from standard input."]
    raise NotPossible(f"{where}{shown!r} names no secret", fix=steps)


def checked(name: str, value: str) -> str:
    """Without surrounding blanks. Raises NotPossible for an empty one or one with control characters (a pasted line break)."""
    stripped = value.strip()
    if not stripped:
        raise NotPossible(f"The secret {name} is empty", fix=["Give its value, or leave it out."])
    if not stripped.isprintable():
        raise NotPossible(f"The secret {name} contains a line break or a control character", fix=["Copy it again, in one piece."])
    return stripped


def asked(names: Sequence[str]) -> dict[str, str]:
    """Each named secret from a prompt, or one per line of standard input when that is no terminal."""
    found = {}
    for name in map(named, names):
        if sys.stdin.isatty():
            value = getpass.getpass(f"{name}: ")
        else:
            value = sys.stdin.readline()
            if not value:
                raise NotPossible(f"No value for {name} on standard input", fix=["Give one secret per line, in the order of --secret."])
        found[name] = checked(name, value)
    return found


def asked_all(have: Mapping[str, str]) -> dict[str, str]:
    """At a terminal: every secret that is not known yet; Enter leaves one out. Elsewhere: nothing."""
    if not sys.stdin.isatty():
        return {}
    note("Secrets (they do not show; Enter leaves one out):")
    given = {name: getpass.getpass(f"  {name}: ").strip() for name in CREDENTIAL_NAMES if name not in have}
    return {name: checked(name, value) for name, value in given.items() if value}
