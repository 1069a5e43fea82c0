"""GitHub's API on loopback, as far as a login asks it."""

from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.doubles.web import Asked, Reply, WebServer, json_reply

Membership = dict[str, Any]  # Any: JSON, odd on purpose at times


class Github:
    """
    Attributes:
        accounts: The login behind each token.
        memberships: The organizations of each login.
        instead: What is answered at a path instead, whoever asks.
    """

    def __init__(self) -> None:
        self.accounts: dict[str, object] = {}
        self.memberships: dict[object, list[Membership]] = {}
        self.instead: dict[str, Reply] = {}
        self._web = WebServer(self._answer)
        self.url = self._web.url

    def __enter__(self) -> Self:
        self._web.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.__exit__(kind, error, trace)

    @property
    def asked(self) -> list[Asked]:
        return self._web.asked

    def _answer(self, asked: Asked) -> Reply:
        target = urlsplit(asked.target)
        if target.path in self.instead:
            return self.instead[target.path]
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.accounts:
            # A peer that repeats what it was sent: the worst case for whoever quotes it.
            return json_reply({"message": f"Bad credentials: {token}"}, status=401)
        login = self.accounts[token]
        if target.path == "/user":
            return json_reply({"login": login, "id": 1, "type": "User"})
        if target.path == "/user/memberships/orgs":
            query = {name: values[0] for name, values in parse_qs(target.query).items()}
            assert (query["state"], query["per_page"]) == ("active", "100")
            start = (int(query["page"]) - 1) * 100
            return json_reply(self.memberships.get(login, [])[start : start + 100])
        return Reply(status=404)


def member(organization: object, *, role: str = "admin", state: str = "active") -> Membership:
    """A membership as the API lists it."""
    return {"state": state, "role": role, "organization": {"login": organization}}
