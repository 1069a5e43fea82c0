"""mcp-publisher against this registry, statuses aside (reference §7, §8: Test{Publish,Validate}Command_*)."""

import json
from pathlib import Path

import pytest

from schemas.validation.versions import CURRENT_URL
from tests.api.publishing import manifest
from tests.api.world import OFFICIAL
from tests.clients.go_json import reserialised
from tests.clients.life import live
from tests.clients.logins import NAMESPACE, with_a_token
from tests.clients.stock_publisher import Failure, StockPublisher
from tests.clients.written import written
from tests.doubles.plain_client import fetch
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

_OLDER = CURRENT_URL.replace("2025-12-11", "2025-10-17")


class TestLife:
    def test_with_a_token(self, registry: RunningRegistry, tmp_path: Path, name: str) -> None:
        """
        A token of ours in the token file is as good as a login: everything works until it is put away.
        """
        client = StockPublisher(tmp_path)
        with_a_token(client, registry)

        live(client, tmp_path, name)

    def test_a_login_that_is_not_offered(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        The command ends with the answer, and the login of before stays.
        """
        client = StockPublisher(tmp_path)
        with_a_token(client, registry)
        before = client.token_file.read_bytes()

        with pytest.raises(Failure, match=r"404: .*Endpoint not found"):
            client.login_none(registry.url)
        with pytest.raises(Failure, match="no client id"):
            client.github_client_id(registry.url)

        assert client.token_file.read_bytes() == before


class TestPublish:
    def test_what_is_sent_is_kept(
        self, registry: RunningRegistry, logged_in: StockPublisher, tmp_path: Path, name: str
    ) -> None:
        """
        TestPublishCommand_Success, _PreservesNonASCIIDescription: what it makes of the file is what is stored.
        """
        file = written(tmp_path, manifest(name, description="Wetter für <alle> & 天気", title="é", websiteUrl=""))

        logged_in.publish(file)

        answer = fetch(registry.url, f"/v0/servers/{name.replace('/', '%2F')}/versions/1.0.0")
        assert b'"server":' + reserialised(file.read_bytes()) in answer.body
        assert answer.json()["_meta"][OFFICIAL]["isLatest"] is True

    def test_several_issues(self, logged_in: StockPublisher, tmp_path: Path) -> None:
        """
        TestPublishCommand_422WithMultipleIssues: all of them are printed, with their places.
        """
        document = manifest(f"{NAMESPACE}/x", "latest", websiteUrl="http://tools.example")

        with pytest.raises(Failure) as refused:
            logged_in.publish(written(tmp_path, document))

        places = [line.partition(":")[0] for line in refused.value.issues if line.startswith("[error]")]
        assert places == ["[error] name (semantic)", "[error] version (semantic)", "[error] websiteUrl (semantic)"]

    def test_what_is_not_even_a_body(self, logged_in: StockPublisher, tmp_path: Path) -> None:
        """
        Where validating is a 422, too, the answer to publishing is printed, and says what and where.
        """
        with pytest.raises(Failure) as refused:
            logged_in.publish(written(tmp_path, manifest(description="")))

        assert refused.value.status == 422
        assert '"message":"expected length >= 1","location":"body.description"' in str(refused.value)

    @pytest.mark.parametrize(
        ("schema", "said"),
        [
            (_OLDER, None),
            (CURRENT_URL, None),
            ("https://schemas.example/server.schema.json", "failed to extract schema version from URL"),
        ],
        ids=["older", "current", "none"],
    )
    def test_schemas(self, logged_in: StockPublisher, tmp_path: Path, name: str, schema: str, said: str | None) -> None:
        """
        TestPublishCommand_DeprecatedSchema: an older one publishes, one without a version does not.
        """
        file = written(tmp_path, manifest(name, schema=schema))
        if said is None:
            assert logged_in.publish(file) == (name, "1.0.0")
            return

        with pytest.raises(Failure) as refused:
            logged_in.publish(file)

        assert any(said in line for line in refused.value.issues)

    def test_without_a_schema(self, logged_in: StockPublisher, tmp_path: Path) -> None:
        """
        TestPublishCommand_DeprecatedSchema: it always sends the member, empty if there is none; that is a 422 of the
        body on both routes, with the reason in it.
        """
        with pytest.raises(Failure, match=r'"expected length >= 1","location":"body\.\$schema"'):
            logged_in.publish(written(tmp_path, manifest(schema=None)))

    def test_other_refusals_are_printed(self, logged_in: StockPublisher, tmp_path: Path, name: str) -> None:
        """
        TestPublishCommand_Non422Error: nothing is validated, and the answer says why.
        """
        file = written(tmp_path, manifest(name))
        logged_in.publish(file)
        logged_in.calls.clear()

        with pytest.raises(Failure, match=r"400: .*invalid version: cannot publish duplicate version"):
            logged_in.publish(file)
        with pytest.raises(Failure, match=r"403: .*You have permission to publish: com\.partner/\*\. Attempting"):
            logged_in.publish(written(tmp_path, manifest("com.other/tools")))

        assert logged_in.calls == ["POST /v0/publish"] * 2

    @pytest.mark.parametrize("text", ['{"name": "\\ud800"}', '{"name": }'], ids=["surrogate", "no JSON"])
    def test_what_is_no_manifest_is_not_sent(self, logged_in: StockPublisher, tmp_path: Path, text: str) -> None:
        """
        TestPublishCommand_RejectsUnpairedSurrogateEscape, _RejectsInvalidUTF8ServerJSON.
        """
        logged_in.calls.clear()

        with pytest.raises(Failure):
            logged_in.publish(written(tmp_path, text))

        assert logged_in.calls == []

    def test_a_token_that_is_no_more(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        An expired or revoked token is a 401 that says so.
        """
        client = StockPublisher(tmp_path)
        with_a_token(client, registry)
        token = json.loads(client.token_file.read_text())["token"]
        mcp_registry("token", "revoke", token[:13], "--config", registry.config)

        with pytest.raises(Failure, match=r"401: .*Invalid or expired Registry JWT token"):
            client.publish(written(tmp_path, manifest()))


class TestValidate:
    def test_good(self, logged_in: StockPublisher, tmp_path: Path) -> None:
        """
        TestValidateCommand_Success: advice is no reason to print.
        """
        verdict = logged_in.validate(written(tmp_path, manifest()))

        assert (verdict.valid, verdict.printed) == (True, ())

    def test_bad(self, logged_in: StockPublisher, tmp_path: Path) -> None:
        """
        TestValidateCommand_WithErrors.
        """
        verdict = logged_in.validate(written(tmp_path, manifest(version="latest")))

        assert not verdict.valid
        assert verdict.printed[0] == (
            "[error] version (semantic): version string 'latest' is reserved and cannot be used"
        )

    def test_older_schema(self, logged_in: StockPublisher, tmp_path: Path) -> None:
        """
        TestValidateCommand_DeprecatedSchema: a warning leaves it valid.
        """
        assert logged_in.validate(written(tmp_path, manifest(schema=_OLDER))).valid

    def test_no_file(self, logged_in: StockPublisher, tmp_path: Path) -> None:
        """
        TestValidateCommand_NoServerFile, _InvalidJSON: nothing is sent.
        """
        logged_in.calls.clear()

        with pytest.raises(Failure):
            logged_in.validate(tmp_path / "server.json")
        with pytest.raises(Failure):
            logged_in.validate(written(tmp_path, "{"))

        assert logged_in.calls == []

    def test_needs_no_token(self, closed: RunningRegistry, tmp_path: Path) -> None:
        """
        Whoever may not read may validate all the same.
        """
        client = StockPublisher(tmp_path)
        with_a_token(client, closed, "--label", "publishes only")

        assert client.validate(written(tmp_path, manifest())).valid
