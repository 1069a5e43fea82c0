"""What is admitted to a view, and the bytes of an item."""

import json
from collections.abc import Iterable

import msgspec
import pytest

from registry.catalog.entry import Digest, digest_of
from registry.catalog.ranking import rank
from registry.catalog.rewrite import shown_as
from registry.catalog.view import (
    Admitted,
    Departed,
    StoredEntry,
    VisibleEntry,
    compute_view,
    item,
    shown_before,
    with_findings,
)
from schemas.registry_api import ENTRY_KEY, OFFICIAL_KEY, FindingCounts

DOCUMENT = b'{"name":"com.acme/payroll"}'


def _entry(version: str = "1.0.0", **changes: object) -> StoredEntry:
    entry = StoredEntry(
        id=1,
        source="internal",
        version=version,
        document_id=7,
        digest=digest_of(DOCUMENT),
        text_id=3,
        registry_types=" npm ",
        transports=" stdio ",
        rank=rank(version, 1_000_000),
        status="active",
        status_message=None,
        status_changed_us=None,
        published_us=1_000_000,
        source_updated_us=None,
        mirrored_us=5_000_000,
        withdrawn_us=None,
    )
    return msgspec.structs.replace(entry, **changes)


def _flagged(visible: list[VisibleEntry]) -> list[str]:
    return [each.official.version for each in visible if each.official.is_latest]


def _one(entry: StoredEntry) -> VisibleEntry:
    (visible,) = _view(entry)
    return visible


def _view(*entries: StoredEntry, departed: Iterable[Departed] = ()) -> list[VisibleEntry]:
    return compute_view([Admitted(entry=entry) for entry in entries], departed=departed)


class TestComputeView:
    def test_nothing_of_nothing(self) -> None:
        """
        A name without entries has no rows.
        """
        assert compute_view([]) == []

    def test_what_is_admitted_has_a_row(self) -> None:
        """
        Whatever its status.
        """
        entries = [_entry("1.0.0"), _entry("2.0.0", status="deprecated"), _entry("3.0.0", status="deleted")]

        visible = _view(*entries)

        assert {each.official.version: each.official.status for each in visible} == {
            "1.0.0": "active",
            "2.0.0": "deprecated",
            "3.0.0": "deleted",
        }

    def test_latest_is_over_the_whole(self) -> None:
        """
        Deprecated ones stay eligible, deleted ones only if there is nothing else.
        """
        entries = [_entry("1.0.0"), _entry("2.0.0", status="deprecated"), _entry("3.0.0", status="deleted")]

        assert _flagged(_view(*entries)) == ["2.0.0"]
        assert _flagged(_view(*entries[2:])) == ["3.0.0"]

    def test_withdrawn_reads_as_deleted_since_then(self) -> None:
        """
        What a source lists no longer without a word is deleted from the instant we noticed, with that as the message.
        """
        official = _one(_entry(withdrawn_us=9_000_000, status_changed_us=2_000_000)).official

        assert (official.status, official.status_changed_us) == ("deleted", 9_000_000)
        assert official.status_message == "no longer listed by its source"

    def test_withdrawn_after_deleted_keeps_what_the_source_said(self) -> None:
        """
        An entry its source had deleted says so in the source's words, also when it is listed no longer.
        """
        entry = _entry(status="deleted", status_message="leaks", status_changed_us=2_000_000, withdrawn_us=9_000_000)

        official = _one(entry).official

        assert (official.status, official.status_message, official.status_changed_us) == ("deleted", "leaks", 2_000_000)

    @pytest.mark.parametrize(("stated", "expected"), [(None, 1_000_000), (0, 0), (3_000_000, 3_000_000)])
    def test_status_change_defaults_to_publication(self, stated: int | None, expected: int) -> None:
        """
        Where the source does not say when the status changed, it was when the version was published.
        """
        assert _one(_entry(status_changed_us=stated)).official.status_changed_us == expected

    def test_departed_stays_as_deleted(self) -> None:
        """
        What this view showed and its owner does not have is a deleted row since it left, and never beats one that is.
        """
        departed = _entry("9.9.9", source="official", status_message="fine")

        visible = _view(
            _entry("1.0.0"), departed=[Departed(entry=departed, since_us=8_000_000, message="no longer granted")]
        )

        by_version = {each.official.version: each for each in visible}
        gone = by_version["9.9.9"]
        assert (gone.deleted, gone.official.status_changed_us) == (True, 8_000_000)
        assert gone.official.status_message == "no longer granted"
        assert _flagged(visible) == ["1.0.0"]

    def test_only_departed_ones_keep_the_flag_among_them(self) -> None:
        """
        If nothing is left, the highest of what departed can still be found by who asks for deleted ones.
        """
        departed = [Departed(entry=_entry(each), since_us=8, message=None) for each in ("1.0.0", "2.0.0")]

        assert _flagged(_view(departed=departed)) == ["2.0.0"]


class TestItem:
    @pytest.mark.parametrize(
        "document",
        [
            DOCUMENT,
            b'  {\r\n\t"name" : "com.acme/payroll" ,\n "x":1.0e+00}\n ',
            '{"name":"\u2028 é 🎉 \\u00e9 </script> & \\/"}'.encode(),
            b"{}",
        ],
    )
    def test_the_document_is_verbatim(self, document: bytes) -> None:
        """
        Whitespace, escapes and spelling of numbers are as the source sent them.
        """
        written = item(_one(_entry()), document=document, updated_us=6_000_000)

        assert written.startswith(b'{"server":' + document + b',"_meta":{')
        assert json.loads(written)["server"] == json.loads(document)

    def test_the_blocks_beside_it(self) -> None:
        """
        The official block and ours say everything the reader may know, instants in RFC 3339.
        """
        entry = _entry(
            status="deprecated",
            status_message='use "payroll-2" \u2028',
            status_changed_us=2_500_000,
            source_updated_us=3_000_000,
            digest=Digest(bytes(32)),
        )

        written = json.loads(item(_one(entry), document=DOCUMENT, updated_us=6_000_001))

        assert written["_meta"] == {
            OFFICIAL_KEY: {
                "status": "deprecated",
                "statusChangedAt": "1970-01-01T00:00:02.5Z",
                "statusMessage": 'use "payroll-2" \u2028',
                "publishedAt": "1970-01-01T00:00:01Z",
                "updatedAt": "1970-01-01T00:00:06.000001Z",
                "isLatest": True,
            },
            ENTRY_KEY: {
                "source": "internal",
                "mirroredAt": "1970-01-01T00:00:05Z",
                "digest": "sha256:" + "00" * 32,
                "sourceUpdatedAt": "1970-01-01T00:00:03Z",
            },
        }

    def test_the_approval_it_is_shown_under(self) -> None:
        """
        Its id, and when it ends, if it does.
        """
        (visible,) = compute_view([Admitted(entry=_entry(), approval="apr_1", expires_us=9_000_000)])

        ours = json.loads(item(visible, document=DOCUMENT, updated_us=6_000_000))["_meta"][ENTRY_KEY]

        assert (ours["approval"], ours["approvalExpiresAt"]) == ("apr_1", "1970-01-01T00:00:09Z")

    def test_shown_otherwise(self) -> None:
        """
        The bytes that overlays make of it, and what stood there; and an item says by itself how it was shown.
        """
        shown = shown_as(
            b'{"title":"Ours"}', applied=("ovl_1",), original={"/title": msgspec.Raw(b'"\\u00e9"')}, categories=("a",)
        )
        (visible,) = compute_view([Admitted(entry=_entry(), overlaid=shown)])

        written = item(visible, document=DOCUMENT, updated_us=6_000_000)

        assert json.loads(written)["server"] == {"title": "Ours"}
        ours = json.loads(written)["_meta"][ENTRY_KEY]
        assert ours["digest"] == f"sha256:{digest_of(DOCUMENT).hex()}"
        assert (ours["overlays"], ours["original"], ours["categories"]) == (["ovl_1"], {"/title": "é"}, ["a"])
        again = shown_before(written)
        assert again is not None
        assert (again.document, again.digest, again.stamp) == (shown.document, visible.official.shown, shown.stamp)
        assert [shown_before(each) for each in (item(_one(_entry()), document=DOCUMENT, updated_us=6), b"", b"{}")] == [
            None, None, None
        ]  # fmt: skip

    def test_what_was_found(self) -> None:
        """
        Stands in our own block, and changes nothing else.
        """
        written = item(_one(_entry()), document=DOCUMENT, updated_us=6_000_000)

        found = json.loads(with_findings(written, FindingCounts(errors=1, warnings=2, infos=0)))

        assert found["_meta"][ENTRY_KEY].pop("findings") == {"errors": 1, "warnings": 2, "infos": 0}
        assert found == json.loads(written)

    def test_what_is_unknown_is_absent(self) -> None:
        """
        A message or an update nobody stated is left out, never null.
        """
        written = json.loads(item(_one(_entry()), document=DOCUMENT, updated_us=6_000_000))

        assert "statusMessage" not in written["_meta"][OFFICIAL_KEY]
        assert "sourceUpdatedAt" not in written["_meta"][ENTRY_KEY]
