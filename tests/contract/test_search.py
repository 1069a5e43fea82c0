"""Searching: literal, without case, in name, title and description; exact names first."""

import pytest

from registry.catalog.query import Query
from registry.store.interface import Store
from tests.contract.engines import entry, everyone, keys, put, walk

pytestmark = pytest.mark.anyio

ODD = [
    "100% sure", "snake_case", "back\\slash", 'say "cheese"', "it's", "star*fish", "a AND b", "a OR b", "NOT here",
    "NEAR(a b)", "col:umn", "{brace}", "(paren)", "^caret", "a+b-c", "semi;colon", "-- comment", "tab\there",
    "ünïcödé", "STRASSE", "Straße", "İstanbul", "ISTANBUL", "Ⅷ", "🎉 party", "👩‍👩‍👧", "日本語のサーバ", "ﬁne",
    "ΣΑΣ σας", "a\x01b", "a\x1fb", "n\x00l", "\u0130", "x" * 300,
]  # fmt: skip


async def _names(store: Store, term: str, limit: int = 100) -> list[str]:
    return [name for name, _ in keys(await walk(everyone(store), Query(search=term, limit=limit)))]


class TestLiteral:
    @pytest.mark.parametrize("term", [
        "%", "_", "\\", '"', "*", "'", "^", "+", "-", ";", ":", "(", "{", "0%", "e_c", "k\\s", '"ch', "r*f", "AND",
        "OR b", "NOT", "NEAR(", "l:u", "{br", "(par", "^ca", "+b-", "i;c", "-- ", "b\th", "ÜNÏ", "strasse", "STRAßE",
        "ss", "ß", "i̇s", "İST", "ist", "ⅷ", "🎉", "🎉 p", "👩‍👩‍👧", "日本", "日本語", "FIN", "fi", "σΑς", "ς",
        "\x01", "a\x01b",
        "%%", "__", "***", '"""', "''", "\\\\", "AND b OR", "' OR 1=1 --", "x" * 200, "x" * 301, "no such", "\u0307",
        "_a", " ", "  ", "a ", '" OR "', "name:com", "-acme", "com.acme/o", "ACME/O0",
    ])  # fmt: skip
    async def test_every_term_means_itself(self, store: Store, term: str) -> None:
        """
        No character has a meaning of its own, of any length of term; case is folded as Unicode folds it.
        """
        rows = {f"com.acme/o{number}": text for number, text in enumerate(ODD)}
        await put(store, *(entry(name, description=text) for name, text in rows.items()))

        expected = [n for n, t in rows.items() if term.casefold() in n or term.casefold() in t.casefold()]

        assert await _names(store, term) == sorted(expected)

    @pytest.mark.parametrize("term", ["\x1f", "\x00", "l\x1fP", "payroll\x1fPay", "y\x1fSalaries", "\x00\x00\x00"])
    async def test_fields_do_not_run_together(self, store: Store, term: str) -> None:
        """
        A term matches within name, title or description, never across, however they are kept.
        """
        await put(store, entry("com.acme/payroll", title="Pay", description="Salaries"))

        assert await _names(store, term) == []

    @pytest.mark.parametrize("length", [64, 255, 1000, 20_000])
    async def test_long_terms(self, store: Store, length: int) -> None:
        """
        A term may be as long as it likes; it is found whole or not at all.
        """
        text = "".join(chr(0x4E00 + number % 20_000) for number in range(length))
        await put(store, entry("com.acme/payroll", description=text), entry("com.acme/other", description=text[1:]))

        assert await _names(store, text) == ["com.acme/payroll"]
        assert await _names(store, text + "!") == []

    @pytest.mark.parametrize(
        ("term", "found"), [("payroll", True), ("wages", True), ("salar", True), ("stdio", False), ("npm", False)]
    )
    async def test_where_it_looks(self, store: Store, term: str, found: bool) -> None:
        """
        In name, title and description, and nowhere else.
        """
        given = entry(
            "com.acme/payroll",
            title="Wages",
            description="Salaries",
            registry_types=("npm",),
            transports=("stdio",),
            body="stdio npm",
        )
        await put(store, given)

        assert bool(await _names(store, term)) == found


class TestTiers:
    NAMES = (
        "com.acme/pay", "com.acme/pay.more", "Com.Acme/Pay", "a.first/about", "org.zeta/com.acme", "b.second/PAY",
        "z.last/pay", "m.middle/repay", "com.acmepay/x",
    )  # fmt: skip

    async def _store(self, store: Store) -> None:
        entries = [
            entry(name, version, description="pay com.acme/pay")
            for name in self.NAMES
            for version in ("1.0.0", "2.0.0")
        ]
        await put(store, *entries)

    @pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
    async def test_exact_name_then_exact_last_segment_then_the_others(self, store: Store, limit: int) -> None:
        """
        Within each of the three the order is that of the list, and paging at any limit keeps all of it.
        """
        await self._store(store)

        by_name = await _names(store, "COM.acme/pay", limit)
        by_slug = await _names(store, "Pay", limit)

        def twice(names: list[str]) -> list[str]:
            return [name for name in names for _ in range(2)]

        exact = ["Com.Acme/Pay", "com.acme/pay"]
        assert by_name == twice([*exact, *sorted(set(self.NAMES) - set(exact))])
        segment = ["Com.Acme/Pay", "b.second/PAY", "com.acme/pay", "z.last/pay"]
        assert by_slug == twice([*segment, *sorted(set(self.NAMES) - set(segment))])

    @pytest.mark.parametrize("count", [3, 500])
    @pytest.mark.parametrize("term", ["s", "se", "server", "server-0"])
    async def test_rare_and_common_terms_answer_alike(self, store: Store, term: str, count: int) -> None:
        """
        However many match, and whatever the length of the term, the answer is all of them in order.
        """
        await put(store, *(entry(f"com.acme/server-{number:03d}") for number in range(count)))

        expected = [f"com.acme/server-{n:03d}" for n in range(count) if term in f"com.acme/server-{n:03d}"]

        assert await _names(store, term, 30) == expected

    async def test_filters_narrow_every_tier(self, store: Store) -> None:
        """
        A search with other filters is what both let through.
        """
        await self._store(store)

        found = keys(await walk(everyone(store), Query(search="pay", version="latest", limit=2)))

        assert {version for _, version in found} == {"2.0.0"}
        assert len(found) == len(self.NAMES)
