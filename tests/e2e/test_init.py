"""`mcp-registry init`: the first server.json of a project."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.validation.versions import CURRENT_URL
from tests.e2e.command import Outcome, mcp_registry

NPM: dict[str, Any] = {
    "name": "@acme/payroll",
    "mcpName": "com.acme/payroll",
    "version": "1.4.2",
    "description": "Pay slips and tax statements.",
    "repository": {"type": "git", "url": "git+https://github.com/acme/mono.git", "directory": "servers/payroll"},
}
PYTHON = """
[project]
name = "acme-payroll"
version = "2.0.0"
description = "Pay slips from Python."
readme = "README.md"
urls = { Documentation = "https://acme.example/docs", Source = "https://gitlab.com/acme/payroll" }
"""


def _written(folder: Path) -> Any:  # Any: a manifest
    return json.loads((folder / "server.json").read_text())


def _validated(folder: Path) -> Outcome:
    return mcp_registry("validate", folder)


class TestPackageJson:
    def test_everything_is_taken_over(self, tmp_path: Path) -> None:
        """
        Name, version, description, repository and the package; validation finds no error, and no index is named.
        """
        (tmp_path / "package.json").write_text(json.dumps(NPM))

        outcome = mcp_registry("init", tmp_path)

        assert outcome.status == 0
        assert _written(tmp_path) == {
            "$schema": CURRENT_URL,
            "name": "com.acme/payroll",
            "description": "Pay slips and tax statements.",
            "version": "1.4.2",
            "repository": {
                "url": "https://github.com/acme/mono",
                "source": "github",
                "subfolder": "servers/payroll",
            },
            "packages": [
                {
                    "registryType": "npm",
                    "identifier": "@acme/payroll",
                    "version": "1.4.2",
                    "transport": {"type": "stdio"},
                }
            ],
        }
        assert "name: com.acme/payroll (from package.json)" in outcome.out
        assert "to fill in" not in outcome.err
        assert _validated(tmp_path).status == 0

    @pytest.mark.parametrize(
        ("repository", "url"),
        [
            ("acme/payroll", "https://github.com/acme/payroll"),
            ("github:acme/payroll", "https://github.com/acme/payroll"),
            ("gitlab:acme/payroll", "https://gitlab.com/acme/payroll"),
            ("git://github.com/acme/payroll.git", "https://github.com/acme/payroll"),
            ("https://www.github.com/acme/payroll/", "https://github.com/acme/payroll"),
        ],
    )
    def test_repositories_as_npm_writes_them(self, tmp_path: Path, repository: str, url: str) -> None:
        """
        The short forms are written out.
        """
        (tmp_path / "package.json").write_text(json.dumps(NPM | {"repository": repository}))

        mcp_registry("init", tmp_path)

        assert _written(tmp_path)["repository"]["url"] == url

    def test_a_private_package_is_on_no_index(self, tmp_path: Path) -> None:
        """
        It is not offered to others, and what is missing instead is said.
        """
        (tmp_path / "package.json").write_text(json.dumps(NPM | {"private": True}))

        outcome = mcp_registry("init", tmp_path)

        assert "packages" not in _written(tmp_path)
        assert "neither a package nor a remote" in outcome.err

    @pytest.mark.parametrize("odd", [{"version": 1}, {"description": []}, {"repository": {"url": {}}}, {"mcpName": 7}])
    def test_members_of_another_type_count_as_absent(self, tmp_path: Path, odd: dict[str, Any]) -> None:
        """
        What is no text says nothing.
        """
        (tmp_path / "package.json").write_text(json.dumps(NPM | odd))

        assert mcp_registry("init", tmp_path, "--name", "com.acme/payroll").status == 0

    @pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b" " * (1 << 20) + b"{}"])
    def test_one_that_cannot_be_read(self, tmp_path: Path, content: bytes) -> None:
        """
        Is named, and nothing is written.
        """
        (tmp_path / "package.json").write_bytes(content)

        outcome = mcp_registry("init", tmp_path)

        assert outcome.status == 1
        assert outcome.err.startswith("mcp-registry: package.json cannot be read: ")
        assert not (tmp_path / "server.json").exists()


class TestPyproject:
    def test_everything_is_taken_over(self, tmp_path: Path) -> None:
        """
        The name is the token in the readme by which a package says which server it belongs to.
        """
        (tmp_path / "pyproject.toml").write_text(PYTHON)
        (tmp_path / "README.md").write_text("# Payroll\n\n<!-- mcp-name: com.acme/payroll -->\n")

        outcome = mcp_registry("init", tmp_path, "--json")

        written = _written(tmp_path)
        assert outcome.json["manifest"] == written
        assert outcome.json["file"] == str(tmp_path / "server.json")
        assert outcome.json["to_fill_in"] == outcome.json["issues"] == []
        assert written["name"] == "com.acme/payroll"
        assert written["repository"] == {"url": "https://gitlab.com/acme/payroll", "source": "gitlab"}
        assert written["packages"] == [
            {
                "registryType": "pypi",
                "identifier": "acme-payroll",
                "version": "2.0.0",
                "transport": {"type": "stdio"},
            }
        ]
        assert _validated(tmp_path).status == 0

    def test_a_version_that_is_made_elsewhere(self, tmp_path: Path) -> None:
        """
        What no file says stays empty, is named, and does not pass validation before somebody fills it in.
        """
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "acme-payroll"\ndynamic = ["version"]\n')

        outcome = mcp_registry("init", tmp_path, "--name", "com.acme/payroll")

        assert outcome.status == 0
        missing = [line.split(": ")[1] for line in outcome.err.splitlines() if line.startswith("to fill in")]
        assert missing == ["description", "version", "packages[0].version"]
        refused = _validated(tmp_path)
        assert refused.status == 1
        assert all(path in refused.out for path in missing)
        filled = _written(tmp_path) | {"description": "Pay slips.", "version": "1.0.0"}
        filled["packages"][0]["version"] = "1.0.0"
        (tmp_path / "server.json").write_text(json.dumps(filled))
        assert _validated(tmp_path).status == 0

    def test_what_is_wrong_beside_that(self, tmp_path: Path) -> None:
        """
        What a file says and a manifest cannot hold is told as well.
        """
        (tmp_path / "package.json").write_text(json.dumps(NPM | {"version": "latest", "name": "with spaces"}))

        outcome = mcp_registry("init", tmp_path)

        assert "to mend: version: version string 'latest' is reserved" in outcome.err
        assert "to mend: packages[0].identifier: " in outcome.err

    def test_beside_a_package_json(self, tmp_path: Path) -> None:
        """
        Both packages are offered; what both say, package.json says.
        """
        (tmp_path / "package.json").write_text(json.dumps(NPM))
        (tmp_path / "pyproject.toml").write_text(PYTHON)

        mcp_registry("init", tmp_path)

        written = _written(tmp_path)
        assert [package["registryType"] for package in written["packages"]] == ["npm", "pypi"]
        assert written["version"] == "1.4.2"

    def test_a_long_description(self, tmp_path: Path) -> None:
        """
        Is cut at a word, and somebody is asked to look at it.
        """
        (tmp_path / "pyproject.toml").write_text(PYTHON.replace("from Python", "and statements " * 20))

        outcome = mcp_registry("init", tmp_path, "--name", "com.acme/payroll")

        assert len(_written(tmp_path)["description"]) <= 100
        assert "the description was cut" in outcome.err
        assert _validated(tmp_path).status == 0

    def test_one_that_cannot_be_read(self, tmp_path: Path) -> None:
        """
        Is named with what is wrong.
        """
        (tmp_path / "pyproject.toml").write_text("[project\n")

        outcome = mcp_registry("init", tmp_path)

        assert outcome.status == 1
        assert "pyproject.toml cannot be read: it is not TOML" in outcome.err


class TestName:
    def test_none_to_be_found(self, tmp_path: Path) -> None:
        """
        Where nobody can be asked it has to be given; nothing is made up, and nothing written.
        """
        outcome = mcp_registry("init", tmp_path)

        assert outcome.status == 2
        assert "give --name" in outcome.err
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["payroll", "a/b/c", "com.acme/", "com acme/payroll", "com.acme/p", ""])
    def test_one_that_cannot_be(self, tmp_path: Path, name: str) -> None:
        """
        Is refused with the reason before anything is written.
        """
        outcome = mcp_registry("init", tmp_path, "--name", name)

        assert outcome.status == 2
        assert "cannot be a name: " in outcome.err
        assert list(tmp_path.iterdir()) == []

    def test_given_wins(self, tmp_path: Path) -> None:
        """
        Over what files say; and where the package names another server, that is to be mended.
        """
        (tmp_path / "package.json").write_text(json.dumps(NPM))

        outcome = mcp_registry("init", tmp_path, "--name", "com.acme/wages")

        assert _written(tmp_path)["name"] == "com.acme/wages"
        assert '"mcpName": "com.acme/wages"' in outcome.err


class TestOverwriting:
    def test_never_by_itself(self, tmp_path: Path) -> None:
        """
        A server.json that is there stays as it is, whatever it is.
        """
        (tmp_path / "server.json").symlink_to(tmp_path / "nowhere")

        outcome = mcp_registry("init", tmp_path, "--name", "com.acme/payroll")

        assert outcome.status == 1
        assert "is there already; --force replaces it" in outcome.err
        assert not (tmp_path / "nowhere").exists()

    def test_by_force(self, tmp_path: Path) -> None:
        """
        Then it is replaced as a whole, and nothing is left beside it.
        """
        (tmp_path / "server.json").write_text("{}")

        outcome = mcp_registry("init", tmp_path, "--name", "com.acme/payroll", "--force")

        assert outcome.status == 0
        assert _written(tmp_path)["name"] == "com.acme/payroll"
        assert [each.name for each in tmp_path.iterdir()] == ["server.json"]

    def test_a_folder_that_cannot_be_written_to(self, tmp_path: Path) -> None:
        """
        Ends in one line of words.
        """
        (tmp_path / "server.json").mkdir()

        outcome = mcp_registry("init", tmp_path, "--name", "com.acme/payroll", "--force")

        assert outcome.status == 1
        assert "cannot be written" in outcome.err
        assert [each.name for each in tmp_path.iterdir()] == ["server.json"]
