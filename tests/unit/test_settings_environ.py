"""Environment variables over the configuration file."""

from pathlib import Path

import pytest

from registry.settings.file import check_config, load_settings
from registry.settings.secret import SecretRef

FILE = """\
[server]
listen = "127.0.0.1:1"

[[upstream]]
name = "big-one"
kind = "http"
url = "https://one.example"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file with one upstream, `big-one`."""
    path = tmp_path / "registry.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


class TestOverrides:
    def test_a_variable_wins_over_the_file(self, config: Path) -> None:
        """What is set for one start need not be written into the file."""
        settings = load_settings(config, {"MCP_REGISTRY_SERVER__LISTEN": "127.0.0.1:2"})

        assert settings.server.listen == "127.0.0.1:2"
        assert settings.server.public_url == "http://127.0.0.1:2"

    def test_a_variable_sets_what_the_file_leaves_out(self, config: Path) -> None:
        """A table need not be in the file to be overridden."""
        settings = load_settings(
            config, {"MCP_REGISTRY_ANONYMOUS__TEAM": "everyone", "MCP_REGISTRY_STORE__PATH": "other.db"}
        )

        assert settings.anonymous.team == "everyone"
        assert settings.store.path == config.with_name("other.db")

    def test_an_upstream_is_named_in_upper_case_with_underscores(self, config: Path) -> None:
        """`big-one` is BIG_ONE, because no shell takes a dash in a variable's name."""
        settings = load_settings(config, {"MCP_REGISTRY_UPSTREAM__BIG_ONE__URL": "http://127.0.0.1:5"})

        assert settings.upstreams[0].url == "http://127.0.0.1:5"

    @pytest.mark.parametrize(
        ("key", "text", "field", "value"),
        [
            ("ALLOW_PRIVATE", "true", "allow_private", True),
            ("PRECEDENCE", "7", "precedence", 7),
            ("MAX_RATE", "0.5", "max_rate", 0.5),
            ("MAX_RATE", "3", "max_rate", 3.0),
            ("CLAIMS", '["com.acme", "com.acme.*"]', "claims", ("com.acme", "com.acme.*")),
            ("INTERVAL", "15m", "interval_s", 900.0),
            ("INTERVAL", "90", "interval_s", 90.0),
            ("TOKEN", '{ env = "UP_TOKEN" }', "token", SecretRef(env="UP_TOKEN")),
        ],
    )
    def test_a_value_is_read_as_its_key_needs_it(
        self, config: Path, key: str, text: str, field: str, value: object
    ) -> None:
        """Text and durations stand for themselves; numbers, switches, lists and tables are TOML."""
        settings = load_settings(config, {f"MCP_REGISTRY_UPSTREAM__BIG_ONE__{key}": text})

        assert getattr(settings.upstreams[0], field) == value

    def test_text_that_looks_like_a_number_stays_text(self, config: Path) -> None:
        """A team called 7 is not the number 7."""
        assert load_settings(config, {"MCP_REGISTRY_ANONYMOUS__TEAM": "7"}).anonymous.team == "7"

    def test_other_programs_variables_are_left_alone(self, config: Path) -> None:
        """Only our prefix is ours; click's completion variable has it behind an underscore."""
        environ = {"PATH": "/bin", "_MCP_REGISTRY_COMPLETE": "bash_source", "MCP_REGISTRYX": "1"}

        assert check_config(config, environ) == []

    def test_the_command_lines_own_variables_are_known(self, config: Path) -> None:
        """A token for talking to a server does not stop that server's start."""
        environ = {"MCP_REGISTRY_TOKEN": "t", "MCP_REGISTRY_CONFIG": "c", "MCP_REGISTRY_SERVER": "s"}

        assert check_config(config, environ) == []

    def test_a_variable_that_a_token_names_is_known(self, config: Path) -> None:
        """Whoever keeps an upstream's token under our prefix may."""
        environ = {
            "MCP_REGISTRY_UPSTREAM__BIG_ONE__TOKEN": '{ env = "MCP_REGISTRY_BIG_ONE_KEY" }',
            "MCP_REGISTRY_BIG_ONE_KEY": "s3cret",
        }

        assert check_config(config, environ) == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("variable", "meant"),
        [
            ("MCP_REGISTRY_SERVER__LISTN", "MCP_REGISTRY_SERVER__LISTEN"),
            ("MCP_REGISTRY_SERVER_LISTEN", "MCP_REGISTRY_SERVER__LISTEN"),
            ("MCP_REGISTRY_UPSTREAM__BIGONE__URL", "MCP_REGISTRY_UPSTREAM__BIG_ONE__URL"),
            ("MCP_REGISTRY_TOKN", "MCP_REGISTRY_TOKEN"),
        ],
    )
    def test_a_misspelt_variable_is_answered_with_the_right_one(self, config: Path, variable: str, meant: str) -> None:
        """A variable with our prefix does something or stops the start."""
        [problem] = check_config(config, {variable: "x"})

        assert str(problem) == f'{variable}: unknown variable; did you mean "{meant}"?'

    def test_a_variable_like_nothing_we_know_is_told_the_shape(self, config: Path) -> None:
        """Without a near miss, how variables are made is the next best help."""
        [problem] = check_config(config, {"MCP_REGISTRY_9": "x"})

        assert problem.message == "unknown variable; expected MCP_REGISTRY_<TABLE>__<KEY>"

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("SERVER_ADDRESS", "MCP_REGISTRY_SERVER__LISTEN"),
            ("DATABASE_URL", "MCP_REGISTRY_STORE__PATH"),
            ("SEED_FROM", "[[upstream]]"),
            ("VERSION", "release"),
            ("ENABLE_ANONYMOUS_AUTH", "[auth.none]"),
            ("ENABLE_REGISTRY_VALIDATION", "[verify]"),
            ("GITHUB_CLIENT_ID", "client_id in [auth.github_at]"),
            ("GITHUB_CLIENT_SECRET", "remove it"),
            ("GITHUB_OIDC_AUDIENCE", "[server] public_url"),
            ("JWT_PRIVATE_KEY", 'signing_keys = [{ env = "MCP_REGISTRY_JWT_PRIVATE_KEY" }]'),
            ("OIDC_ENABLED", "[auth.oidc]"),
            ("OIDC_EXTRA_CLAIMS", "claims in [auth.oidc]"),
            ("OIDC_WHATEVER", "remove it"),
        ],
    )
    def test_a_name_of_the_official_registry_is_refused_with_what_to_do(
        self, config: Path, name: str, hint: str
    ) -> None:
        """Who comes from the official registry's deployment is told what the setting became."""
        [problem] = check_config(config, {f"MCP_REGISTRY_{name}": "hunter2"})

        assert "is a setting of the official registry" in problem.message
        assert hint in problem.message
        assert "hunter2" not in str(problem)

    def test_a_wrong_value_is_told_by_its_variable(self, config: Path) -> None:
        """The file is right; the line to change is in the environment."""
        [problem] = check_config(config, {"MCP_REGISTRY_SERVER__WORKERS": "0"})

        assert str(problem) == (
            'MCP_REGISTRY_SERVER__WORKERS: "workers" in [server]: expected a whole number, 1 or more, got 0'
        )
        assert problem.line is None

    @pytest.mark.parametrize("text", ["hunter2", "1\nx = 2", "", '{ env = "A" } # c\n[server]'])
    def test_what_is_not_one_value_is_refused_and_not_repeated(self, config: Path, text: str) -> None:
        """A token put where a reference belongs stays out of the message."""
        [problem] = check_config(config, {"MCP_REGISTRY_UPSTREAM__BIG_ONE__TOKEN": text})

        assert "expected" in problem.message
        assert "hunter2" not in str(problem)

    def test_an_override_of_a_table_that_is_none_is_reported_once(self, tmp_path: Path) -> None:
        """A file whose shape is wrong is told so, whatever the environment adds."""
        path = tmp_path / "registry.toml"
        path.write_text("server = 3\n", encoding="utf-8")

        [problem] = check_config(path, {"MCP_REGISTRY_SERVER__LISTEN": "127.0.0.1:2"})

        assert str(problem) == f"{path}:1: expected one table [server], got an integer"
