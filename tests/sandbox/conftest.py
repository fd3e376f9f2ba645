"""The pretend JOOR with a hand-made brand and the pretend AIMS360 with a generated one, served in this process on free ports."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.aims360 import Aims360
from sandbox.faults import Memory
from sandbox.joor import Joor
from sandbox.server import Listener
from tests.sandbox.aims_remote import AimsRemote, small_brand
from tests.sandbox.joor_remote import Remote, brand


@pytest.fixture
def joor() -> Iterator[Remote]:
    memory = Memory()
    listener = Listener(Joor(brand(), memory), memory).start()
    with httpx.Client(timeout=5) as http:
        yield Remote(listener.url, http)
    listener.stop()


@pytest.fixture
def aims() -> Iterator[AimsRemote]:
    memory, own_brand = Memory(), small_brand()
    listener = Listener(Aims360(own_brand, memory), memory).start()
    with httpx.Client(timeout=5) as http:
        yield AimsRemote(listener.url, http, own_brand)
    listener.stop()
