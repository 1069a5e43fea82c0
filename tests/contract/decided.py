"""Decisions as values, for tests that hold the store itself to them."""

import msgspec

from registry.catalog.approval import Approval, State
from registry.catalog.grant import Grant
from registry.catalog.rule import Rule
from registry.catalog.standing import Block
from registry.store.governance import Team
from registry.store.interface import Store, Transaction
from tests.contract.governing import PAY


def a_team(name: str = "backend", **changes: str) -> Team:
    return msgspec.structs.replace(Team(name=name, description="", made_us=1, made_by="ada"), **changes)


def a_grant(number: int, pattern: str = "*", *, of: str = "backend", revoked: bool = False) -> Grant:
    return Grant(
        id=f"grt_{number}",
        team=of,
        pattern=pattern,
        granted_us=number,
        granted_by="ada",
        reason="needed",
        tools=("pay", "refund"),
        revoked_us=number + 1 if revoked else None,
        revoked_by="ada" if revoked else None,
    )


def an_approval(number: int, state: State = State.APPROVED, *, name: str = PAY, **changes: object) -> Approval:
    made = Approval(
        id=f"apr_{number}", name=str(name), state=state, requested_us=1, requested_by="cleo", request="please"
    )
    return msgspec.structs.replace(made, **changes)


def a_rule(number: int, *, ended: bool = False) -> Rule:
    return Rule(
        id=f"rule_{number}",
        name=f"rule {number}",
        pattern="*",
        approval="apr_1",
        reason="trusted",
        made_us=number,
        made_by="ada",
        ended_us=9 if ended else None,
    )


def a_block(name: str, version: str | None = None) -> Block:
    return Block(name=str(name), version=version, reason="evil", blocked_us=1, blocked_by="ada")


async def write(store: Store, *made: Team | Grant | Approval | Rule | Block) -> None:
    """All of it in one transaction."""

    def operation(transaction: Transaction) -> None:
        governance = transaction.governance
        for each in made:
            match each:
                case Team():
                    governance.put_team(each)
                case Grant():
                    governance.put_grant(each)
                case Approval():
                    governance.put_approval(each)
                case Rule():
                    governance.put_rule(each)
                case Block():
                    governance.put_block(each)

    await store.transact(operation)
