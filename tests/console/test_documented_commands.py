"""Every `joorsync` command that the pages show exists, with the options they give it."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from console.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands_of(page: Path) -> list[str]:
    """Lines of shell blocks, and what stands between backticks."""
    text = page.read_text().replace("\\\n", " ")
    blocks = [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    inline = re.findall(r"`(joorsync [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    return [line for line in [*blocks, *inline] if line.startswith("joorsync ")]


def trouble_with(command: str) -> str:
    """What is wrong with it, or ""."""
    words = shlex.split(command.replace("...", ""), comments=True)[1:]
    found: Any = typer.main.get_command(app)
    while words and hasattr(found, "commands") and not words[0].startswith("-"):
        inner = found.commands.get(words[0])
        if inner is None:
            return f"no command {words[0]!r}" if not found.params else ""
        found, words = inner, words[1:]
    known = {option for param in found.params for option in (*param.opts, *param.secondary_opts)} | {"--help"}
    unknown = [word for word in words if word.startswith("--") and word.split("=")[0].strip("[]") not in known]
    return f"no option {', '.join(unknown)}" if unknown else ""


@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)], ids=lambda page: page.name)
def test_every_command_of_a_page_can_be_typed(page: Path) -> None:
    wrong = {command: words for command in commands_of(page) if (words := trouble_with(command))}
    assert wrong == {}


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert trouble_with("joorsync stiles list") == "no command 'stiles'"
    assert trouble_with("joorsync jobs retry 5 --twice") == "no option --twice"
