"""Addresses over plain http: whoever is on the way reads tokens, and answers in the server's place."""

from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, text, transports
from schemas.validation.url_template import filled

_OF_THE_USER: Final = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


def _check(members: Members) -> Iterator[Remark]:
    for path, transport in transports(members):
        address = text(transport, "url")
        if address[:7].lower() != "http://":
            continue
        url = filled(address)
        # A package listens on the machine it is installed on: nobody is on the way.
        local = url is not None and (url.hostname in _OF_THE_USER or url.hostname.endswith(".localhost"))
        templated = address[7:8] == "{" and path.startswith("packages")
        if not local and not templated:
            yield f"{path}.url", f"{address} is plain http: use https"


RULE: Final = Rule(id="plain-http", check=_check)
