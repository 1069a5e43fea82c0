"""`[[webhook]]` in the configuration file: what the schema of the file cannot say."""

from pathlib import Path

import pytest

from registry.audit.topic import Topic
from registry.settings import warnings
from registry.settings.file import check_config, load_settings
from registry.settings.secret import SecretRef

ONE = """\
[[webhook]]
name = "chat-ops"
url = "https://chat.example/hooks/"
secret = { file = "chat.secret" }
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "registry.toml"
    path.write_text(text, encoding="utf-8")
    return path


class TestWebhook:
    def test_by_default_it_is_told_of_everything(self, tmp_path: Path) -> None:
        """
        Every topic, whatever team it concerns, and nowhere private; a relative path starts at the file's directory.
        """
        settings = load_settings(_file(tmp_path, ONE), {})

        webhook = settings.webhooks[0]
        assert (webhook.events, webhook.teams, webhook.allow_private) == (tuple(Topic), None, False)
        assert webhook.url == "https://chat.example/hooks/"
        assert webhook.secret == SecretRef(file=tmp_path / "chat.secret")

    def test_no_two_share_a_name(self, tmp_path: Path) -> None:
        """
        What was delivered is remembered by the name.
        """
        problems = check_config(_file(tmp_path, ONE + ONE), {})

        assert [(problem.key, problem.line) for problem in problems] == [("webhook[1].name", 6)]

    def test_what_should_be_a_reference_is_never_repeated(self, tmp_path: Path) -> None:
        """
        A secret that was written into the file is not copied into an error.
        """
        problems = check_config(_file(tmp_path, ONE.replace('{ file = "chat.secret" }', '"whsec_hush"')), {})

        assert len(problems) == 1
        assert "hush" not in str(problems[0])

    def test_a_variable_wins_over_the_file(self, tmp_path: Path) -> None:
        """
        `chat-ops` is CHAT_OPS, as with upstreams.
        """
        variable = {"MCP_REGISTRY_WEBHOOK__CHAT_OPS__EVENTS": '["drift"]'}

        assert load_settings(_file(tmp_path, ONE), variable).webhooks[0].events == (Topic.DRIFT,)

    @pytest.mark.parametrize(
        ("line", "key"), [("events = []", "webhook.events"), ("teams = []", "webhook.teams"), ("", None)]
    )
    def test_an_empty_list_is_nothing(self, tmp_path: Path, line: str, key: str | None) -> None:
        """
        Who is told of nothing deserves a look; so does who is told in the clear.
        """
        clear = ONE.replace("https", "http") if key is None else ONE
        found = [each.key for each in warnings(load_settings(_file(tmp_path, clear + line), {}))]

        assert (key or "webhook.url") in found
