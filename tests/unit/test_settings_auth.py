"""Rules of `[auth]` that no single value breaks, and what its messages leave out."""

from pathlib import Path

import pytest

from registry.policy.principal import Role
from registry.settings import warnings
from registry.settings.auth import SHARED_HOSTS, LoginRole
from registry.settings.file import check_config, load_settings
from registry.settings.oidc import Algorithm

EVERYWHERE = '[server]\nlisten = "0.0.0.0:8080"\n'


def _file(folder: Path, text: str) -> Path:
    path = folder / "registry.toml"
    path.write_text(text, encoding="utf-8")
    return path


class TestLogins:
    def test_nothing_is_on_by_itself(self, tmp_path: Path) -> None:
        """Who says nothing about logins has none."""
        auth = load_settings(_file(tmp_path, ""), {}).auth

        assert not auth.any_login
        assert auth.shared_hosts == SHARED_HOSTS
        assert {"github.io", "gitlab.io"} <= set(SHARED_HOSTS)

    @pytest.mark.parametrize("name", ["dns", "http", "github_at", "github_oidc", "none"])
    @pytest.mark.parametrize("text", ["[auth.{}]", "[auth]\n{} = {{}}"])
    def test_an_empty_table_turns_one_on(self, tmp_path: Path, name: str, text: str) -> None:
        """Its defaults are all it needs."""
        auth = load_settings(_file(tmp_path, text.format(name)), {}).auth

        assert auth.any_login
        assert getattr(auth, name) is not None

    def test_the_organisations_issuer(self, tmp_path: Path) -> None:
        """An issuer keeps its final slash, and conditions their types."""
        text = """
[auth.oidc]
issuer = "https://id.acme.example/"
claims = { department = "platform", groups = ["a", "b"], staff = true, level = 3 }
namespaces = ["com.acme/*"]
roles = ["publisher", "admin"]
"""
        oidc = load_settings(_file(tmp_path, text), {}).auth.oidc

        assert oidc is not None
        assert oidc.issuer == "https://id.acme.example/"
        assert oidc.claims == {"department": "platform", "groups": ("a", "b"), "staff": True, "level": 3}
        assert oidc.roles == (LoginRole.PUBLISHER, LoginRole.ADMIN)

    def test_from_the_environment(self, tmp_path: Path) -> None:
        """A login can be turned on for one start."""
        environ = {"MCP_REGISTRY_AUTH__NONE": "{}", "MCP_REGISTRY_EGRESS__NAMESERVERS": '["127.0.0.1:5353"]'}

        settings = load_settings(_file(tmp_path, ""), environ)

        assert settings.auth.none is not None
        assert settings.egress.nameservers == ("127.0.0.1:5353",)

    def test_paths_start_at_the_file(self, tmp_path: Path) -> None:
        """As every path of the configuration does."""
        text = '[auth]\nsigning_keys = [{ file = "key" }]\n[egress]\nca_file = "ca.pem"\n'

        settings = load_settings(_file(tmp_path, text), {})

        assert settings.auth.signing_keys[0].file == tmp_path / "key"
        assert settings.egress.ca_file == tmp_path / "ca.pem"


class TestRules:
    def test_anybody_publishes_on_loopback_alone(self, tmp_path: Path) -> None:
        """Where others can connect, a second key says that it is meant."""
        [problem] = check_config(_file(tmp_path, EVERYWHERE + "[auth.none]\n"), {})

        assert problem.key == "auth.none"
        assert "allow_beyond_loopback = true" in problem.message
        meant = _file(tmp_path, EVERYWHERE + "[auth.none]\nallow_beyond_loopback = true\n")
        assert check_config(meant, {}) == []

    def test_also_where_the_environment_opens_it(self, tmp_path: Path) -> None:
        """The listener that counts is the one that will be there."""
        path = _file(tmp_path, "[auth.none]\n")

        assert check_config(path, {}) == []
        assert len(check_config(path, {"MCP_REGISTRY_SERVER__LISTEN": "192.0.2.7:80"})) == 1

    @pytest.mark.parametrize(
        "text",
        [
            '[auth.github_at]\napi_url = "http://git.acme.example/api"',
            '[auth.github_oidc]\nissuer = "http://git.acme.example"',
            '[auth.github_oidc]\njwks_url = "http://git.acme.example/keys"',
            '[auth.oidc]\nissuer = "http://id.acme.example"',
        ],
    )
    def test_identities_over_https(self, tmp_path: Path, text: str) -> None:
        """Who somebody is cannot be told over a line that anybody may write on; loopback is one's own."""
        [problem] = check_config(_file(tmp_path, text), {})

        assert problem.expected == "an https URL"
        loopback = text.replace("git.acme.example", "127.0.0.1:1").replace("id.acme.example", "[::1]:1")
        assert check_config(_file(tmp_path, loopback), {}) == []

    @pytest.mark.parametrize(
        "value", ['"{}"', '["{}"]', '[{{ env = "{}" }}]', '[{{ key = "{}" }}]', '{{ env = "{}" }}']
    )
    def test_a_key_by_value_is_not_repeated(self, tmp_path: Path, value: str) -> None:
        """Whoever writes the key where its place belongs does not find it in the log."""
        secret = "0123456789abcdef" * 4

        problems = check_config(_file(tmp_path, f"[auth]\nsigning_keys = {value.format(secret)}\n"), {})

        assert problems
        assert secret not in "".join(map(str, problems))


class TestIssuers:
    def test_an_issuer(self, tmp_path: Path) -> None:
        """What it says, in its own words, and what that gives; a mapping stands in its own table."""
        text = """
[[oidc]]
name = "acme"
issuer = "https://id.acme.example/"
audience = "registry"
algorithms = ["ES256"]

[[oidc.mapping]]
claims = { groups = ["a", "b"], staff = true }
teams = ["backend~prod"]
roles = ["approver"]

[[oidc.mapping]]
claims = {}
teams = ["everyone"]
"""
        [issuer] = load_settings(_file(tmp_path, text), {}).issuers

        assert issuer.issuer == "https://id.acme.example/"
        assert issuer.algorithms == (Algorithm.ES256,)
        assert [mapping.claims for mapping in issuer.mappings] == [{"groups": ("a", "b"), "staff": True}, {}]
        assert issuer.mappings[0].roles == (Role.APPROVER,)

    @pytest.mark.parametrize(
        ("second", "key", "message"),
        [
            ('name = "one"\nissuer = "https://b.example"', "oidc[1].name", "a second"),
            ('name = "two"\nissuer = "https://a.example"', "oidc[1].issuer", "is an issuer already"),
            ('name = "two"\nissuer = "http://127.0.0.1:8080"', "oidc[1].issuer", "is an issuer already"),
            ('name = "two"\nissuer = "http://b.example"', "oidc[1].issuer", "plain http"),
            ('name = "two"\nissuer = "https://b.example"\njwks_url = "http://b.example"', "oidc[1].jwks_url", "plain"),
            ('name = "github-oidc"\nissuer = "https://b.example"', "oidc[1].name", "others are on record"),
        ],
        ids=["name", "issuer", "this registry", "http", "http keys", "a login"],
    )
    def test_one_beside_another(self, tmp_path: Path, second: str, key: str, message: str) -> None:
        """A token is of one issuer, a subject of one, and nobody on the way decides who somebody is."""
        text = f'[[oidc]]\nname = "one"\nissuer = "https://a.example"\n[[oidc]]\n{second}\n'

        [problem] = check_config(_file(tmp_path, text), {})

        assert problem.key == key
        assert message in problem.message

    def test_what_a_role_is_for(self, tmp_path: Path) -> None:
        """An empty list is no name, and whoever wrote the mapping meant some."""
        text = (
            '[[oidc]]\nname = "a"\nissuer = "https://a.example"\n[[oidc.mapping]]\nclaims = {}\nroles = ["publisher"]'
        )

        [problem] = check_config(_file(tmp_path, text), {})

        assert (problem.key, problem.line) == ("oidc[0].mapping[0]", 4)
        assert "the role publisher needs a namespace" in problem.message

    def test_from_the_environment(self, tmp_path: Path) -> None:
        """A key of an issuer is overridden by its name, as that of an upstream is."""
        text = '[[oidc]]\nname = "a-b"\nissuer = "https://a.example"\n'

        settings = load_settings(_file(tmp_path, text), {"MCP_REGISTRY_OIDC__A_B__AUDIENCE": "elsewhere"})

        assert settings.issuers[0].audience == "elsewhere"

    def test_without_mappings(self, tmp_path: Path) -> None:
        """An issuer whose tokens give nothing is probably not meant."""
        text = '[[oidc]]\nname = "a"\nissuer = "https://a.example"\n'

        assert "oidc.mapping" in [each.key for each in warnings(load_settings(_file(tmp_path, text), {}))]
