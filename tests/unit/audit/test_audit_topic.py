"""What an event is about, and whom it concerns."""

import pytest

from registry.audit.event import AuditEvent, Outcome
from registry.audit.topic import TOPICS, Topic, teams_of, topic_of


def _event(action: str, outcome: Outcome = Outcome.DONE, **detail: str | int | None) -> AuditEvent:
    return AuditEvent(action=action, actor="ann", roles=(), object="x", detail=detail, outcome=outcome)


class TestTopic:
    @pytest.mark.parametrize(
        ("action", "topic"),
        [
            ("approval.requested", Topic.REQUESTS),
            ("approval.commented", Topic.REQUESTS),
            ("approval.approved", Topic.DECISIONS),
            ("approval.seconded", Topic.DECISIONS),
            ("approval.rejected", Topic.DECISIONS),
            ("approval.revoked", Topic.DECISIONS),
            ("grant.given", Topic.DECISIONS),
            ("rule.ended", Topic.DECISIONS),
            ("server.blocked", Topic.DECISIONS),
            ("server.unblocked", Topic.DECISIONS),
            ("approval.expiring", Topic.EXPIRIES),
            ("approval.expired", Topic.EXPIRIES),
            ("approval.drafted", Topic.DRIFT),
            ("approval.followed", Topic.DRIFT),
            ("drift_policy.set", Topic.DECISIONS),
            ("overlay.set", Topic.DECISIONS),
            ("cool_off.waived", Topic.DECISIONS),
            ("look_alike.found", Topic.REQUESTS),
            ("look_alike.released", Topic.DECISIONS),
            ("name.assigned", Topic.DECISIONS),
            ("sync.failed", Topic.SYNC),
            ("sync.refused", Topic.SYNC),
            ("sync.abandoned", Topic.SYNC),
            ("sync.completed", None),
            ("entries.mirrored", None),
            ("server.published", None),
            ("token.issued", None),
            ("webhook.given_up", None),
            ("webhooks.configured", None),
            ("lease.taken", None),
        ],
    )
    def test_of_an_action(self, action: str, topic: Topic | None) -> None:
        """
        Nobody is told of what no line of the table names, nor of what telling itself leaves on record.
        """
        assert topic_of(_event(action)) is topic

    @pytest.mark.parametrize("begins", [begins for begins, _ in TOPICS])
    def test_a_refusal_has_none(self, begins: str) -> None:
        """
        Anybody can be refused as often as they like; nobody is called for that.
        """
        assert topic_of(_event(f"{begins}_refused", Outcome.REFUSED)) is None

    def test_what_came_into_quarantine(self) -> None:
        """
        A batch that brought something new into quarantine is trouble, another is not.
        """
        assert topic_of(_event("entries.mirrored", quarantined=2)) is Topic.SYNC
        assert topic_of(_event("entries.mirrored", new=2)) is None

    def test_what_another_source_answers_for(self) -> None:
        """
        Is for operators to decide, and for no team: not everybody may know of the name.
        """
        refused = _event("entries.mirrored", refused=1, refused_names="com.acme/payroll")

        assert topic_of(refused) is Topic.SYNC
        assert teams_of(refused) == frozenset()
        assert teams_of(_event("look_alike.found", resembles="com.acme/payroll")) == frozenset()

    def test_every_topic_can_come_up(self) -> None:
        """
        None is offered that nothing belongs to.
        """
        assert {topic for _, topic in TOPICS} == set(Topic)


class TestTeams:
    def test_as_the_record_names_them(self) -> None:
        """
        An audience of several, a team, or all.
        """
        assert teams_of(_event("approval.approved", audience="backend frontend~prod")) == frozenset(
            {"backend", "frontend~prod"}
        )
        assert teams_of(_event("grant.given", team="backend")) == frozenset({"backend"})
        assert teams_of(_event("approval.approved", audience="*")) is None

    def test_trouble_and_blocks_concern_everybody(self) -> None:
        """
        What is not for a team is for all of them.
        """
        assert teams_of(_event("sync.failed")) is None
        assert teams_of(_event("server.blocked")) is None

    def test_a_decision_without_teams_concerns_none(self) -> None:
        """
        Whoever adds an event and leaves out whom it is for tells nobody who is told of one team alone.
        """
        assert teams_of(_event("approval.forgot_to_say")) == frozenset()
