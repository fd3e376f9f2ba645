"""Secrets never leave in a text: replaced by known value, and by the shapes that secrets travel in."""

import base64
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
_MIN_LENGTH = 4  # a shorter "secret" would blank out half of every sentence

_SHAPES = (
    re.compile(r"(?i)\b(bearer|oauth2|basic)\s+[A-Za-z0-9+/=._~-]{6,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"),
    re.compile(r"(?i)(\"?(?:access_token|refresh_token|client_secret|password|api_?key|authorization)\"?\s*[:=]\s*)\"?[^\s\"&,}]+\"?"),
)


class Redactor:
    """Thread-safe. Knows the secret values of one system and their usual encodings."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        with self._lock:
            forms = set(self._forms)
            for secret in secrets:
                if len(secret) >= _MIN_LENGTH:
                    encoded = base64.b64encode(secret.encode()).decode()
                    forms |= {secret, quote(secret, safe=""), quote_plus(secret), encoded, encoded.rstrip("=")}
            self._forms = tuple(sorted(forms, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        text = _SHAPES[0].sub(rf"\1 {HIDDEN}", text)
        text = _SHAPES[1].sub(HIDDEN, text)
        return _SHAPES[2].sub(rf"\1{HIDDEN}", text)
