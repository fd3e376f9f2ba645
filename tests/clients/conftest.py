"""A cast for client tests: transports that answer as told, and a canary that must never be seen."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from clients.http import Http, Meter

CANARY = "canary-S3cr3t+/value="


def answer(data: Any = None, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer."""
    return httpx.Response(status, content=json.dumps(data).encode(), headers={"content-type": "application/json", **headers})


class Remote:
    """Answers from a list, in order (the last one again and again); remembers what it was sent. An exception in the list is raised."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return httpx.Response(step.status_code, content=step.content, headers=step.headers)
        found = step(request)
        assert isinstance(found, httpx.Response)
        return found


@pytest.fixture
def make_http() -> Iterator[Callable[..., Http]]:
    made: list[Http] = []

    def build(remote: Callable[[httpx.Request], httpx.Response], **options: Any) -> Http:
        defaults = {"system": "AIMS360", "site": "us", "retry_wait": 0.0, "meter": Meter()}
        http = Http(options.pop("base_url", "https://remote.example"), transport=httpx.MockTransport(remote), **{**defaults, **options})
        made.append(http)
        return http

    yield build
    for http in made:
        http.close()
