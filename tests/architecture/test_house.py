"""The rules of the house that a reader would otherwise have to remember."""

import re
import subprocess
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parents[2]
_CEILING = 400
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
