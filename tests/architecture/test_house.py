"""The rules of the house that a reader would otherwise have to remember."""

import ast
import inspect
import re
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import get_origin, get_type_hints

import pytest

from registry.commands.apply_changes import require_fence
from registry.commands.conditions import meeting, names_waiting
from registry.commands.drafts import revise
from registry.commands.follow import follow, follow_names, follow_teams
from registry.commands.look_alikes import guard, resembling, screen, screen_again, screen_one
from registry.commands.own import require_not_author
from registry.commands.perform import Done, recorded
from registry.commands.project_views import project_team, project_views, settle_name
from registry.commands.quota import spend_quotas
from registry.store.interface import Transaction

_PROJECT = Path(__file__).resolve().parents[2]
_CEILING = 400
_PARTS: list[Callable[..., object]] = [
    follow,
    follow_teams,
    meeting,
    names_waiting,
    follow_names,
    guard,
    project_team,
    project_views,
    recorded,
    require_fence,
    require_not_author,
    revise,
    resembling,
    screen,
    screen_again,
    screen_one,
    settle_name,
    spend_quotas,
]
"""What takes part in a command and is none: what it writes stands in the event of the command."""

_DRAWERS = re.compile(r"(^|/)(utils?|helpers?|common|misc|base|core|lib|managers?)(\.py|/)")


def _tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        capture_output=True,
        text=True,
        check=True,
        cwd=_PROJECT,
    )
    return [name for name in listed.stdout.splitlines() if (_PROJECT / name).exists()]


class TestHouse:
    def test_no_file_is_longer_than_anybody_reads(self) -> None:
        """
        No Python file has more than 400 lines.
        """
        long = {name: len((_PROJECT / name).read_text().splitlines()) for name in _tracked("*.py")}

        assert {name: lines for name, lines in long.items() if lines > _CEILING} == {}

    def test_there_are_rooms_and_no_drawers(self) -> None:
        """
        No module is called after what nobody could place.
        """
        assert [name for name in _tracked("*.py") if _DRAWERS.search(name)] == []

    def test_every_module_says_what_it_is(self) -> None:
        """
        Every module of the product and of its tests opens with a docstring.
        """
        silent = [
            name
            for name in _tracked("*.py")
            if (text := (_PROJECT / name).read_text().strip()) and not text.startswith('"""')
        ]

        assert silent == []

    def test_locks_carry_hashes_and_no_addresses(self) -> None:
        """
        Every locked dependency has a hash, and no lock file says where it came from.
        """
        for name in ("requirements.lock", "requirements-dev.lock"):
            text = (_PROJECT / name).read_text()

            pinned = re.findall(r"^[a-z0-9][^ ]*==[^ ]+", text, re.MULTILINE)
            assert len(pinned) == len(re.findall(r"==[^\n]*\\\n +--hash=sha256:", text))
            assert "://" not in text
            assert "--index-url" not in text

    @pytest.mark.parametrize("name", ["README.md", "docs/ARCHITECTURE.md"])
    def test_what_the_texts_name_exists(self, name: str) -> None:
        """
        Every path that README and map name in code marks is there.
        """
        named = re.findall(r"`((?:registry|schemas|sync|tests|fixtures|docs)/[\w./-]+)`", (_PROJECT / name).read_text())

        assert [path for path in named if not (_PROJECT / path).exists()] == []


class TestRecord:
    def test_one_module_writes_it(self) -> None:
        """
        Nothing in the product appends to the record of what happened but what performs commands.
        """
        writing = [name for name in _product() if _attributes(name) & {"append_audit"}]

        # The interface and the engine define it, and call it nowhere.
        assert writing == ["registry/commands/perform.py"]

    def test_every_command_says_what_happened(self) -> None:
        """
        What is given a transaction to change answers Done, which has a place for its event, or is part of what does.
        """
        takes = [command for command in _commands() if _takes_a_transaction(command)]

        assert {command for command in takes if get_origin(get_type_hints(command)["return"]) is not Done} == {*_PARTS}

    def test_no_command_is_run_beside_its_record(self) -> None:
        """
        No command is handed to `transact` by itself, which would throw its event away.
        """
        commands = {command.__name__ for command in _commands() if command not in _PARTS}
        beside = [
            (name, call.lineno) for name in _product() for call in _calls(name, "transact") if commands & _names(call)
        ]

        assert beside == []


def _product() -> list[str]:
    return _tracked("registry/*.py", "sync/*.py")


def _commands() -> Iterator[Callable[..., object]]:
    """Every public function of the modules of commands."""
    for name in _tracked("registry/commands/*.py"):
        module = import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        for found, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not found.startswith("_"):
                yield function


def _takes_a_transaction(function: Callable[..., object]) -> bool:
    return Transaction in [kind for name, kind in get_type_hints(function).items() if name != "return"]


def _attributes(name: str) -> set[str]:
    return {node.attr for node in ast.walk(_parsed(name)) if isinstance(node, ast.Attribute)}


def _calls(name: str, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(_parsed(name)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield node


def _names(call: ast.Call) -> set[str]:
    return {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}


def _parsed(name: str) -> ast.Module:
    return ast.parse((_PROJECT / name).read_text())
