"""Options, interleaved rounds, medians and the one JSON document of a benchmark."""

import argparse
import gc
import json
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from runtime import logs

#: One round of a contender: does its own preparation untimed and returns the seconds of what is measured.
Round = Callable[[], float]


def options(about: str, *, size: int, of: str, repeat: int) -> argparse.Namespace:
    """`--size` (how many of `of`) and `--repeat`. Logs go to standard error, so that standard output is JSON alone."""
    logs.configure("ERROR")
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--size", type=_positive, default=size, help=f"how many {of}")
    parser.add_argument("--repeat", type=_positive, default=repeat, help="rounds; every contender has its turn in each")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes, garbage of what went before collected first."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleave(contenders: Mapping[str, Round], repeat: int) -> dict[str, list[float]]:
    """Each contender once per round, the order moved on by one each time: a slow minute of the machine falls on all alike."""
    names = list(contenders)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(repeat):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            seconds[name].append(contenders[name]())
    return seconds


def rates(seconds: Mapping[str, Sequence[float]], size: int) -> dict[str, dict[str, Any]]:
    """Per contender: median, fastest and slowest seconds of a round, and how many of `size` that is a second."""
    return {
        name: {
            "median_seconds": _short(statistics.median(each)),
            "fastest_seconds": _short(min(each)),
            "slowest_seconds": _short(max(each)),
            "per_second": _short(size / statistics.median(each)),
        }
        for name, each in seconds.items()
    }


def ratio(ours: Sequence[float], peer: Sequence[float]) -> float:
    """How many times as fast as the peer we are, by the medians: under 1 means slower."""
    return _short(statistics.median(peer) / statistics.median(ours))


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds."""
    ordered = sorted(seconds)
    high = ordered[max(0, math.ceil(0.95 * len(ordered)) - 1)]
    return {"p50_ms": _short(statistics.median(ordered) * 1000), "p95_ms": _short(high * 1000)}


def _short(number: float) -> float:
    return float(f"{number:.3g}") if number < 1000 else round(number)


def show(name: str, given: argparse.Namespace, *, unit: str, **found: Any) -> None:
    """Print the document."""
    document = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "size": given.size,
        "unit": unit,
        "repeat": given.repeat,
        **found,
    }
    print(json.dumps(document, indent=2))
