"""Bodies of our own routes that two parsers could read differently (threats "JSON parser differential")."""

from collections.abc import Iterator

import pytest

from tests.api.attacking import attacker, sent
from tests.api.publishing import Client, taking

_TOKENS = "/v1/tokens"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with taking(tmp_path_factory.mktemp("ambiguous")) as registry:
        yield attacker(registry)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (_TOKENS, '{"owner":"a","roles":["reader"],"roles":["admin"],"namespaces":["*"]}'),
        (_TOKENS, '{"owner":"a","roles":["reader"],"\\u0072oles":["admin"],"namespaces":["*"]}'),
        (_TOKENS, '{"owner":"a","roles":["reader"],"Roles":["admin"],"namespaces":["*"]}'),
        (_TOKENS, '{"owner":"a","roles":["reader"],"expires_in_s":1e999}'),
        (_TOKENS, '\ufeff{"owner":"a","roles":["reader"]}'),
        (_TOKENS, '{"owner":"a","roles":["reader"]}{"owner":"b","roles":["admin"]}'),
        (_TOKENS, '{"owner":"a","roles":' + "[" * 60_000),
        (f"{_TOKENS}/revoke", '{"subject":"a","subject":"b"}'),
        ("/v1/teams", '{"name":"a","name":"b"}'),
        ("/v1/grants", '{"team":"everyone","pattern":"com.acme/x","pattern":"*","reason":"r"}'),
        ("/v1/rules", '{"name":"n","pattern":"*","teams":["everyone"],"teams":null,"reason":"r"}'),
        ("/v1/overlays", '{"name":"n","pattern":"*","teams":null,"reason":"r","changes":{"title":"a","title":"b"}}'),
        ("/v1/blocks", '{"name":"com.acme/x","Name":"com.acme/y","reason":"r"}'),
        ("/v1/approvals", '{"name":"com.acme/x","teams":["everyone"],"\\u0074eams":null,"reason":"r"}'),
        ("/v1/approvals/apr_0/approve", '{"reason":"r","expires_at":"2027-01-01T00:00:00Z","expires_at":null}'),
        ("/v1/approvals/apr_0/reject", '{"reason":"r","reason":"s"}'),
        ("/v1/approvals/apr_0/revoke", '{"reason":"r"}{"reason":"s"}'),
        ("/v1/requests", '\ufeff{"name":"com.acme/x","teams":["everyone"],"reason":"r"}'),
        ("/v0.1/x/registry/requests", '{"name":"com.acme/x","name":"com.acme/y","reason":"r"}'),
        ("/v1/preview", '{"decision":"block","decision":"unblock","name":"com.acme/x","reason":"r"}'),
        ("/v1/capabilities", '{"team":"everyone","team":"backend"}'),
        (f"/v1/capabilities/cap_{'0' * 26}/rotate", '{"overlap_s":0,"overlap_s":600}'),
        ("/v1/sync-runs", '{"upstream":"official","kind":"incremental","kind":"full"}'),
    ],
    ids=lambda given: given[:70],
)
def test_is_400(client: Client, path: str, body: str) -> None:
    """
    Ours: nothing is issued, revoked or asked for on the strength of the last of two, or of another spelling.
    """
    content = body.encode()

    answer = sent(client, path, content, "Content-Type: application/json", f"Content-Length: {len(content)}")

    assert answer.status == 400
    assert answer.json()["detail"].startswith("the body is not what is expected here: ")
    assert len(answer.body) < 1000
