"""What a publisher does between login and logout, the same whatever the login was."""

from pathlib import Path

import pytest

from tests.api.publishing import manifest
from tests.clients.stock_publisher import Failure, StockPublisher
from tests.clients.written import written, yes


def live(client: StockPublisher, folder: Path, name: str) -> None:
    """
    Publish, find out what is wrong with the next version, change statuses, log out: every call in its order, and what
    is printed.
    """
    client.calls.clear()

    published = client.publish(written(folder, manifest(name)))
    with pytest.raises(Failure) as refused:
        client.publish(written(folder, manifest(name, "^2.0.0")))
    one = client.set_status(name, "1.0.0", "deprecated", message="use 2.0.0")
    every = client.set_all_statuses(name, "deleted", confirm=yes)

    assert published == (name, "1.0.0")
    assert '[error] version (semantic): version must be a specific version, not a range: "^2.0.0"' in (
        refused.value.issues
    )
    assert (one, every) == (("active", "deprecated"), 1)
    server = f"/v0/servers/{name.replace('/', '%2F')}"
    assert client.calls == [
        "POST /v0/publish",
        "POST /v0/publish",
        "POST /v0/validate",
        f"GET {server}/versions/1.0.0?include_deleted=true",
        f"PATCH {server}/versions/1.0.0/status",
        f"GET {server}/versions?include_deleted=true",
        f"PATCH {server}/status",
    ]
    assert client.logout()
    assert not client.logout()
    with pytest.raises(Failure, match="not logged in"):
        client.publish(written(folder, manifest(name, "2.0.0")))
