"""`/auth/github-at` and `/auth/github-oidc`, against a GitHub and an issuer on loopback (reference §6.3)."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pytest

from registry.policy.principal import Origin, Role
from tests.api.logins import Surroundings, login, principal, refused
from tests.doubles.github import Membership, member
from tests.doubles.issuer import IssuerKey
from tests.doubles.web import Reply, json_reply
from tests.running import RunningRegistry

FAILED = "Token exchange failed"
TOKEN = "gho_16C7e42F292c6912E7710c838347Ae178B4a"
ORGS = "/user/memberships/orgs"


@pytest.fixture(scope="module")
def registry(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    folder = tmp_path_factory.mktemp("registry")
    with RunningRegistry(folder, around.configuration(), https_port=around.web.port) as running:
        yield running


@pytest.fixture(autouse=True)
def _octavia(around: Surroundings) -> None:
    around.github.accounts = {TOKEN: "Octavia"}
    around.github.memberships.clear()
    around.github.instead.clear()


def by_token(registry: RunningRegistry, token: str = TOKEN) -> tuple[str, ...]:
    """The namespaces that *token* gives."""
    return principal(registry, login(registry, "github-at", {"github_token": token})).namespaces


class TestAccessToken:
    def test_personal(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §8 TestGitHubHandler: publish in the account's own namespace, in GitHub's spelling.
        """
        who = principal(registry, login(registry, "github-at", {"github_token": TOKEN}, prefix="/v0"))

        assert (who.subject, who.namespaces) == ("github-at:Octavia", ("io.github.Octavia/*",))
        assert (set(who.roles), who.origin) == ({Role.PUBLISHER}, Origin.PUBLIC_IDENTITY)
        asked = around.github.asked[-1]
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        assert asked.headers["accept"] == "application/vnd.github+json"

    def test_owned_organizations(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §6.3: organizations it owns, over all pages; not those it is only a member of, or was invited to.
        """
        around.github.memberships["Octavia"] = [
            member("Acme-Corp"),
            member("initech", role="member"),
            member("globex", state="pending"),
            *(member(f"org-{number}", role="member") for number in range(150)),
            member("last"),
        ]

        assert by_token(registry) == ("io.github.Octavia/*", "io.github.Acme-Corp/*", "io.github.last/*")

    @pytest.mark.parametrize(
        "odd",
        [
            member("a/b"),
            member(""),
            member("../x"),
            member("*"),
            member(7),
            member(None),
            {"state": "active", "role": "admin"},
            {"state": "active", "role": "admin", "organization": []},
            {"state": "active", "role": ["admin"], "organization": {"login": "x"}},
            {},
        ],
        ids=repr,
    )
    def test_an_odd_organization(self, around: Surroundings, registry: RunningRegistry, odd: Membership) -> None:
        """
        reference §6.3: one odd organization voids itself and no other.
        """
        around.github.memberships["Octavia"] = [odd, member("acme")]

        assert by_token(registry) == ("io.github.Octavia/*", "io.github.acme/*")

    def test_without_the_scope(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §6.3: a token that may not list organizations still proves the account.
        """
        message = {"message": "You need at least read:org scope to list your organization memberships"}
        around.github.instead[ORGS] = json_reply(
            message, status=403, X_OAuth_Scopes="read:user", X_RateLimit_Remaining="4999"
        )

        assert by_token(registry) == ("io.github.Octavia/*",)

    @pytest.mark.parametrize(
        "reply",
        [
            json_reply({"message": "API rate limit exceeded"}, status=403, X_RateLimit_Remaining="0"),
            json_reply({"message": "You have exceeded a secondary rate limit"}, status=403, Retry_After="60"),
            json_reply({"message": "Resource protected by organization SAML enforcement"}, status=403),
            json_reply({"message": "no"}, status=403, X_GitHub_SSO="required; url=https://github.com/orgs/a/sso"),
            Reply(status=429),
            Reply(status=500),
            Reply(status=401),
            Reply(body=b"not json"),
            json_reply({"message": "an object"}),
            json_reply([1]),
        ],
        ids=lambda reply: f"{reply.status} {reply.body[:30]!r}",
    )
    def test_no_answer_is_no_grant(self, around: Surroundings, registry: RunningRegistry, reply: Reply) -> None:
        """
        reference §6.3, threats.md: anything but a clear answer about organizations fails the login.
        """
        around.github.instead[ORGS] = reply

        assert refused(login(registry, "github-at", {"github_token": TOKEN}), FAILED).startswith("GitHub ")

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(status=403),
            Reply(status=500),
            Reply(status=302, headers={"Location": "https://elsewhere.example"}),
            Reply(body=b"{"),
            json_reply({}),
            json_reply({"login": 7}),
            json_reply({"login": ""}),
            json_reply([]),
        ],
        ids=lambda reply: f"{reply.status} {reply.body[:30]!r}",
    )
    def test_no_user(self, around: Surroundings, registry: RunningRegistry, reply: Reply) -> None:
        """
        Ours: GitHub says whose token it is, or nobody is logged in.
        """
        around.github.instead["/user"] = reply

        assert refused(login(registry, "github-at", {"github_token": TOKEN}), FAILED).startswith("GitHub ")

    @pytest.mark.parametrize("name", ["a_b", "x" * 200, "-x", "ö"])
    def test_an_account_that_is_no_namespace(self, around: Surroundings, registry: RunningRegistry, name: str) -> None:
        """
        Ours: an account whose name no namespace can have is granted its organizations, else nothing.
        """
        around.github.accounts[TOKEN] = name

        alone = login(registry, "github-at", {"github_token": TOKEN})
        around.github.memberships[name] = [member("acme")]
        owner = login(registry, "github-at", {"github_token": TOKEN})

        assert alone.status == 401
        if len(name) <= 100:
            assert principal(registry, owner).namespaces == ("io.github.acme/*",)

    def test_a_bad_token(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: what GitHub does not know is refused, and never repeated.
        """
        answer = login(registry, "github-at", {"github_token": "gho_unknown_token"})

        assert refused(answer, FAILED) == "GitHub does not know this token; log in again"
        assert b"gho_unknown_token" not in answer.body

    @pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "\x00", "ä" * 10, "x" * 5000])
    def test_what_cannot_be_a_token(self, around: Surroundings, registry: RunningRegistry, token: str) -> None:
        """
        Ours: nothing that could end a header early is sent.
        """
        before = len(around.github.asked)

        reason = refused(login(registry, "github-at", {"github_token": token}), FAILED)

        assert reason == "this cannot be a GitHub token"
        assert len(around.github.asked) == before


class TestActions:
    def test_granted(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §8 TestGitHubOIDCHandler: publish in the namespace of the repository's owner.
        """
        token = _workflow(around, registry)

        who = principal(registry, login(registry, "github-oidc", {"oidc_token": token}))

        assert who.subject == "github-oidc:repo:acme/weather:ref:refs/heads/main"
        assert who.namespaces == ("io.github.acme/*",)
        assert (set(who.roles), who.origin) == ({Role.PUBLISHER}, Origin.PUBLIC_IDENTITY)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"aud": "mcp-registry"}, "invalid audience: expected http://127.0.0.1:"),
            ({"aud": "https://registry.example"}, "invalid audience: expected "),
            ({"aud": ["https://registry.example"]}, "invalid audience: expected "),
            ({"aud": None}, "invalid audience: expected "),
            ({"aud": []}, "invalid audience: expected "),
            ({"aud": {"a": 1}}, "invalid audience: expected "),
            ({"iss": "https://token.actions.githubusercontent.com"}, "invalid issuer: expected http://127.0.0.1:"),
            ({"iss": None}, "invalid issuer: expected "),
            ({"exp": 1}, "the token has expired"),
            ({"exp": None}, "the token does not say from when to when it is valid"),
            ({"iat": None}, "the token does not say from when to when it is valid"),
            ({"exp": "tomorrow"}, "the token says in an odd way when it is valid"),
            ({"exp": True}, "the token says in an odd way when it is valid"),
            ({"nbf": 32503680000}, "the token is not valid yet"),
            ({"iat": 32503680000}, "the token is not valid yet"),
            ({"repository_owner": None}, "the token names no repository owner that could be a namespace"),
            ({"repository_owner": ["acme"]}, "the token names no repository owner that could be a namespace"),
            ({"repository_owner": "*"}, "the token names no repository owner that could be a namespace"),
            ({"repository_owner": "acme/*"}, "the token names no repository owner that could be a namespace"),
            ({"sub": None}, "the token does not say whose it is"),
        ],
        ids=repr,
    )
    def test_claims(
        self, around: Surroundings, registry: RunningRegistry, changes: dict[str, object], reason: str
    ) -> None:
        """
        threats.md, reference §6.3: issuer, audience, time and owner are exactly right, the old shared audience is not.
        """
        answer = login(registry, "github-oidc", {"oidc_token": _workflow(around, registry, changes)})

        assert refused(answer, FAILED).startswith(reason)

    def test_one_audience_alone(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: a token that is for somebody else, too, could be used here by them; alone in a list it is ours.
        """
        both = _workflow(around, registry, {"aud": [registry.url, "https://registry.example"]})
        listed = _workflow(around, registry, {"aud": [registry.url]})

        reason = refused(login(registry, "github-oidc", {"oidc_token": both}), FAILED)
        granted = login(registry, "github-oidc", {"oidc_token": listed})

        assert reason == (f"invalid audience: expected {registry.url}, got [{registry.url}, https://registry.example]")
        assert granted.status == 200

    def test_of_another_registry(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: a registry token is no token of an issuer.
        """
        ours = login(registry, "none", {}).json()["registry_token"]

        assert login(registry, "github-oidc", {"oidc_token": ours}).status == 401

    @pytest.mark.parametrize("text", ["", "x", "a.b", "a.b.c.d", "e30.e30.e30", "....", "ö.ö.ö", "a" * 17_000])
    def test_no_token(self, registry: RunningRegistry, text: str) -> None:
        """
        Ours: anything else is refused for what it is.
        """
        answer = login(registry, "github-oidc", {"oidc_token": text})

        if len(text) > 16 * 1024:
            assert answer.status == 422
        else:
            assert refused(answer, FAILED).startswith(("this is not a signed token", "the token is signed in a way"))

    def test_another_key_of_the_same_name(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        threats.md: a token that a stranger signed under a published name.
        """
        stranger = IssuerKey(around.key.key_id)
        token = _workflow(around, registry, key=stranger)

        reason = refused(login(registry, "github-oidc", {"oidc_token": token}), FAILED)

        assert reason == f"the token is not signed by {around.actions.url}"


class TestConfigured:
    @pytest.fixture
    def enterprise(self, around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
        """For a GitHub of the organisation's own, and its old clients."""
        configuration = (
            around.configuration()
            .replace('client_id = "Iv1.0123456789abcdef"', 'namespace_prefix = "example.acme.git."')
            .replace(
                "[auth.github_oidc]", '[auth.github_oidc]\nallow_legacy_audience = true\nnamespace_prefix = "a.b."'
            )
            .replace("[auth.oidc]", "[auth.oidc]\nclient_id = 'registry'")
        )
        with RunningRegistry(tmp_path_factory.mktemp("enterprise"), configuration) as running:
            yield running

    def test_the_legacy_audience_and_other_namespaces(self, around: Surroundings, enterprise: RunningRegistry) -> None:
        """
        issue: GitHub's addresses and namespaces are configurable; an explicit key allows the old shared audience.
        """
        legacy = _workflow(around, enterprise, {"aud": "mcp-registry"})

        assert by_token(enterprise) == ("example.acme.git.Octavia/*",)
        answer = login(enterprise, "github-oidc", {"oidc_token": legacy})
        assert principal(enterprise, answer).namespaces == ("a.b.acme/*",)


def _workflow(
    around: Surroundings,
    registry: RunningRegistry,
    changes: Mapping[str, object] = MappingProxyType({}),
    *,
    key: IssuerKey | None = None,
) -> str:
    """A token of a workflow in acme/weather, for this registry. A change to None leaves a claim out."""
    said = around.actions.claims(
        registry.url,
        registry.clock.now_us(),
        sub="repo:acme/weather:ref:refs/heads/main",
        repository="acme/weather",
        repository_owner="acme",
    )
    said.update(changes)
    return (key or around.key).token({name: value for name, value in said.items() if value is not None})
