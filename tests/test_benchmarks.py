"""Each benchmark runs, small, against servers named in the environment, and prints one JSON document. How fast it was is not looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted((ROOT / "benchmarks").glob("*.py"))
SMALL = {"inventory": "130", "listing": "2000"}
CONTENDERS: dict[str, list[tuple[str, ...]]] = {
    "add_jobs": [("databases", name, "contenders") for name in ("sqlite", "postgresql")],
    "catalogue": [("syncs", name, "contenders") for name in ("first", "unchanged", "one_percent_changed")],
    "claims": [("databases", name, "contenders") for name in ("sqlite", "postgresql")],
    "inventory": [("syncs", name, "contenders") for name in ("first", "unchanged", "one_percent_changed")],
    "listing": [("lists",), ("pages",), ("own_statements",)],
    "relay": [("contenders",)],
}


def run(name: str, postgres_url: str, amqp_url: str) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--size", SMALL.get(name, "20"), "--repeat", "1"]
    environment = {**os.environ, "DATABASE_URL": postgres_url, "AMQP_URL": amqp_url}
    done = subprocess.run(command, cwd=ROOT.parent, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def inside(document: dict[str, Any], path: tuple[str, ...]) -> dict[str, dict[str, float]]:
    found: Any = document
    for name in path:
        found = found[name]
    assert isinstance(found, dict)
    return found


def check(document: dict[str, Any], name: str) -> None:
    assert (document["benchmark"], document["repeat"]) == (name, 1)
    assert "times_as_fast" in json.dumps(document), "a number without a peer of the same run says little"
    for path in CONTENDERS[name]:
        sides = inside(document, path)
        assert len(sides) >= 2
        measured = [side[unit] for side in sides.values() for unit in ("median_seconds", "p50_ms") if unit in side]
        assert measured
        assert min(measured) > 0


@pytest.mark.parametrize("name", sorted(CONTENDERS.keys() - {"inventory"}))
def test_a_benchmark_prints_one_json_document_with_a_peer(name: str, postgres_url: str, amqp_url: str) -> None:
    check(run(name, postgres_url, amqp_url), name)


def test_what_inventory_saves_is_counted_and_not_guessed(postgres_url: str, amqp_url: str) -> None:
    document = run("inventory", postgres_url, amqp_url)
    check(document, "inventory")
    syncs = document["syncs"]
    first, unchanged = syncs["first"]["contenders"], syncs["unchanged"]["contenders"]
    assert first["flows"]["positions"] == first["loop"]["positions"] > 0
    assert (unchanged["flows"]["sent"], unchanged["flows"]["credits"]) == (0, 0)
    assert unchanged["loop"]["sent"] == unchanged["loop"]["positions"]
    assert 0 < syncs["one_percent_changed"]["contenders"]["flows"]["sent"] < unchanged["loop"]["sent"]


def test_every_benchmark_is_described_with_its_command() -> None:
    page = (ROOT / "docs" / "measurements.md").read_text()

    assert [program.name for program in PROGRAMS if f"benchmarks/{program.name}" not in page] == []
    assert {program.stem for program in PROGRAMS} == set(CONTENDERS)
