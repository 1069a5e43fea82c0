"""`mcp-registry governance`: a file, what separates it from what is in force, and putting it in force."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.policy.principal import Role
from tests.api.governing import GOVERNANCE, Person, governed
from tests.e2e.command import Outcome, mcp_registry
from tests.running import RunningRegistry

PAYROLL, WAREHOUSE = "com.acme/payroll", "com.acme/warehouse"
APPROVAL = f"""
[[approval]]
name = "{PAYROLL}"
versions = ["1.0.0", "1.1.0"]
teams = ["backend"]
reason = "reviewed"
expires = 2099-01-31T00:00:00Z
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RunningRegistry]:
    with governed(tmp_path) as running:
        yield running


def _governance(registry: RunningRegistry, *words: str | Path) -> Outcome:
    return mcp_registry("governance", *words, "--config", registry.config)


def test_plan_apply_dump(registry: RunningRegistry, tmp_path: Path) -> None:
    """
    The difference first; put in force it is seen, a second time there is none, and a dump has none either.
    """
    backend = Person(registry, "bob", Role.READER, teams=("backend",))
    file = tmp_path / "wanted.toml"
    changed = GOVERNANCE.replace('pattern = "com.globex/*"', 'pattern = "dev.hooli/*"') + APPROVAL
    rule = '\n[[rule]]\nname = "hooli"\npattern = "dev.hooli"\nteams = ["ops"]\nmax_severity = "info"\n'
    rule += 'patches_only = true\n\n[[drift]]\npattern = "com.acme"\non_change = "follow"\n'
    changed = changed.replace('name = "data"', 'name = "data"\ndescription = "lakes"\ncompat = "xcode"')
    file.write_text(changed + '\n[[team]]\nname = "ops"\ncompat = "xcode"\n' + rule)

    planned = _governance(registry, "plan", file)

    assert planned.status == 1
    assert re.sub(r"grt_\w+", "grt", planned.out).splitlines() == [
        "+ team ops",
        '~ team data: description "lakes", compat xcode',
        "+ grant dev.hooli/* to backend",
        "- grant com.globex/* of backend (grt)",
        "+ drift policy follow for com.acme/*",
        "+ rule hooli: dev.hooli/* for ops, patches only, findings up to info",
        f"+ approval of {PAYROLL} 1.0.0 1.1.0 for backend",
    ]
    assert backend.sees() == []
    refused = _governance(registry, "apply", file)
    assert (refused.status, backend.sees()) == (130, []), refused

    assert _governance(registry, "apply", file, "--yes").out.endswith("in force: 7 changes\n")

    assert sorted(backend.sees()) == [f"{PAYROLL}@1.0.0", f"{PAYROLL}@1.1.0"]
    assert _governance(registry, "plan", file).out == "no difference\n"
    dump = _governance(registry, "dump")
    file.write_text(dump.out)
    assert _governance(registry, "plan", file).out == "no difference\n", dump.out
    assert "expires = 2099-01-31T00:00:00Z" in dump.out
    assert dump.out.count('compat = "xcode"') == 2
    file.write_text(dump.out.partition("[[approval]]")[0].replace('"follow"', '"hold"'))
    assert "+ drift policy hold for com.acme/*\n" in _governance(registry, "plan", file).out
    assert f"- approval of {PAYROLL} for backend" in _governance(registry, "plan", file).out
    assert _governance(registry, "apply", file, "--yes").status == 0
    assert backend.sees() == []


def test_approvals_of_people_stay(registry: RunningRegistry, tmp_path: Path) -> None:
    """
    Unless the file says that it names all of them; and what one approval supersedes needs no revoking.
    """
    backend = Person(registry, "bob", Role.READER, teams=("backend",))
    approver = Person(registry, "paul", Role.APPROVER, namespaces=("*",))
    approver.made("/v1/approvals", name=PAYROLL, teams=["backend"], versions=["1.0.0"], reason="r")
    file = tmp_path / "wanted.toml"
    file.write_text(GOVERNANCE)
    assert _governance(registry, "plan", file).out == "no difference\n"

    file.write_text("all_approvals = true\n" + GOVERNANCE + APPROVAL)
    assert _governance(registry, "apply", file, "--yes").status == 0

    assert sorted(backend.sees()) == [f"{PAYROLL}@1.0.0", f"{PAYROLL}@1.1.0"]
    states = {each["state"] for each in approver.get("/v1/approvals", name=PAYROLL).json()["items"]}
    assert states == {"approved", "superseded"}
    assert _governance(registry, "plan", file).out == "no difference\n"


def test_what_cannot_be_done_yet(registry: RunningRegistry, tmp_path: Path) -> None:
    """
    A version that is not there, and bytes that are not, wait and are named; nothing is approved in their place.
    """
    digests = f'digests = {{"1.0.0" = "sha256:{"0" * 64}"}}\nteams = ["backend"]\nreason = "r"\n'
    file = tmp_path / "wanted.toml"
    file.write_text(
        f'{GOVERNANCE}\n[[approval]]\nname = "{WAREHOUSE}"\nversions = ["1"]\nall_teams = true\nreason = "r"\n'
        f'\n[[approval]]\nname = "{PAYROLL}"\n{digests}'
    )

    planned = _governance(registry, "plan", file)

    assert planned.out.splitlines() == [
        f"? approval of {WAREHOUSE} 1 for all teams: there is no {WAREHOUSE}@1 yet",
        f"? approval of {PAYROLL} 1.0.0 for backend: {PAYROLL}@1.0.0 has other bytes now",
    ]
    assert _governance(registry, "apply", file, "--yes").status == 0


@pytest.mark.parametrize(
    ("approval", "words"),
    [
        ('name = "com.acme/x"\nreason = "r"\nteams = ["backend"]', "either versions or digests"),
        ('name = "com.acme/x"\nreason = "r"\nversions = ["1"]', "either teams or all_teams"),
        ('name = "com.acme/x"\nreason = "r"\nversions = ["1"]\nteams = ["nobody"]', "no [[team]] is called so"),
        ('name = "com.acme/x"\nreason = "r"\ndigests = {"1" = "x"}\nteams = ["backend"]', "not a digest"),
        ('name = "x"\nreason = "r"\nversions = ["1"]\nteams = ["backend"]', "not a server name"),
        ('name = "com.acme/x"\nversions = ["1"]\nteams = ["backend"]', "missing required field `reason`"),
        (
            'name = "com.acme/x"\nreason = "r"\nversions = ["1"]\nteams = ["backend"]\nexpires = 2030-01-01T00:00:00',
            "needs an offset",
        ),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, approval: str, words: str) -> None:
    """
    A file that cannot be meant is refused, and says where.
    """
    registry = RunningRegistry(tmp_path, "", governance=f"{GOVERNANCE}\n[[approval]]\n{approval}\n")

    outcome = _governance(registry, "plan", registry.governance)

    assert (outcome.status, outcome.out) == (1, "")
    assert words in outcome.err


def test_a_file_is_no_second_person(registry: RunningRegistry, tmp_path: Path) -> None:
    """
    Where an approval takes two people, a file approves nothing.
    """
    registry.config.write_text(registry.config.read_text().replace("[governance]", "[governance]\napprovers = 2"))
    file = tmp_path / "wanted.toml"
    file.write_text(GOVERNANCE + APPROVAL)

    assert "takes two people" in _governance(registry, "plan", file).out
