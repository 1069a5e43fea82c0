"""`mcp-registry init` in a git working copy: what its remote says, and what never leaves it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import mcp_registry

SECRET = "s3cr3t-t0ken"


def _git(folder: Path, *urls: str, remote: str = "origin") -> None:
    (folder / ".git").mkdir()
    lines = [f'[remote "{remote}"]\n\turl = {url}\n' for url in urls]
    (folder / ".git" / "config").write_text("[core]\n\tbare = false\n" + "".join(lines))


def _written(folder: Path) -> Any:  # Any: a manifest
    return json.loads((folder / "server.json").read_text())


class TestGit:
    @pytest.mark.parametrize(
        "url",
        [
            "git@github.com:acme/payroll.git",
            "github.com:acme/payroll",
            "ssh://git@github.com/acme/payroll.git",
            "ssh://git@ssh.github.com:443/acme/payroll.git",
            "https://github.com/acme/payroll",
            f"https://ada:{SECRET}@github.com/acme/payroll.git",
            f"https://{SECRET}@github.com/acme/payroll.git",
            f'"https://{SECRET}@GitHub.com/acme/payroll.git"',
            f"https://github.com/acme/payroll.git?token={SECRET}#x",
            f"{SECRET}@github.com:acme/payroll.git ; a comment",
        ],
    )
    def test_a_remote_suggests_name_and_repository(self, tmp_path: Path, url: str) -> None:
        """
        Whatever the form of the address: owner and name make the server's, and no credential comes out anywhere.
        """
        _git(tmp_path, url)

        outcome = mcp_registry("init", tmp_path)

        written = _written(tmp_path)
        assert written["name"] == "io.github.acme/payroll"
        assert written["repository"] == {"url": "https://github.com/acme/payroll", "source": "github"}
        assert SECRET not in (tmp_path / "server.json").read_text() + outcome.out + outcome.err

    @pytest.mark.parametrize(
        "url",
        [
            f"https://ada:{SECRET}@git.acme.example/acme/payroll.git",
            f"https://ada:{SECRET}@gitlab.com/acme/group/payroll.git",
            f"https://ada:{SECRET}@[github.com/acme/payroll.git",
            f"/srv/{SECRET}/payroll.git",
            f"../{SECRET}",
            f"backup/{SECRET}",
            f"file:///srv/{SECRET}",
        ],
    )
    def test_what_a_manifest_cannot_name_is_left_out(self, tmp_path: Path, url: str) -> None:
        """
        Another host, a path, or nonsense is noted, without a word of it.
        """
        _git(tmp_path, url)

        outcome = mcp_registry("init", tmp_path, "--name", "com.acme/payroll")

        assert outcome.status == 0
        assert "repository" not in _written(tmp_path)
        assert "the repository is left out" in outcome.err
        assert SECRET not in outcome.out + outcome.err

    def test_a_folder_of_it(self, tmp_path: Path) -> None:
        """
        Below the top of the working copy the path to the project is told.
        """
        _git(tmp_path, "git@github.com:acme/mono.git")
        project = tmp_path / "servers" / "payroll"
        project.mkdir(parents=True)

        mcp_registry("init", project)

        assert _written(project)["repository"]["subfolder"] == "servers/payroll"

    def test_a_linked_working_tree(self, tmp_path: Path) -> None:
        """
        `.git` may be a file that says where the configuration is.
        """
        main, linked = tmp_path / "main", tmp_path / "linked"
        main.mkdir()
        linked.mkdir()
        _git(main, "git@github.com:acme/payroll.git")
        administration = main / ".git" / "worktrees" / "linked"
        administration.mkdir(parents=True)
        (administration / "commondir").write_text("../..\n")
        (linked / ".git").write_text(f"gitdir: {administration}\n")

        mcp_registry("init", linked)

        assert _written(linked)["name"] == "io.github.acme/payroll"

    def test_origin_comes_first(self, tmp_path: Path) -> None:
        """
        Of several remotes it is origin, else the first.
        """
        _git(tmp_path, "git@github.com:fork/payroll.git", remote="mine")
        config = tmp_path / ".git" / "config"
        mcp_registry("init", tmp_path)
        first = _written(tmp_path)["name"]

        config.write_text(config.read_text() + '[remote "origin"] url = git@github.com:acme/payroll.git\n')
        mcp_registry("init", tmp_path, "--force")

        assert (first, _written(tmp_path)["name"]) == ("io.github.fork/payroll", "io.github.acme/payroll")

    def test_nothing_of_it_is_run(self, tmp_path: Path) -> None:
        """
        What a repository configures to be run is read past.
        """
        _git(tmp_path, "git@github.com:acme/payroll.git")
        config = tmp_path / ".git" / "config"
        ran = tmp_path / "ran"
        config.write_text(f"{config.read_text()}[core]\n\tfsmonitor = touch {ran}\n\tsshCommand = touch {ran}\n")

        assert mcp_registry("init", tmp_path).status == 0
        assert not ran.exists()
