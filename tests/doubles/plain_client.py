"""An HTTP client that sends a target exactly as it is written: no normalising, no redirects, no decompression."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import msgspec

_TIMEOUT_S = 10.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # Any: whatever the server sent
        return msgspec.json.decode(self.body)


def fetch(url: str, target: str, *, method: str = "GET", timeout_s: float = _TIMEOUT_S, **headers: str) -> Answer:
    """One request on a connection of its own; *headers* are spelt with underscores. Raises what http.client does."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        connection.putrequest(method, target)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        with connection.getresponse() as response:
            lines = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, headers=lines, body=response.read())
    finally:
        connection.close()
