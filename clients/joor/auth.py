"""JOOR's two credentials: the static v2 token and the v4 password grant (facts 1.2, 1.3)."""

import base64
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clients.http import Http
from models.errors import AccessDenied, Rejected
from runtime.clock import Clock

_UNSTATED_LIFE_SECONDS = 600  # when the answer has no expires_in


class V2Token:
    """`Authorization: OAuth2 <base64(token)>`. Static: there is nothing to renew it with."""

    def __init__(self, token: str, scheme: str, http: Http) -> None:
        self._token = token.strip()
        encoded = base64.b64encode(self._token.encode()).decode()
        http.hide(self._token, encoded)
        self._header = f"{scheme} {encoded}"

    def header(self) -> str:
        if not self._token:
            raise AccessDenied("The site has no JOOR API token", fix=self.fix("KEY"))
        return self._header

    def renew(self, refused: str) -> bool:
        return False

    def fix(self, site: str) -> list[str]:
        return [
            "Ask the JOOR Integrations Manager for the API token of this account; sandbox and production have different ones.",
            f"`joorsync sites set {site} --secret joor.token`",
            f"`joorsync check --site {site}`",
        ]


@dataclass(frozen=True)
class V4Credentials:
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)


class V4Token:
    """Password grant, kept in memory, renewed at 90 % of its life and once when refused (facts 1.3). Thread-safe."""

    def __init__(self, http: Http, url: str, credentials: V4Credentials, clock: Clock) -> None:
        self._http = http
        self._url = url
        self._credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._header: str | None = None
        self._renew_at: datetime | None = None
        http.hide(credentials.client_secret.strip(), credentials.password.strip())
        http.allow(url)

    def header(self) -> str:
        with self._lock:
            if self._header is None or self._renew_at is None or self._clock.now() >= self._renew_at:
                self._fetch()
            return self._header or ""

    def renew(self, refused: str) -> bool:
        with self._lock:
            if self._header == refused:  # else another thread was quicker
                self._fetch()
            return self._header != refused

    def fix(self, site: str) -> list[str]:
        return [
            "Check the JOOR v4 credentials (client id, secret, user, password) and the account id with the JOOR Integrations Manager.",
            *(f"`joorsync sites set {site} --secret joor.{name}`" for name in ("client_id", "client_secret", "username", "password")),
            f"`joorsync check --site {site}`",
        ]

    def _fetch(self) -> None:
        form = {
            "grant_type": "password",
            "client_id": self._credentials.client_id.strip(),
            "client_secret": self._credentials.client_secret.strip(),
            "username": self._credentials.username.strip(),
            "password": self._credentials.password.strip(),
        }
        what = "asking for a v4 token"
        self._header = None
        try:
            data, answer = self._http.json("POST", self._url, intent="read", what=what, form=form, gated=False)
        except (Rejected, AccessDenied) as exc:  # a password grant is refused with 400 or 401
            denied = AccessDenied(
                f"JOOR refused the v4 credentials: {exc.summary}", fix=self.fix(self._http.site), remote_message=exc.remote_message
            )
        else:
            token = data.get("access_token") if isinstance(data, dict) else None
            if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
                raise self._http.unreadable(answer, "read", what, "the answer has no access_token")
            self._http.hide(token)
            self._header = f"Bearer {token}"
            self._renew_at = self._clock.now() + timedelta(seconds=0.9 * _life(data.get("expires_in")))
            return
        raise denied


def _life(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return _UNSTATED_LIFE_SECONDS
    return seconds if 0 < seconds < 1e9 else _UNSTATED_LIFE_SECONDS
