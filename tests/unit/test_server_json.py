"""What makes a document ambiguous, and what is read of one."""

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.server_json.document import AmbiguousDocument, registry_types, require_unambiguous, text_of, transports

PUBLISHER: Final = "io.modelcontextprotocol.registry/publisher-provided"


def _nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """An object that is nested *depth* deep, itself included."""
    return f'{{"x":{opening * (depth - 1)}{closing * (depth - 1)}}}'.encode()


NO_DOCUMENT = [
    (b"", "not JSON"), (b" ", "not JSON"), (b"null", "not a JSON object"), (b"[]", "not a JSON object"),
    (b'"a"', "not a JSON object"), (b"1", "not a JSON object"), (b"{", "not JSON"), (b'{"a":1}x', "not JSON"),
    (b'{"a":1}{"a":1}', "not JSON"), (b'{"a":1}\x00', "not JSON"), (b'{"a":1,}', "not JSON"), (b"{'a':1}", "not JSON"),
    (b'{"a":01}', "not JSON"), (b'{"a":+1}', "not JSON"), (b'{"a":.5}', "not JSON"), (b'{"a":1.}', "not JSON"),
    (b'{"a":0x1}', "not JSON"), (b'{a:1}', "not JSON"), (b'{"a":1}//c', "not JSON"), (b'{"a":/**/1}', "not JSON"),
    (b'{"a":"\x01"}', "not JSON"), (b'{"a":"\n"}', "not JSON"), (b'{"a":"\\x41"}', "not JSON"),
    (b'{"a":"\\u00g0"}', "not JSON"), (b'{"a":True}', "not JSON"), ('{"a":１}'.encode(), "not JSON"),
    (b"\xc2\xa0{}", "not JSON"), (b"\x0b{}", "not JSON"), (b"\xef\xbb\xbf{}", "not JSON"),
    (b'{"a":NaN}', "NaN"), (b'{"a":Infinity}', "Infinity"), (b'{"a":[-Infinity]}', "-Infinity"),
    (b'{"a":1e400}', "1e400"), (b'{"a":{"b":[-1.5e999]}}', "-1.5e999"),
    (b'{"a":' + b"9" * 5000 + b"}", "not JSON"),
    (b'{"a":"\xff"}', "UTF-8"), (b'{"a":"\xc0\xaf"}', "UTF-8"), (b'{"a":"\xed\xa0\x80"}', "UTF-8"),
    ('{"a":1}'.encode("utf-16"), "UTF-8"), (b'{"a":"\\ud800"}', "surrogate"), (b'{"a":"\\udc00\\ud800"}', "surrogate"),
    (b'{"\\uDFFF":1}', "surrogate"), (b'{"a":["\\ud83d\\ud83d\\ude00"]}', "surrogate"),
]  # fmt: skip

TWICE = [
    b'{"name":1,"name":1}', b'{"name":1,"n\\u0061me":2}', b'{"x":{"y":1,"y":1}}', b'{"x":[{"y":1,"y":2}]}',
    b'{"packages":[{"transport":{"type":"stdio","type":"sse"}}]}', b'{"_meta":{"a":{"b":1,"b":2}}}', b'{"":1,"":2}',
    b'{"remotes":[{"variables":{"A":{},"A":{}}}]}',
]  # fmt: skip

OTHER_CASE = [
    ({"Name": "a"}, "'Name'"), ({"NAME": "a", "name": "b"}, "'NAME'"), ({"VERSION": 1}, "'version'"),
    ({"$Schema": 1}, r"'\$schema'"), ({"websiteURL": 1}, "'websiteUrl'"), ({"_Meta": {}}, "'_meta'"),
    ({"packageſ": []}, "'packages'"), ({"verſion": "1"}, "'version'"), ({"Remotes": []}, "'remotes'"),
    ({"packages": [{"Identifier": 1}]}, r"packages\[0\]"), ({"packages": [{}, {"registrytype": 1}]}, r"packages\[1\]"),
    ({"packages": [{"fileSHA256": 1}]}, "'fileSha256'"), ({"packages": [{"tranſport": {}}]}, "'transport'"),
    ({"packages": [{"transport": {"Type": 1}}]}, r"packages\[0\]\.transport"),
    ({"packages": [{"transport": {"URL": 1, "url": 1}}]}, "'url'"),
    ({"packages": [{"transport": {"headers": [{"Value": 1}]}}]}, r"packages\[0\]\.transport\.headers\[0\]"),
    ({"remotes": [{"URL": 1}]}, r"remotes\[0\]"), ({"remotes": [{"headers": [{"VALUE": 1}]}]}, r"headers\[0\]"),
    ({"remotes": [{"variables": {"a": {"Default": 1}}}]}, r"remotes\[0\]\.variables\.a"),
    ({"packages": [{"runtimeArguments": [{"Value": 1}]}]}, r"runtimeArguments\[0\]"),
    ({"packages": [{"packageArguments": [{"iſSecret": True}]}]}, "'isSecret'"),
    ({"packages": [{"environmentVariables": [{"Name": 1}]}]}, r"environmentVariables\[0\]"),
    ({"packages": [{"environmentVariables": [{"variables": {"x": {"VALUE": 1}}}]}]}, r"\.variables\.x"),
    ({"repository": {"URL": 1}}, "repository"), ({"repository": {"url": 1, "Url": 1}}, "'Url'"),
    ({"icons": [{"SRC": 1}]}, r"icons\[0\]"), ({"repository": {"\u212aind": 1, "ſource": 1}}, "'source'"),
]  # fmt: skip

FREE = [
    {}, {"name": None}, {"nom": 1, "Nom": 2}, {"x": {"Name": 1, "name": 2}},
    {"_meta": {PUBLISHER: {"Name": 1, "name": 2, "URL": 3, "url": 4}}}, {"_meta": {"Name": 1, "name": 2}},
    {"remotes": [{"variables": {"token": {}, "TOKEN": {}, "Token": {}}}]}, {"remotes": [{"variables": {"Value": {}}}]},
    {"packages": [{"transport": {"variables": {"Type": {}, "type": {}}}}]},
    {"packages": [{"environmentVariables": [{"name": "Token"}, {"name": "TOKEN"}, {"name": "token"}]}]},
    {"packages": [{"environmentVariables": [{"variables": {"Name": {}, "NAME": {}}}]}]},
    {"packages": {"Name": 1}}, {"packages": [["Name"], None, 1]}, {"packages": [{"transport": "Type"}]},
    {"remotes": "Type"}, {"repository": [{"URL": 1}]}, {"repository": {}}, {"icons": {"SRC": 1}},
    {"remotes": [{"headers": "Value", "variables": ["Value"]}]}, {"remotes": [{"variables": {"a": ["Value"]}}]},
    {"names": 1, "versionName": 2, "naïve": 3},
]  # fmt: skip


class TestRequireUnambiguous:
    @pytest.mark.parametrize(("document", "reason"), NO_DOCUMENT)
    def test_one_json_object_in_utf8(self, document: bytes, reason: str) -> None:
        """
        Exactly one object, strict JSON, valid UTF-8 without a mark, every number finite, every surrogate paired.
        """
        with pytest.raises(AmbiguousDocument, match=reason):
            require_unambiguous(document)

    @pytest.mark.parametrize("document", TWICE)
    def test_no_member_twice(self, document: bytes) -> None:
        """
        A member that stands twice, at any depth and however it is escaped, is read differently by different parsers.
        """
        with pytest.raises(AmbiguousDocument, match="stands twice"):
            require_unambiguous(document)

    @pytest.mark.parametrize(("document", "reason"), OTHER_CASE)
    def test_no_known_member_in_another_case(self, document: dict[str, object], reason: str) -> None:
        """
        Wherever the schema names a member, no other member folds to its name; the message says where.
        """
        with pytest.raises(AmbiguousDocument, match=reason):
            require_unambiguous(json.dumps(document, ensure_ascii=False).encode())

    @pytest.mark.parametrize("document", FREE)
    def test_the_rest_is_free(self, document: dict[str, object]) -> None:
        """
        Names that users choose may differ by case only; wrong shapes and unknown members are not ambiguous.
        """
        assert require_unambiguous(json.dumps(document).encode()) == document

    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
    def test_a_hundred_deep(self, opening: str, closing: str) -> None:
        """
        Nested a hundred deep is read.
        """
        filler = b"1" if opening != "[" else b""
        document = _nested(100, opening, closing).replace(b":}", b":1}") if filler else _nested(100)

        assert require_unambiguous(document)

    @pytest.mark.parametrize("depth", [101, 250, 480, 500, 700, 900, 990, 1000, 5000, 100_000])
    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
    def test_deeper_is_refused(self, depth: int, opening: str, closing: str) -> None:
        """
        Deeper is refused as such, at any depth, never by running out of stack.
        """
        with pytest.raises(AmbiguousDocument, match="nested"):
            require_unambiguous(_nested(depth, opening, closing).replace(b":}", b":1}"))

    def test_brackets_in_texts_are_no_nesting(self) -> None:
        """
        Brackets inside a text do not count.
        """
        assert require_unambiguous(b'{"x":"' + b"[{" * 500 + b'"}')

    def test_a_pair_of_surrogates_is_a_character(self) -> None:
        """
        An escaped pair is one character, and other escapes are left alone.
        """
        assert require_unambiguous(b'{"a":"\\ud83d\\ude00\\u00e9\\\\ud800"}') == {"a": "😀é\\ud800"}

    @given(st.dictionaries(st.text("abNn{[\\\"é", max_size=4), st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )))  # fmt: skip
    def test_reads_what_was_written(self, document: dict[str, object]) -> None:
        """
        Any object without a name the schema knows comes back as it is, escaped or not.
        """
        for escaped in (True, False):
            text = json.dumps(document, ensure_ascii=escaped)
            if "\\ud" not in text.lower() and text.isascii() == escaped:
                assert require_unambiguous(text.encode()) == document

    @given(st.binary(max_size=60))
    def test_nothing_else_is_ever_raised(self, document: bytes) -> None:
        """
        Whatever the bytes are, the answer is an object or an ambiguity.
        """
        try:
            members = require_unambiguous(document)
        except AmbiguousDocument:
            return

        assert isinstance(members, dict)


class TestReading:
    @pytest.mark.parametrize(
        ("document", "types", "kinds"),
        [
            ({}, (), ()),
            ({"packages": [], "remotes": []}, (), ()),
            ({"packages": None, "remotes": 3}, (), ()),
            ({"packages": [{"registryType": "npm", "transport": {"type": "stdio"}}]}, ("npm",), ("stdio",)),
            ({"packages": [{"registryType": 1, "transport": []}, "x"], "remotes": [{"type": None}]}, (), ()),
            ({"packages": [{"registryType": ""}, {"registryType": "a b"}, {"registryType": "x" * 65}]}, (), ()),
            ({"remotes": [{"type": "sse"}, {"type": "streamable-http"}]}, (), ("sse", "streamable-http")),
            ({"packages": [{"transport": {"type": "stdio"}}], "remotes": [{"type": "sse"}]}, (), ("stdio", "sse")),
        ],
    )
    def test_facets(self, document: dict[str, object], types: tuple[str, ...], kinds: tuple[str, ...]) -> None:
        """
        Registry types of packages, transport types of packages and remotes, as far as they are words.
        """
        assert (registry_types(document), transports(document)) == (types, kinds)

    def test_text_of(self) -> None:
        """
        A text is a text; anything else reads as empty.
        """
        document: dict[str, object] = {"title": "Payroll", "description": 7, "name": None}

        assert [text_of(document, member) for member in ("title", "description", "name", "none")] == [
            "Payroll", "", "", "",
        ]  # fmt: skip
