"""What a dry run would send, short enough to read: the counts, and the first samples."""

from collections.abc import Mapping, Sequence
from typing import Any

SAMPLES = 5
_WIDTH = 160
#: Parts of a sample that only --json shows.
_INNER = ("steps", "raw")


def summary(previews: Sequence[Mapping[str, Any]], command: str) -> list[str]:
    """Lines: per job its sentence, numbers and first samples; of many jobs the first. `command` shows everything."""
    lines, cut = [], len(previews) > SAMPLES
    for preview in previews[:SAMPLES]:
        lines.append(f"{preview['kind']} {preview['key']}: {preview['note']}".replace(" :", ":"))
        for name, value in (preview["result"] or {}).items():
            told, more = _told(name, value)
            lines += told
            cut = cut or more
    if len(previews) > SAMPLES:
        lines.append(f"... and {len(previews) - SAMPLES} more job(s)")
    if cut:
        lines.append(f"Everything: {command}")
    return lines


def _told(name: str, value: Any) -> tuple[list[str], bool]:
    """The lines of one part of a result, and whether some of it is left out."""
    label = name.replace("_", " ")
    if value in (None, "", [], {}):
        return [], False
    if isinstance(value, list):
        lines = [f"  {label} ({len(value)}):" if len(value) <= SAMPLES else f"  {label}, the first {SAMPLES} of {len(value)}:"]
        samples = [_short(item) for item in value[:SAMPLES]]
        return lines + [f"    {text}" for text in samples], len(value) > SAMPLES or any(text.endswith("...") for text in samples)
    text = _short(value)
    return [f"  {label}: {text}"], text.endswith("...")


def _short(value: Any) -> str:
    text = _plain(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 4] + " ..."


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ((name, item) for name, item in value.items() if name not in _INNER and item not in (None, "", [], {}))
        return ", ".join(f"{str(name).replace('_', ' ')} {_plain(item)}" for name, item in inner)
    if isinstance(value, list | tuple):
        return (
            f"{len(value)}: {', '.join(_plain(item) for item in value[:SAMPLES])}"
            if len(value) > SAMPLES
            else "; ".join(map(_plain, value))
        )
    return str(value)
