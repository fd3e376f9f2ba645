"""The pretend JOOR with a hand-made brand, served in this process on a free port."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.faults import Memory
from sandbox.joor import Joor
from sandbox.server import Listener
from tests.sandbox.joor_remote import Remote, brand


@pytest.fixture
def joor() -> Iterator[Remote]:
    memory = Memory()
    listener = Listener(Joor(brand(), memory), memory).start()
    with httpx.Client(timeout=5) as http:
        yield Remote(listener.url, http)
    listener.stop()
