"""ETag, 304 and caching. All of it is ours: the official registry sends none of these (reference §1.2)."""

import pytest

from tests.api.raw_request import send
from tests.api.reading import Reader
from tests.doubles.plain_client import fetch
from tests.running import RunningRegistry

LIST = "/v0.1/servers?limit=3"
HISTORY = "/v0.1/servers/com.acme%2Fpayroll/versions"
LATEST = f"{HISTORY}/latest"
READS = (LIST, HISTORY, LATEST)


class TestHeaders:
    @pytest.mark.parametrize("target", READS)
    def test_of_a_200(self, reader: Reader, target: str) -> None:
        """
        Ours: every 200 of a read carries an ETag, Cache-Control: no-cache and Vary: Authorization; nothing else does.
        """
        headers = reader.get(target).headers

        assert headers["etag"].startswith('"')
        assert headers["etag"].endswith('"')
        assert headers["cache-control"] == "no-cache"
        assert headers["vary"] == "Authorization"
        assert headers["content-type"] == "application/json"

    @pytest.mark.parametrize("target", ["/v0.1/servers?limit=0", f"{HISTORY}/0.0.0", "/v0.1/nope"])
    def test_not_on_errors(self, reader: Reader, target: str) -> None:
        """
        Ours: an error is never validated, so that it never outlives its cause.
        """
        assert "etag" not in reader.get(target).headers

    def test_content_length_is_the_body_s(self, reader: Reader) -> None:
        """
        Ours: bytes, not characters.
        """
        answer = reader.page({"search": "Ledger-Reader"})

        assert "–" in answer.body.decode()
        assert int(answer.headers["content-length"]) == len(answer.body)


class TestQuestion:
    def test_the_same_question_has_the_same_etag(self, reader: Reader) -> None:
        """
        Ours: nothing changed, so neither does the ETag.
        """
        for target in READS:
            assert reader.get(target).headers["etag"] == reader.get(target).headers["etag"]

    def test_different_questions_differ(self, reader: Reader) -> None:
        """
        Ours: an ETag is of one question; none validates the answer to another.
        """
        targets = [
            *READS,
            "/v0.1/servers",
            "/v0.1/servers?limit=4",
            "/v0.1/servers?limit=3&search=x",
            "/v0.1/servers?limit=3&version=latest",
            f"{HISTORY}?include_deleted=true",
            f"{LATEST}?include_deleted=true",
            f"{HISTORY}/1.0.0",
            "/v0.1/servers/com.acme%2Foncall/versions",
        ]

        etags = [reader.get(target).headers["etag"] for target in targets]

        assert len(set(etags)) == len(targets)


class TestNotModified:
    @pytest.mark.parametrize("target", READS)
    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '{} , "other"', '"a","b",W/{},"c"', "*", " * "])
    def test_forms(self, world: RunningRegistry, reader: Reader, target: str, form: str) -> None:
        """
        RFC 9110 §13.1.2: one, several, weak or `*`: the caller has this very answer already.
        """
        etag = reader.get(target).headers["etag"]

        answer = send(world.port, target, f"If-None-Match: {form.format(etag)}")

        assert answer.status == 304
        assert answer.body == b""
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["vary"] == "Authorization"
        assert answer.headers["access-control-allow-origin"] == "*"

    @pytest.mark.parametrize("form", ['"other"', "W/", "{}x", "other", '""', '"*"', "", ","])
    def test_what_does_not_match(self, world: RunningRegistry, form: str) -> None:
        """
        RFC 9110 §13.1.2: anything else is answered in full.
        """
        assert send(world.port, LIST, f"If-None-Match: {form}").status == 200

    def test_in_the_second_of_two_lines(self, world: RunningRegistry, reader: Reader) -> None:
        """
        RFC 9110 §5.3: two header lines are one list.
        """
        etag = reader.get(LIST).headers["etag"]

        assert send(world.port, LIST, 'If-None-Match: "x"', f"If-None-Match: {etag}").status == 304
        assert send(world.port, LIST, "If-None-Match: *", 'If-None-Match: "x"').status == 304

    @pytest.mark.parametrize("target", READS)
    def test_head(self, world: RunningRegistry, reader: Reader, target: str) -> None:
        """
        RFC 9110 §13.1.2: HEAD is answered 304 as GET is.
        """
        etag = reader.get(target).headers["etag"]

        assert fetch(world.url, target, method="HEAD", If_None_Match=etag).status == 304

    @pytest.mark.parametrize("target", [f"{HISTORY}/0.0.0", "/v0.1/servers/com.acme%2Ffax/versions", f"{HISTORY}%20"])
    def test_star_is_no_answer_where_there_is_none(self, reader: Reader, target: str) -> None:
        """
        RFC 9110 §13.1.2: `*` stands for an answer that exists: what is not found stays 404.
        """
        assert reader.get(target, If_None_Match="*").status == 404

    def test_bad_parameters_come_first(self, reader: Reader) -> None:
        """
        Ours: a question that cannot be read is refused, whatever the caller has already.
        """
        assert reader.get("/v0.1/servers?limit=0", If_None_Match="*").status == 422
