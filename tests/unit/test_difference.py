"""What differs between two documents, by what it means."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.catalog.difference import Change, Difference, difference

DOCUMENT: dict[str, Any] = {
    "name": "com.acme/payroll",
    "title": "Payroll",
    "description": "Pays people",
    "version": "1.0.0",
    "remotes": [
        {
            "type": "streamable-http",
            "url": "https://{region}.acme.example/mcp",
            "variables": {"region": {"description": "where", "default": "eu"}},
            "headers": [{"name": "X-Key", "isSecret": True, "description": "a key"}, {"name": "X-Team", "value": "a"}],
        }
    ],
    "packages": [
        {
            "registryType": "npm",
            "identifier": "@acme/payroll",
            "version": "1.0.0",
            "transport": {"type": "stdio"},
            "packageArguments": [{"type": "named", "name": "--port", "value": "1", "variables": {"v": {"default": 1}}}],
            "environmentVariables": [
                {"name": "TOKEN", "isSecret": True, "description": "the token"},
                {"name": "LEVEL", "default": "info", "placeholder": "debug"},
            ],
        }
    ],
}
PACKAGE, REMOTE = ("packages", 0), ("remotes", 0)
ONE_PLACE: list[tuple[tuple[str | int, ...], object, set[Change]]] = [
    (("description",), "Pays nobody", {Change.DESCRIPTION}),
    (("title",), None, {Change.DESCRIPTION}),
    ((*PACKAGE, "environmentVariables", 0, "description"), "a token", {Change.DESCRIPTION}),
    ((*PACKAGE, "environmentVariables", 1, "placeholder"), "warn", {Change.DESCRIPTION}),
    ((*REMOTE, "headers", 0, "description"), "two keys", {Change.DESCRIPTION}),
    ((*REMOTE, "variables", "region", "description"), "whither", {Change.DESCRIPTION}),
    ((*REMOTE, "url"), "https://evil.example/mcp", {Change.HOST}),
    ((*REMOTE, "type"), "sse", {Change.HOST}),
    ((*REMOTE, "variables", "region", "default"), "evil.example/", {Change.HOST}),
    ((*REMOTE, "variables", "region", "isSecret"), True, {Change.HOST, Change.SECRETS}),
    ((*REMOTE, "headers", 1, "value"), "b", {Change.HOST}),
    ((*REMOTE, "headers", 0, "name"), "Authorization", {Change.HOST, Change.SECRETS}),
    ((*REMOTE, "headers"), {"description": "no list"}, {Change.HOST, Change.SECRETS}),
    ((*PACKAGE, "transport", "type"), "sse", {Change.HOST}),
    ((*PACKAGE, "identifier"), "@acme/payrol1", {Change.PACKAGE}),
    ((*PACKAGE, "version"), "1.0.1", {Change.PACKAGE}),
    ((*PACKAGE, "fileSha256"), "00", {Change.PACKAGE}),
    ((*PACKAGE, "runtimeHint"), "uvx", {Change.PACKAGE}),
    ((*PACKAGE, "description"), "no member of a package", {Change.PACKAGE}),
    ((*PACKAGE, "packageArguments", 0, "value"), "2", {Change.ARGUMENTS}),
    ((*PACKAGE, "packageArguments", 0, "value"), 1, {Change.ARGUMENTS}),
    ((*PACKAGE, "packageArguments", 0, "variables", "v", "default"), True, {Change.ARGUMENTS}),
    ((*PACKAGE, "runtimeArguments"), [{"value": "-v"}], {Change.ARGUMENTS}),
    ((*PACKAGE, "environmentVariables", 1, "default"), "debug", {Change.ARGUMENTS}),
    ((*PACKAGE, "environmentVariables", 1, "isSecret"), True, {Change.SECRETS}),
    ((*PACKAGE, "environmentVariables", 0, "isSecret"), False, {Change.SECRETS}),
    ((*PACKAGE, "environmentVariables", 0, "format"), "filepath", {Change.SECRETS}),
    (("packages",), [], {Change.PACKAGE, Change.HOST, Change.ARGUMENTS, Change.SECRETS}),
    (("packages",), "none", {Change.PACKAGE, Change.HOST, Change.ARGUMENTS, Change.SECRETS}),
    (("icons",), [{"src": "https://acme.example/icon.png"}], {Change.OTHER}),
    (("repository",), {"url": "https://acme.example"}, {Change.OTHER}),
    (("_meta",), {"description": "anything"}, {Change.OTHER}),
    (("description",), {"no": "text"}, {Change.OTHER}),
]

_members = st.sampled_from(["description", "packages", "remotes", "x"])
_documents = st.recursive(
    st.sampled_from([None, True, 0, 1, "", "é"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_members, inner, max_size=2),
    max_leaves=6,
)


def _changed(path: tuple[str | int, ...], value: object) -> bytes:
    document = json.loads(json.dumps(DOCUMENT))
    owner = document
    for step in path[:-1]:
        owner = owner[step]
    if value is None:
        del owner[path[-1]]
    else:
        owner[path[-1]] = value
    return json.dumps(document).encode()


def _between(before: bytes, after: bytes) -> Difference:
    """It is the same, whichever of the two was there first, but for the words."""
    found, back = difference(before, after), difference(after, before)
    assert found.classes == back.classes
    assert len(found.places) == len(back.places)
    return found


class TestClasses:
    @pytest.mark.parametrize(("path", "value", "expected"), ONE_PLACE)
    def test_of_one_change(self, path: tuple[str | int, ...], value: object, expected: set[Change]) -> None:
        """
        Each field alone is placed by what it does; what nobody knows is `other`.
        """
        found = _between(json.dumps(DOCUMENT).encode(), _changed(path, value))

        assert set(found.classes) - ({Change.DESCRIPTION} if path == ("packages",) else set()) == expected
        assert found.places

    def test_words_beside_something_else_are_not_told(self) -> None:
        """
        "Description only" is said of nothing else.
        """
        after = json.loads(_changed(("description",), "new"))
        after["remotes"][0]["url"] = "https://evil.example"

        assert _between(json.dumps(DOCUMENT).encode(), json.dumps(after).encode()).classes == (Change.HOST,)

    def test_the_same_in_other_bytes(self) -> None:
        """
        Blanks and order change nothing that is said; a number in another notation does.
        """
        assert _between(b'{"a":1,"b":2}', b'{ "b":2, "a":1 }') == Difference(classes=(Change.FORM,), places=())
        assert _between(b'{"a":1}', b'{"a":1.0}').classes == (Change.OTHER,)
        assert _between(b'{"a":1}', b'{"a":true}').classes == (Change.OTHER,)
        assert _between(b'{"a":[]}', b'{"a":{}}').classes == (Change.OTHER,)


class TestPlaces:
    def test_say_what_was_and_what_is(self) -> None:
        """
        Place, before, after; what was not there is added, what is gone is removed.
        """
        before, after = (
            b'{"remotes":[{"url":"https://a.example","old":1}]}',
            b'{"remotes":[{"url":"https://b.example","x":[]}]}',
        )

        assert _between(before, after).places == (
            'remotes[0].url: "https://a.example" → "https://b.example"',
            "remotes[0].old: removed 1",
            "remotes[0].x: added […]",
        )

    def test_secrets_are_not_repeated(self) -> None:
        """
        Neither the old value of a secret nor the new one.
        """
        found = _between(*(_secret(value) for value in ("hunter2", "hunter3")))

        assert found.places == ("packages[0].environmentVariables[0].value: another value",)

    def test_nothing_hides_in_them(self) -> None:
        """
        What moves a terminal's cursor, is not seen, or has no end is written in plain letters, and cut.
        """
        found = _between(
            b'{"title":"a"}', json.dumps({"title": "\x1b[2J\u202e\u200b\x7f", "\u202e" * 500: "x" * 9999}).encode()
        )

        assert all(place.isprintable() and len(place) < 300 for place in found.places)
        assert found.places[0] == 'title: "a" → "\\u001b[2J\\u202e\\u200b\\u007f"'

    def test_many_are_counted(self) -> None:
        """
        The first twenty are shown, and how many more there are.
        """
        found = _between(b"{}", json.dumps({f"m{number}": number for number in range(50)}).encode())

        assert (len(found.places), found.more) == (20, 30)


class TestHostile:
    @pytest.mark.parametrize(
        "after",
        [b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b"null", b'"\\ud800"', b"1e999",
         b"9" * 5000, b'{"packages":{"0":{"identifier":"x"}}}', b'{"remotes":[null,[[]],1]}'],
        ids=range(11),
    )  # fmt: skip
    def test_never_raises(self, after: bytes) -> None:
        """
        Whatever the newer document is: it is not harmless.
        """
        assert not {Change.DESCRIPTION, Change.FORM} & {*_between(json.dumps(DOCUMENT).encode(), after).classes}

    def test_is_bounded(self) -> None:
        """
        What is too large to be compared whole is not harmless either.
        """
        numbers = [0] * 30_000
        before = json.dumps({"remotes": [{"url": "a"}], "title": "a", "_meta": numbers}).encode()

        found = _between(before, json.dumps({"_meta": numbers, "remotes": [{"url": "b"}], "title": "a"}).encode())

        assert found.classes == (Change.HOST, Change.OTHER)
        assert found.places == ('remotes[0].url: "a" → "b"', "there is more than can be compared")

    @settings(max_examples=50)
    @given(_documents, _documents)
    def test_is_total(self, before: object, after: object) -> None:
        """
        Any two documents have a difference, and it is empty only of two that say the same.
        """
        found = _between(json.dumps(before).encode(), json.dumps(after).encode())

        assert (found.classes == (Change.FORM,)) == (
            json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
        )


def _secret(value: str) -> bytes:
    variable = {"name": "TOKEN", "isSecret": True, "value": value}
    return json.dumps({"packages": [{"environmentVariables": [variable]}]}).encode()
