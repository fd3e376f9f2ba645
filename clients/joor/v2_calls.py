"""What every v2 call has in common: the token, the content type, a code other than 0, and what JOOR does not have (facts 1.2, 1.5)."""

from collections.abc import Mapping
from typing import Any

from clients.http import Answer, Auth, Http
from clients.joor.envelope import refuse_code, says_not_found

_JSON = {"Content-Type": "application/json"}  # a call without it is not processed (facts 1.2)


class V2Calls:
    """Of one account. Failures are those of `clients.failures`, and Rejected for a code other than 0."""

    def __init__(self, http: Http, auth: Auth) -> None:
        self.http = http
        self._auth = auth

    def get(self, path: str, params: Mapping[str, str | int], what: str, *, missing_is_none: bool = True) -> tuple[Any, Answer]:
        """1 credit. Data is None for what JOOR does not have (HTTP 404, or a code with words that say so: ASSUMED)."""
        wanted = (404,) if missing_is_none else ()
        data, answer = self.http.json("GET", path, intent="read", what=what, params=params, headers=_JSON, auth=self._auth, wanted=wanted)
        if missing_is_none and (answer.status == 404 or says_not_found(data)):
            return None, answer
        refuse_code(data, self.http, what)
        return data, answer

    def write(self, method: str, path: str, body: Any, what: str, *, wanted: tuple[int, ...] = ()) -> tuple[Any, Answer]:
        """5 credits; only for what may be repeated. An answer with a status in `wanted` is given as it is."""
        data, answer = self.http.json(method, path, intent="write", what=what, json=body, auth=self._auth, wanted=wanted)
        if answer.status not in wanted:
            refuse_code(data, self.http, what)
        return data, answer

    def delete(self, path: str, params: Mapping[str, str], what: str) -> bool:
        """5 credits; repeatable. False when JOOR does not have it."""
        data, answer = self.http.json(
            "DELETE", path, intent="write", what=what, params=dict(params), headers=_JSON, auth=self._auth, wanted=(404,)
        )
        if answer.status == 404 or says_not_found(data):
            return False
        refuse_code(data, self.http, what)
        return True
