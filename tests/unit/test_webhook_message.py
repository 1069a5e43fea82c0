"""What is sent: the message, its signature, and when it is sent again."""

import json
from base64 import b64encode
from typing import Any

import pytest

from registry.audit.chain import BEGINNING, SealedEvent, sealed
from registry.audit.event import AuditEvent
from registry.audit.topic import Topic
from registry.errors import ConfigFault, UpstreamRefused, UpstreamUnreachable
from registry.outbox.message import message
from registry.outbox.retry import LONGEST_WAIT_S, WAITS_S, wait_s
from registry.outbox.signature import key_in, signed_headers
from registry.outbox.webhook import Webhook, resolved_webhooks, told_of
from registry.settings import Settings
from registry.settings.secret import SecretRef
from registry.settings.webhooks import WebhookSettings
from tests.doubles.receiver import SECRET, genuine

_AT_US = 1_750_000_000_000_000
_URL = "https://registry.example"


def _sealed(action: str = "approval.approved", **changes: Any) -> SealedEvent:  # Any: fields of AuditEvent
    fields: dict[str, Any] = {"actor": "ann", "roles": ("approver",), "object": "apr_1", "detail": {}}
    return sealed(BEGINNING, AuditEvent(action=action, **fields | changes), at_us=_AT_US)


def _said(made: SealedEvent) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(message(made, public_url=_URL).body)
    return said


def _webhook(**changes: Any) -> WebhookSettings:  # Any: fields of WebhookSettings
    return WebhookSettings(name="chat", url="https://chat.example", secret=SecretRef(env="CHAT"), **changes)


class TestMessage:
    def test_says_what_the_record_says(self) -> None:
        """
        Who did what to what, when, why; with instants as people write them, and where to read more.
        """
        said = _said(
            _sealed(
                detail={"server": "com.acme/payroll", "audience": "backend", "expires_us": _AT_US},
                reason="needed for the audit",
            )
        )

        assert (said["type"], said["topic"]) == ("approval.approved", "decisions")
        assert said["timestamp"] == "2025-06-15T15:06:40Z"
        assert said["data"] == {
            "object": "apr_1",
            "actor": "ann",
            "outcome": "done",
            "reason": "needed for the audit",
            "detail": {"server": "com.acme/payroll", "audience": "backend", "expires_at": "2025-06-15T15:06:40Z"},
        }
        assert said["links"] == {
            "approval": f"{_URL}/v1/approvals/apr_1",
            "server": f"{_URL}/v0.1/servers/com.acme%2Fpayroll/versions",
            "event": f"{_URL}/v1/audit-events?order=oldest&cursor=0&limit=1",
        }

    def test_its_id_is_the_events(self) -> None:
        """
        The same at every try; another for an event that has the same number in a record that was restored.
        """
        event, other = _sealed(), _sealed(reason="another history")

        assert message(event, public_url=_URL) == message(event, public_url=_URL)
        assert _said(event)["id"] == message(event, public_url=_URL).id != message(other, public_url=_URL).id

    def test_where_it_was_asked_from_is_nobodys_business(self) -> None:
        """
        Neither the address nor the request is told, and a token that somebody wrote into a reason is hidden.
        """
        token = f"mcpr_ab12cd34_{'x' * 43}"

        body = message(_sealed(source="203.0.113.7", request="req_1", reason=f"by {token}"), public_url=_URL).body

        assert b"203.0.113.7" not in body
        assert b"req_1" not in body
        assert b"x" * 43 not in body
        assert b"mcpr_ab12cd34" in body

    def test_is_never_long(self) -> None:
        """
        Texts are cut, and what is too long all the same is left to the record.
        """
        cut = _said(_sealed(reason="y" * 5000))
        long = message(_sealed(detail={str(number): "\x01" * 1000 for number in range(50)}), public_url=_URL)

        assert len(cut["data"]["reason"]) == 1000
        assert len(long.body) < 4096
        assert json.loads(long.body)["data"]["truncated"] is True


class TestSignature:
    def test_is_what_receivers_verify(self) -> None:
        """
        Over id, instant and body: the example of the specification, and any other.
        """
        # The test vector of the specification's libraries.
        secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'

        headers = signed_headers(key_in(secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", body, now_us=1_614_265_330_000_000)

        assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        assert genuine(secret, headers, body)
        assert not genuine(secret, headers, body + b" ")
        assert not genuine(secret, headers | {"webhook-timestamp": "1614265331"}, body)
        assert not genuine(SECRET, headers, body)

    @pytest.mark.parametrize("secret", ["hush", "whsec_", b64encode(b"x" * 23).decode(), b64encode(b"x" * 65).decode()])
    def test_a_key_is_not_guessed(self, secret: str) -> None:
        """
        What is no key of 24 to 64 bytes stops the start, and is not repeated.
        """
        settings = Settings(webhooks=(_webhook(),))

        with pytest.raises(ConfigFault, match="chat") as refused:
            resolved_webhooks(settings, {"CHAT": secret})

        assert secret not in str(refused.value)

    def test_with_or_without_the_prefix(self) -> None:
        """
        As the tools of others write it; and a webhook in a log is its name.
        """
        bare = SECRET.removeprefix("whsec_")
        made = [resolved_webhooks(Settings(webhooks=(_webhook(),)), {"CHAT": secret})[0] for secret in (SECRET, bare)]

        assert made[0] == made[1] == Webhook(settings=_webhook(), key=b"the one key of this receiver....")
        assert repr(made[0]) == "Webhook('chat')"


class TestToldOf:
    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({}, True),
            ({"events": (Topic.SYNC, Topic.DRIFT)}, False),
            ({"events": ()}, False),
            ({"teams": ("backend", "frontend")}, True),
            ({"teams": ("frontend",)}, False),
            ({"teams": ()}, False),
        ],
    )
    def test_by_topic_and_team(self, changes: dict[str, Any], told: bool) -> None:
        """
        Both must fit, and an empty list is nothing.
        """
        assert told_of(_webhook(**changes), _sealed(detail={"audience": "backend"})) is told

    def test_what_is_for_all_teams(self) -> None:
        """
        Concerns every team there is, and nobody who is told of none.
        """
        for_all = _sealed(detail={"audience": "*"})

        assert told_of(_webhook(teams=("frontend",)), for_all)
        assert not told_of(_webhook(teams=()), for_all)

    def test_what_cannot_be_read(self) -> None:
        """
        A broken record holds up nobody.
        """
        broken = SealedEvent(sequence=1, at_us=_AT_US, record=b"{", payload=None, seal=bytes(32))

        assert not told_of(_webhook(), broken)


class TestRetry:
    def test_longer_each_time_and_not_for_ever(self) -> None:
        """
        Ten tries, and then it is given up.
        """
        fault = UpstreamUnreachable("it is closed")
        waits = [wait_s(tries, fault) for tries in range(1, 11)]

        assert waits == [*WAITS_S, None]
        assert sorted(WAITS_S) == list(WAITS_S)

    def test_a_receiver_says_how_long(self) -> None:
        """
        A wish is respected, up to a day; a shorter one does not hurry.
        """

        def wished(seconds: float) -> float | None:
            return wait_s(1, UpstreamRefused("busy", status=503, retry_after_s=seconds))

        assert (wished(1), wished(60), wished(1e9)) == (WAITS_S[0], 60, LONGEST_WAIT_S)

    @pytest.mark.parametrize(
        ("status", "given_up"), [(400, True), (413, True), (422, True), (401, False), (500, False)]
    )
    def test_a_message_nobody_wants(self, status: int, given_up: bool) -> None:
        """
        What a receiver calls wrong is given up at the third try; a receiver that is wrong itself may be mended.
        """
        assert (wait_s(3, UpstreamRefused("no", status=status)) is None) is given_up
