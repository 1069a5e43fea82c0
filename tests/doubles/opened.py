"""Governance under which the team `everyone` sees everything, as tests of other things need it."""

from typing import Final

from registry.commands.actor import START
from registry.commands.rules import make_rule
from registry.commands.teams import grant_access
from registry.store.interface import EVERYONE, Transaction

OPEN: Final = """
[[team]]
name = "everyone"

[[grant]]
team = "everyone"
pattern = "*"

[[rule]]
name = "everything"
pattern = "*"
without_cool_off = true
"""
"""The same as a governance file."""


def open_up(transaction: Transaction) -> None:
    """Let `everyone` see everything there is and will be, unless that was decided before."""
    if not transaction.governance.rules(in_force=True):
        make_rule(transaction, "everything", "*", reason="for the tests", actor=START, without_cool_off=True)
        grant_access(transaction, EVERYONE, "*", reason="for the tests", actor=START)
