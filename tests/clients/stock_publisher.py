"""mcp-publisher, to the byte of its requests, as far as a registry can tell (1.8.9; reference §7, and observed).

One connection for each command, as its HTTP client keeps one; always the prefix /v0; the registry of the last login.
What it prints of an answer is kept apart from its own words, which are not ours to test.
"""

import gzip
import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from tests.clients.go_json import encoded, reserialised
from tests.doubles.plain_client import Answer

_TIMEOUT_S: Final = 10.0
_AGENT: Final = "Go-http-client/1.1"
_JSON: Final = ("Content-Type", "application/json")
_ACCEPTED: Final = ("Accept", "application/json")
_OFFICIAL: Final = "io.modelcontextprotocol.registry/official"
_TOLD_ELSEWHERE: Final = ("schema-field-required", "schema-version-deprecated")
_STATUSES: Final = ("active", "deprecated", "deleted")


class Failure(Exception):
    """
    Raised where the command ends with 1. Its text is what is printed of the cause, an answer's body as it came.

    Args:
        issues: What was printed before that.
    """

    def __init__(self, text: str, *, status: int | None = None, issues: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.issues = tuple(issues)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What `validate` was answered, and the issues that are printed one by one."""

    valid: bool
    printed: tuple[str, ...]


class StockPublisher:
    """
    Args:
        home: The user's, where the token file is. It survives the command, as on a real machine.
    """

    def __init__(self, home: Path) -> None:
        self.token_file = home / ".config" / "mcp-publisher" / "token.json"
        self.legacy_file = home / ".mcp_publisher_token"
        self.calls: list[str] = []
        """Method and target of every request, in their order."""

    def login_none(self, registry: str) -> None:
        self._log_in("none", registry, lambda connection: connection.send("POST", "/v0/auth/none", b""))

    def login_github(self, registry: str, github_token: str) -> None:
        """With a token that is given; the device flow, which is GitHub's, is preceded by `github_client_id`."""
        self._exchange("github", registry, "/v0/auth/github-at", {"github_token": github_token})

    def login_github_oidc(self, registry: str, oidc_token: str) -> None:
        """With the token that GitHub Actions gave out for `audience(registry)`."""
        self._exchange("github-oidc", registry, "/v0/auth/github-oidc", {"oidc_token": oidc_token})

    def login_signed(
        self, method: str, registry: str, *, domain: str, timestamp: str, sign: Callable[[bytes], bytes]
    ) -> None:
        """
        By `dns` or `http`.

        Args:
            timestamp: UTC, to the second, such as 2026-01-05T12:00:00Z.
            sign: Of the private key: raw Ed25519, or R and S of P-384 over SHA-384.
        """
        signature = sign(timestamp.encode()).hex()
        proof = {"domain": domain, "signed_timestamp": signature, "timestamp": timestamp}
        self._exchange(method, registry, f"/v0/auth/{method}", proof)

    def github_client_id(self, registry: str) -> str:
        """What `login github` without a token asks first. Raises Failure if there is none."""
        with self._connected(registry) as connection:
            answer = connection.send("GET", "/v0/health")
        client_id = answer.json().get("github_client_id", "") if answer.status == 200 else ""
        if not client_id:
            raise Failure("the registry has no client id of GitHub", status=answer.status)
        return str(client_id)

    def publish(self, file: Path) -> tuple[str, str]:
        """Name and version, as answered."""
        body = _body(file)
        token, registry = self._login()
        with self._connected(registry) as connection:
            answer = connection.send("POST", "/v0/publish", body, ("Authorization", f"Bearer {token}"), _JSON)
            if answer.status == 422:
                self._explain(connection, body, answer)
            if answer.status not in (200, 201):
                raise _refused(answer)
        server = answer.json()["server"]
        return server["name"], server["version"]

    def validate(self, file: Path) -> Verdict:
        """Needs no login, but for where to ask."""
        body = _body(file)
        _, registry = self._login()
        with self._connected(registry) as connection:
            return _verdict(connection.send("POST", "/v0/validate", body, _JSON))

    def set_status(self, name: str, version: str, status: str, *, message: str = "") -> tuple[str, str]:
        """`status --status S NAME VERSION`: the status before and after."""
        _require_status(status)
        token, registry = self._login()
        target = f"/v0/servers/{_segment(name)}/versions/{_segment(version)}"
        bearer = ("Authorization", f"Bearer {token}")
        with self._connected(registry) as connection:
            read = connection.send("GET", f"{target}?include_deleted=true", None, bearer)
            before = _status(_ok(read))
            _ok(connection.send("PATCH", f"{target}/status", _change(status, message), bearer, _JSON))
        return before, status

    def set_all_statuses(
        self, name: str, status: str, *, message: str = "", confirm: Callable[[dict[str, str]], bool]
    ) -> int:
        """
        `status --status S --all-versions NAME`: how many are told to be updated.

        Args:
            confirm: Shown the status of every version, says whether to go on; `--yes` always does.
        """
        _require_status(status)
        token, registry = self._login()
        target = f"/v0/servers/{_segment(name)}"
        bearer = ("Authorization", f"Bearer {token}")
        with self._connected(registry) as connection:
            read = _ok(connection.send("GET", f"{target}/versions?include_deleted=true", None, bearer))
            versions = {each["server"]["version"]: _status(each) for each in read["servers"]}
            if not versions or not confirm(versions):
                raise Failure("nothing to do")
            changed = _ok(connection.send("PATCH", f"{target}/status", _change(status, message), bearer, _JSON))
        return int(changed["updatedCount"])

    def logout(self) -> bool:
        """Whether there was a login to forget. Asks nobody."""
        files = [file for file in (self.token_file, self.legacy_file) if file.exists()]
        for file in files:
            file.unlink()
        return bool(files)

    def _exchange(self, method: str, registry: str, target: str, proof: dict[str, str]) -> None:
        self._log_in(
            method, registry, lambda connection: connection.send("POST", target, encoded(proof), _ACCEPTED, _JSON)
        )

    def _log_in(self, method: str, registry: str, ask: Callable[["_Connection"], Answer]) -> None:
        registry = registry.rstrip("/")
        with self._connected(registry) as connection:
            token = _ok(ask(connection))["registry_token"]
        self.token_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.token_file.write_bytes(encoded({"method": method, "registry": registry, "token": token}))
        self.token_file.chmod(0o600)

    def _login(self) -> tuple[str, str]:
        try:
            login = json.loads(self.token_file.read_bytes())
        except FileNotFoundError as error:
            raise Failure("not logged in") from error
        if not all(isinstance(each, str) for each in login.values()):
            raise Failure("the token file holds something else than texts")
        return login["token"], login["registry"]

    @contextmanager
    def _connected(self, registry: str) -> Iterator["_Connection"]:
        connection = _Connection(registry.rstrip("/"), self.calls)
        try:
            yield connection
        finally:
            connection.close()

    def _explain(self, connection: "_Connection", body: bytes, refused: Answer) -> None:
        """Ask what is wrong, and end with it; without such an answer, return."""
        answer = connection.send("POST", "/v0/validate", body, _JSON)
        if answer.status != 200:
            return
        verdict = _verdict(answer)
        if not verdict.valid:
            raise Failure("the manifest is not valid", status=refused.status, issues=verdict.printed)


class _Connection:
    """Go's HTTP/1.1, as its client frames it."""

    def __init__(self, registry: str, calls: list[str]) -> None:
        parts = urlsplit(registry)
        self._prefix = parts.path
        self._calls = calls
        self._http = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_S)
        self._host = parts.netloc

    def send(self, method: str, target: str, body: bytes | None = None, *headers: tuple[str, str]) -> Answer:
        """*headers* in the order of their names, as Go writes them. *body* None: a request that has none."""
        self._calls.append(f"{method} {target}")
        self._http.putrequest(method, self._prefix + target, skip_host=True, skip_accept_encoding=True)
        length = [] if body is None else [("Content-Length", str(len(body)))]
        for name, value in (("Host", self._host), ("User-Agent", _AGENT), *length, *headers):
            self._http.putheader(name, value)
        self._http.putheader("Accept-Encoding", "gzip")
        self._http.endheaders(body or None)
        with self._http.getresponse() as response:
            lines = {name.lower(): value for name, value in response.getheaders()}
            content = response.read()
        if lines.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(status=response.status, headers=lines, body=content)

    def close(self) -> None:
        self._http.close()


def _body(file: Path) -> bytes:
    """What is sent for *file*. Raises Failure for what is refused before anything is sent."""
    try:
        text = file.read_bytes().decode()
        json.dumps(json.loads(text), ensure_ascii=False).encode()
        return reserialised(text.encode())
    except (FileNotFoundError, ValueError) as error:
        raise Failure(f"{file.name} is no server.json: {error}") from error


# Any, here and below: what a registry answered.
def _ok(answer: Answer) -> Any:
    if answer.status != 200:
        raise _refused(answer)
    return answer.json()


def _refused(answer: Answer) -> Failure:
    return Failure(f"{answer.status}: {answer.body.decode()}", status=answer.status)


def _verdict(answer: Answer) -> Verdict:
    told = _ok(answer)
    printed = () if told["valid"] else tuple(map(_line, filter(_is_printed, told["issues"])))
    return Verdict(valid=told["valid"], printed=printed)


def _is_printed(issue: dict[str, str]) -> bool:
    return issue["reference"] not in _TOLD_ELSEWHERE


def _line(issue: dict[str, str]) -> str:
    return f"[{issue['severity']}] {issue['path']} ({issue['type']}): {issue['message']}"


def _status(item: Any) -> str:
    return str(item["_meta"][_OFFICIAL]["status"])


def _require_status(status: str) -> None:
    if status not in _STATUSES:
        raise Failure(f"{status} is no status")


def _change(status: str, message: str) -> bytes:
    return encoded({"status": status} | ({"statusMessage": message} if message else {}))


def _segment(text: str) -> str:
    return quote(text, safe="$&+=:@")


def audience(registry: str) -> str:
    """For whom `login github-oidc` asks GitHub for a token: the origin of the registry, without any path."""
    parts = urlsplit(registry.strip())
    return f"{parts.scheme}://{parts.netloc.lower()}"
