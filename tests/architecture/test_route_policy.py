"""Every route says who may ask it, and what is on record after it."""

from registry.api.policy import POLICY, Access
from tests.doubles.route_table import route_table


class TestPolicy:
    def test_every_route_has_one(self) -> None:
        """
        A route of the application that declares nothing fails here, and so does a declaration without a route.
        """
        assert {route.operation for route in route_table()} == POLICY.keys()

    def test_somebody_is_named(self) -> None:
        """
        No route is for nobody, and what is open to everybody needs no role beside that.
        """
        assert [operation for operation, policy in POLICY.items() if not policy.needs] == []
        assert all(len(policy.needs) == 1 for policy in POLICY.values() if Access.OPEN in policy.needs)

    def test_a_change_has_a_name_on_record(self) -> None:
        """
        What is asked for with another method than GET names its events, or says why there are none; a GET has none.
        """
        silent = [
            (route.method, route.path)
            for route in route_table()
            if route.writes is not bool(POLICY[route.operation].events or POLICY[route.operation].harmless)
        ]

        assert silent == []

    def test_it_does_either(self) -> None:
        """
        What changes something is not harmless.
        """
        assert [operation for operation, policy in POLICY.items() if policy.events and policy.harmless] == []
