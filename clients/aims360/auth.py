"""AIMS360's bearer token: a long-lived one from the ERP, or the password grant (facts 3.1, 3.2)."""

import threading
from dataclasses import dataclass, field

from clients.aims360.contract import Contract
from clients.http import Http
from models.errors import AccessDenied, Rejected


@dataclass(frozen=True)
class AimsCredentials:
    """Either `token` (made in the ERP: User Settings, API tab) or the four of the password grant; with both the token is used first."""

    username: str = ""
    password: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def can_grant(self) -> bool:
        return bool(self.username and self.password and self.client_id and self.client_secret)


class AimsToken:
    """Thread-safe. No expiry is built on: tokens live for decades; one that is refused is asked for again once (facts 3.2)."""

    def __init__(self, http: Http, credentials: AimsCredentials, contract: Contract) -> None:
        self._http = http
        self._credentials = credentials
        self._contract = contract
        self._lock = threading.Lock()
        http.hide(credentials.password.strip(), credentials.client_secret.strip(), credentials.token.strip())
        self._header = self._bearer(credentials.token.strip()) if credentials.token.strip() else None

    def header(self) -> str:
        with self._lock:
            if self._header is None:
                self._fetch()
            return self._header or ""

    def renew(self, refused: str) -> bool:
        with self._lock:
            if self._header == refused and self._credentials.can_grant:
                self._fetch()
            return self._header != refused

    def fix(self, site: str) -> list[str]:
        names = ("client_id", "client_secret", "username", "password") if self._credentials.can_grant else ("token",)
        return [
            "In AIMS360 check that the licence has API access and that the operator has API permission (User Settings, API tab).",
            *(f"`joorsync sites set {site} --secret aims.{name}`" for name in names),
            f"`joorsync check --site {site}`",
        ]

    def _fetch(self) -> None:
        what = "asking for a token"
        if not self._credentials.can_grant:
            raise AccessDenied("The site has no AIMS360 token and no complete AIMS360 user", fix=self.fix(self._http.site))
        form = {
            "grant_type": "password",
            "client_id": self._credentials.client_id.strip(),
            "client_secret": self._credentials.client_secret.strip(),
            "username": self._credentials.username.strip(),
            "password": self._credentials.password.strip(),
        }
        self._header = None
        try:
            data, answer = self._http.json("POST", self._contract["path.token"], intent="read", what=what, form=form)
        except (Rejected, AccessDenied) as exc:
            denied = AccessDenied(
                f"AIMS360 refused the credentials: {exc.summary}", fix=self.fix(self._http.site), remote_message=exc.remote_message
            )
        else:
            folded = {str(key).lower(): value for key, value in data.items()} if isinstance(data, dict) else {}
            token = folded.get("access_token")
            if not isinstance(token, str) or not token:
                raise self._http.unreadable(answer, "read", what, "the answer has no access_token")
            self._http.hide(token)
            self._header = self._bearer(token)
            return
        raise denied

    def _bearer(self, token: str) -> str:
        if not token.isascii() or not token.isprintable() or " " in token:
            raise AccessDenied("The AIMS360 token holds characters that no token has", fix=self.fix(self._http.site))
        return f"Bearer {token}"
