"""From a file to settings, and everything that is said when that fails."""

from pathlib import Path

import pytest

from registry.errors import ConfigFault
from registry.settings import RetentionSettings, Settings, StoreSettings
from registry.settings.file import check_config, load_settings
from registry.settings.secret import SecretRef
from schemas.validation.issue import Severity

DEMO = Path(__file__).parents[2] / "fixtures" / "demo.toml"
ONE = '[[upstream]]\nname = "one"\nkind = "http"\nurl = "https://one.example"\n'
TWO = '[[upstream]]\nname = "two"\nkind = "file"\npath = "two.jsonl"\n'


class TestLoadSettings:
    def test_an_empty_file_gives_the_defaults(self, tmp_path: Path) -> None:
        """Every key has a default; nobody may read without credentials until someone says so."""
        settings = load_settings(_file(tmp_path, ""), {})

        assert settings == Settings(store=StoreSettings(path=tmp_path / "var/registry.db"))
        assert settings.anonymous.team is None

    def test_the_bundled_demo_loads(self) -> None:
        """`make run` starts from a file that is right."""
        settings = load_settings(DEMO, {})

        assert [(upstream.name, upstream.kind) for upstream in settings.upstreams] == [
            ("sample", "file"),
            ("official", "http"),
        ]
        assert settings.upstreams[0].path == DEMO.with_name("sample.jsonl.gz")
        assert settings.anonymous.team == "everyone"
        assert settings.server.on_loopback

    def test_durations_become_seconds(self, tmp_path: Path) -> None:
        """A duration is a number with a unit, or seconds."""
        text = '[retention]\nruns = "2d"\nquarantine = "90m"\nsuperseded_documents = 30\n'

        settings = load_settings(_file(tmp_path, text), {})

        assert settings.retention == RetentionSettings(
            runs_s=172_800.0, quarantine_s=5_400.0, superseded_documents_s=30.0
        )

    def test_rules_of_advice_have_their_severities(self, tmp_path: Path) -> None:
        """An organisation says how bad a rule is by naming it in a list; the others keep their own."""
        text = '[validation]\nerrors = ["plain-http", "unpinned-version"]\ninfos = ["xcode-decoder"]\n'

        settings = load_settings(_file(tmp_path, text), {})

        assert settings.validation.severities() == {
            "plain-http": Severity.ERROR,
            "unpinned-version": Severity.ERROR,
            "xcode-decoder": Severity.INFO,
        }

    def test_a_misspelt_rule_is_told_from_the_right_one(self, tmp_path: Path) -> None:
        """A rule that nobody knows would silently raise nothing."""
        (problem,) = check_config(_file(tmp_path, '[validation]\nerrors = ["unpined-version"]\n'), {})

        assert 'did you mean "unpinned-version"?' in problem.message
        assert problem.line == 2

    def test_a_rule_has_one_severity(self, tmp_path: Path) -> None:
        """A rule in two lists is refused; which of them was meant is not guessed."""
        text = '[validation]\nerrors = ["plain-http"]\nwarnings = [\n  "plain-http",\n]\n'

        (problem,) = check_config(_file(tmp_path, text), {})

        assert problem.key == "validation.warnings[0]"
        assert '"plain-http" stands in "errors" already' in problem.message

    def test_relative_paths_start_at_the_file(self, tmp_path: Path) -> None:
        """The same file means the same from any working directory."""
        text = f'[store]\npath = "../x.db"\n{TWO}token = {{ file = "keys/two" }}\n'

        settings = load_settings(_file(tmp_path, text), {})

        assert settings.store.path == tmp_path.parent / "x.db"
        assert settings.upstreams[0].path == tmp_path / "two.jsonl"
        assert settings.upstreams[0].token == SecretRef(file=tmp_path / "keys/two")

    def test_absolute_paths_stay(self, tmp_path: Path) -> None:
        """A path from the root is taken as it is."""
        settings = load_settings(_file(tmp_path, '[store]\npath = "/srv/registry.db"\n'), {})

        assert settings.store.path == Path("/srv/registry.db")

    def test_precedence_follows_the_file_unless_stated(self, tmp_path: Path) -> None:
        """The first upstream wins over the second, with room between them."""
        three = TWO.replace("two", "three") + "precedence = 5\n"

        settings = load_settings(_file(tmp_path, ONE + TWO + three), {})

        assert [upstream.precedence for upstream in settings.upstreams] == [10, 20, 5]

    def test_a_url_loses_its_trailing_slash(self, tmp_path: Path) -> None:
        """Paths can be put behind a base URL without looking."""
        settings = load_settings(_file(tmp_path, ONE.replace("one.example", "one.example/mcp/")), {})

        assert settings.upstreams[0].url == "https://one.example/mcp"

    def test_a_secret_is_not_resolved_by_loading(self, tmp_path: Path) -> None:
        """Reading the settings needs no secret; using the upstream does."""
        settings = load_settings(_file(tmp_path, ONE + 'token = { env = "ABSENT" }\n'), {})

        assert settings.upstreams[0].token == SecretRef(env="ABSENT")

    def test_a_fault_has_one_line_for_each_problem(self, tmp_path: Path) -> None:
        """Three mistakes take one attempt to find, not three."""
        path = _file(tmp_path, '[server]\nworkers = "four"\nlisten = 3\n\n[stor]\npath = "x"\n')

        with pytest.raises(ConfigFault) as caught:
            load_settings(path, {})

        assert str(caught.value).splitlines() == [
            f'{path}:2: "workers" in [server]: expected a whole number, 1 or more, got "four"',
            f'{path}:3: "listen" in [server]: expected host:port, such as "127.0.0.1:8080", got 3',
            f'{path}:5: unknown table or key "stor"; did you mean "store"?',
        ]


class TestUnknownKeys:
    def test_a_misspelt_key_is_answered_with_the_right_one(self, tmp_path: Path) -> None:
        """A typing mistake never becomes a setting that silently does nothing."""
        assert _said(tmp_path, ONE + 'intervall = "1h"\n') == [
            '5: unknown key "intervall" in [[upstream]] "one"; did you mean "interval"?'
        ]

    def test_a_key_in_the_wrong_table_is_sent_home(self, tmp_path: Path) -> None:
        """A real key in the wrong place is told where it belongs."""
        assert _said(tmp_path, "[store]\nmax_rate = 3\n") == [
            '2: unknown key "max_rate" in [store]; it belongs in [[upstream]]'
        ]

    def test_a_key_in_an_inline_table_is_found(self, tmp_path: Path) -> None:
        """Inline tables are held to their keys too, each on its own line."""
        assert _said(tmp_path, ONE + 'token = { evn = "A", env = "B" }\n') == [
            '5: unknown key "evn" in "token" in [[upstream]] "one"; did you mean "env"?'
        ]


class TestWrongValues:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[[server]]\n", "1: expected one table [server], got an array"),
            ("server = 1\n", "1: expected one table [server], got an integer"),
            ("[upstream]\n", "1: expected tables [[upstream]], with two brackets, got a table"),
            ("upstream = [1]\n", "1: expected tables [[upstream]], with two brackets, got an integer"),
            ("[[upstream]]\nkind = 'file'\npath = 'x'\n", '1: [[upstream]] needs "name"'),
            (
                "[server]\ntrusted_proxies = [\n'192.0.2.0/24',\n'10.0.0.1/8']\n",
                '4: "trusted_proxies" in [server]: expected a network such as "10.0.0.0/8" or "fd00::/8", '
                "got \"10.0.0.1/8\" (host bits are set; did you mean '10.0.0.0/8'?)",
            ),
            (
                "[server]\nallowed_hosts = []\n",
                '2: "allowed_hosts" in [server]: expected an array of one host or more, got an empty array',
            ),
            (
                "[server]\nlisten = '[::g]:1'\n",
                '2: "listen" in [server]: expected host:port, such as "127.0.0.1:8080", got "[::g]:1" '
                "(the brackets hold no IPv6 address)",
            ),
            (
                "[retention]\nruns = 2026-01-01\n",
                '2: "runs" in [retention]: expected a duration such as "90s", "15m", "24h" or "7d", got a date or time',
            ),
            (
                ONE.replace('"http"', '"htp"'),
                '3: "kind" in [[upstream]] "one": expected "http" or "file", got "htp"',
            ),
            (
                ONE + "max_rate = nan\n",
                '5: "max_rate" in [[upstream]] "one": expected a number above 0, at most 1000, got NaN',
            ),
        ],
    )
    def test_a_wrong_value_is_told_what_was_expected(self, tmp_path: Path, text: str, said: str) -> None:
        """Line, key, what would be right, what was there."""
        assert _said(tmp_path, text) == [said]

    @pytest.mark.parametrize(
        "line",
        [
            'token = "hunter2"',
            'token = { env = "hunter2 !" }',
            'token = ["hunter2"]',
            "token = { file = ['hunter2'] }",
            'url = "https://me:hunter2@one.example"',
        ],
    )
    def test_what_may_be_a_secret_is_not_repeated(self, tmp_path: Path, line: str) -> None:
        """A secret put where a reference belongs does not end up in a log."""
        text = ONE.replace('url = "https://one.example"', line)

        said = _said(tmp_path, text)

        assert said
        assert "hunter2" not in "".join(said)


class TestRules:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (ONE + 'path = "x"\n', '5: [[upstream]] "one" is of kind "http" and cannot have "path"'),
            (ONE.replace("url", "#"), '1: [[upstream]] "one" is of kind "http" and needs "url"'),
            (TWO.replace("path", "#"), '1: [[upstream]] "two" is of kind "file" and needs "path"'),
            (ONE + TWO.replace('"two"', '"one"'), '6: a second [[upstream]] is called "one"'),
            (
                ONE + TWO + "precedence = 10\n",
                '9: [[upstream]] "two" has precedence 10, which "one" has already',
            ),
            (
                ONE + 'claims = ["com.acme"]\n' + TWO + 'claims = [\n"com.acme.*",\n"com.acme"]\n',
                '12: [[upstream]] "two" claims "com.acme", which "one" claims already',
            ),
            (
                ONE + "token = {}\n",
                '5: "token" in [[upstream]] "one": expected either { env = "NAME" } or { file = "path" }',
            ),
            (
                ONE + 'token = { env = "A", file = "b" }\n',
                '5: "token" in [[upstream]] "one": expected either { env = "NAME" } or { file = "path" }',
            ),
            (
                '[verify]\nnpm = { url = "https://a", token = {} }\n',
                '2: "token" in "npm" in [verify]: expected either { env = "NAME" } or { file = "path" }',
            ),
            (
                '[verify]\noci = [\n{ host = "A", url = "https://a" },\n{ host = "a", url = "https://b" },\n]\n',
                '4: "oci" in [verify] names the host "a" twice',
            ),
            (
                '[verify]\nnpm = "https://me:hunter2@a"\n',
                '2: "npm" in [verify]: expected { url = … }, got a string',
            ),
        ],
    )
    def test_values_that_do_not_go_together_are_refused(self, tmp_path: Path, text: str, said: str) -> None:
        """What no single value breaks is checked between them, and told at the line to change."""
        assert _said(tmp_path, text) == [said]

    def test_a_wrong_value_hides_no_broken_rule(self, tmp_path: Path) -> None:
        """Unknown keys, wrong values and broken rules come out together."""
        text = ONE + "max_rate = 0\n" + TWO + 'precedence = 10\nincluded = ["x/y"]\n'

        assert [line.partition(":")[0] for line in _said(tmp_path, text)] == ["5", "10", "11"]

    def test_a_wrong_url_is_not_also_a_missing_one(self, tmp_path: Path) -> None:
        """One mistake is one problem."""
        assert len(_said(tmp_path, ONE.replace("https:", "ftp:"))) == 1


class TestWholeFile:
    def test_a_syntax_error_names_its_line(self, tmp_path: Path) -> None:
        """What is not TOML is told apart from what TOML says."""
        assert _said(tmp_path, "[server]\nworkers = = 2\n") == ["2: not TOML: invalid value"]

    def test_an_error_at_the_end_names_the_last_line(self, tmp_path: Path) -> None:
        """A bracket never closed is noticed where the file ends."""
        assert _said(tmp_path, "[server]\nallowed_hosts = [") == ["2: not TOML: invalid value"]

    def test_an_absent_file_is_named(self, tmp_path: Path) -> None:
        """The operator learns which file was looked for."""
        path = tmp_path / "absent.toml"

        with pytest.raises(ConfigFault, match=r"absent\.toml: cannot be read: No such file"):
            load_settings(path, {})

    def test_a_file_that_is_not_text_is_refused(self, tmp_path: Path) -> None:
        """A database passed for a configuration does not end in a traceback."""
        path = tmp_path / "registry.toml"
        path.write_bytes(b"\xff\xfe\x00")

        assert [problem.message for problem in check_config(path, {})] == ["cannot be read: it is not UTF-8 text"]


class TestCheckConfig:
    def test_a_right_file_has_no_problems(self, tmp_path: Path) -> None:
        """Silence means that it would load."""
        assert check_config(_file(tmp_path, ONE + TWO), {}) == []

    def test_a_problem_carries_key_line_and_expectation_apart(self, tmp_path: Path) -> None:
        """A program reading the problems needs no sentence taken apart."""
        path = _file(tmp_path, ONE + 'claims = ["com.acme", "*"]\n')

        [problem] = check_config(path, {})

        assert (problem.source, problem.line, problem.key) == (str(path), 5, "upstream[0].claims[1]")
        assert problem.expected == 'a namespace such as "com.acme", or "com.acme.*" for those below it'


def _file(directory: Path, text: str) -> Path:
    path = directory / "registry.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _said(directory: Path, text: str) -> list[str]:
    """Each problem as `line: message`."""
    return [f"{problem.line}: {problem.message}" for problem in check_config(_file(directory, text), {})]
