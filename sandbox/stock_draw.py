"""Repeatable chance: the same seed and purpose always draw the same values, whatever other parts of the brand draw."""

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A random source of its own for one purpose, so that more orders do not change the styles."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._random = random.Random(f"{seed}:{purpose}")

    def guid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def token(self, length: int) -> str:
        return "".join(self._random.choice("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(length))

    def digits(self, length: int) -> str:
        return "".join(self._random.choice("0123456789") for _ in range(length))

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one(self, options: Sequence[T]) -> T:
        return self._random.choice(options)

    def weighted(self, options: Sequence[T], weights: Sequence[int]) -> T:
        return self._random.choices(options, weights)[0]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different ones (all of them when there are fewer), in random order."""
        return self._random.sample(options, min(count, len(options)))

    def past(self, now: datetime, days: int) -> datetime:
        """A moment of the last `days` days, whole seconds, UTC."""
        return now - timedelta(seconds=self._random.randint(0, days * 86400))


def check_digit(digits: str) -> str:
    """The GTIN check digit: from the right, digits weigh 3, 1, 3, 1 ..."""
    total = sum(int(digit) * (3 if position % 2 == 0 else 1) for position, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def upc(number: int) -> str:
    """A 12-digit UPC-A with a valid check digit."""
    digits = f"84{number:09d}"
    return digits + check_digit(digits)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def days_after(now: datetime, days: int) -> date:
    return (now + timedelta(days=days)).date()
