"""Commands run in this process as `joorsync` would run them, each test in a folder and on a database of its own."""

import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.cli import main
from runtime.db import Sessions, make_engine, session_factory

JOOR, AIMS = "https://api.jooraccess.com", "https://apiwest.aims360.rest"


@dataclass
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """`shell("jobs", "show", "7")`; `shell.sessions` looks into the same database."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        self._capsys = capsys
        self._patch = monkeypatch
        self.url = url
        self.engine = make_engine(url)
        self.sessions: Sessions = session_factory(self.engine)

    def __call__(self, *arguments: str, stdin: str | None = None, **environment: str) -> Said:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((stdin or "").encode())))
            self._capsys.readouterr()
            code = main(arguments)
        out, err = self._capsys.readouterr()
        return Said(code, out, err)

    def add_site(self, key: str = "us", *more: str) -> Said:
        said = self("sites", "add", key, "--joor-api", JOOR, "--aims-api", AIMS, "--secret", "joor.token", *more, stdin="JoorToken-" + key)
        assert said.code == 0, said.err
        return said


@pytest.fixture
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine or of a .env file is seen."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("JOORSYNC_") and not name.startswith("JOORSYNC_TESTS"):
            monkeypatch.delenv(name)
    for name in ("DATABASE_URL", "AMQP_URL", "LOG_LEVEL", "LOG_FORMAT", "FAILPOINTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shell(bare_environment: None, sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """On a migrated SQLite database, embedded."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    made = Shell(capsys, monkeypatch, sqlite_url)
    yield made
    made.engine.dispose()
