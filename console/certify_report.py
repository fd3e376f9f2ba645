"""A certification as files: JSON for programs, one HTML page for JOOR's Integrations Manager and the brand."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.golive import Certification

FOLDER = Path("var/certify")
WORDS = {"passed": "passed", "failed": "FAILED", "not_applicable": "does not apply", "needs_person": "needs a person"}
_TEMPLATES = Path(__file__).parent / "templates"


def write(row: Certification, folder: Path) -> list[Path]:
    """`<site>-<date>-<id>.html` and `.json` in `folder`, which is made. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    report = _complete(row)
    stem = folder / f"{report['site']}-{row.started_at:%Y-%m-%d}-{row.id}"
    files = [stem.with_name(f"{stem.name}.{kind}") for kind in ("html", "json")]
    files[0].write_text(html(row), encoding="utf-8")
    files[1].write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return files


def html(row: Certification) -> str:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    report = _complete(row)
    counts = {name: sum(item["outcome"] == name for item in report["scenarios"]) for name in WORDS}
    return environment.get_template("certification.html").render(report=report, words=WORDS, counts=counts)


def _complete(row: Certification) -> dict[str, Any]:
    """Also of one that was cut off."""
    ended = row.finished_at.isoformat() if row.finished_at else ""
    rest = {"ended_at": ended, "failed": [], "lacking": [], "not_reached": []}
    return {"id": row.id, "settings_digest": row.settings_digest, **rest, **(row.report or {}), "passed": row.passed}
