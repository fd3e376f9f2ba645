"""JOOR's credits: 300 per fixed window of 300 s and account; GET costs 1, POST, PUT and DELETE cost 5 (fact sheet 2.1)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class Window:
    ends: datetime
    spent: int = 0


@dataclass
class Credits:
    """One ledger for v2 and v4 together (ASSUMED), by account key. The window starts with the first request after the last one ended."""

    windows: dict[str, Window] = field(default_factory=dict)

    def spend(self, account: str, cost: int, size: int, seconds: float, now: datetime) -> Window | None:
        """Take `cost` credits; None when the window has not got them, and then nothing is taken."""
        window = self.windows.get(account)
        if window is None or now >= window.ends:
            window = self.windows[account] = Window(now + timedelta(seconds=seconds))
        if window.spent + cost > size:
            return None
        window.spent += cost
        return window


def cost_of(method: str) -> int:
    """Credits of one call; any method the page does not name is ASSUMED to cost what a write costs."""
    return 1 if method in ("GET", "HEAD") else 5
