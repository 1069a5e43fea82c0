"""The form of our own tokens, and what may be shown of one."""

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.auth.tokens import draw
from registry.errors import Invalid
from registry.policy.token import (
    PUBLIC_ALPHABET,
    compose,
    named_token,
    public_id,
    token_digest,
    token_name,
    without_secrets,
)

PUBLIC = st.text(PUBLIC_ALPHABET, min_size=8, max_size=8)
SECRET = st.binary(min_size=32, max_size=32)
TOKEN = "mcpr_ab12cd34_" + "x" * 43


class TestForm:
    @given(PUBLIC, SECRET)
    def test_composed_and_read(self, public: str, secret: bytes) -> None:
        """
        Whatever the secret bytes, also where their text holds `_`, the public characters are read back.
        """
        text = compose(public, secret)

        assert len(text) == 5 + 8 + 1 + 43
        assert public_id(text) == public

    @given(st.text(max_size=80))
    def test_other_text_is_none(self, text: str) -> None:
        """
        Nothing but the exact form is a token.
        """
        assert (public_id(text) is not None) == bool(re.fullmatch("mcpr_[0-9a-z]{8}_[0-9A-Za-z_-]{43}", text))

    @given(PUBLIC, SECRET, st.integers(0, 56), st.characters())
    def test_one_character_off(self, public: str, secret: bytes, place: int, other: str) -> None:
        """
        A character of another alphabet at any place makes it none.
        """
        text = compose(public, secret)
        if not re.fullmatch("[0-9A-Za-z_-]", other):
            assert public_id(text[:place] + other + text[place + 1 :]) is None

    @pytest.mark.parametrize(
        "text",
        [
            TOKEN[:-1],
            TOKEN + "x",
            TOKEN + "\n",
            " " + TOKEN,
            TOKEN.upper(),
            TOKEN.replace("mcpr_", "mcpR_"),
            TOKEN.replace("ab12cd34", "AB12CD34"),
            TOKEN.replace("ab12cd34", "ab12cd3_"),
            TOKEN.replace("ab12cd34", "ab12cd3٤"),
            TOKEN.replace("34_", "34-"),
            TOKEN[:-1] + "+",
            TOKEN[:-1] + "=",
            "",
        ],
    )
    def test_near_misses(self, text: str) -> None:
        """
        Lengths, cases and alphabets are exact.
        """
        assert public_id(text) is None

    @pytest.mark.parametrize(("public", "size"), [("ab12cd3", 32), ("AB12CD34", 32), ("ab12cd34", 31)])
    def test_what_none_is_made_of(self, public: str, size: int) -> None:
        """
        Parts of another size or alphabet are a bug of who draws them.
        """
        with pytest.raises(ValueError, match="no token is made"):
            compose(public, bytes(size))


class TestDrawn:
    def test_fits_together(self) -> None:
        """
        Id and digest are those of the text, and two are never alike.
        """
        first, second = draw(), draw()

        assert public_id(first.text) == first.id
        assert first.digest == token_digest(first.text) == sha256(first.text.encode()).digest()
        assert {first.id, first.text}.isdisjoint({second.id, second.text})

    def test_a_repr_shows_no_secret(self) -> None:
        """
        A token that ends up in a traceback is named, not told.
        """
        drawn = draw()

        assert drawn.id in repr(drawn)
        assert drawn.text not in repr(drawn)


class TestNamed:
    @pytest.mark.parametrize("text", ["ab12cd34", "mcpr_ab12cd34", TOKEN])
    def test_forms(self, text: str) -> None:
        """
        By its name, with the prefix or without, or pasted whole.
        """
        assert named_token(text) == "ab12cd34"

    @pytest.mark.parametrize("text", ["", "ab12cd3", "AB12CD34", TOKEN + "x", "mcpr_", "mcpr_ab12cd34_", "../ab12cd34"])
    def test_others(self, text: str) -> None:
        """
        Anything else names none, and is not repeated: it may hold a secret.
        """
        with pytest.raises(Invalid) as refused:
            named_token(text)

        assert "xxx" not in str(refused.value)


class TestWithoutSecrets:
    @given(st.text(max_size=20), PUBLIC, SECRET, st.text(max_size=20))
    def test_in_any_text(self, before: str, public: str, secret: bytes, after: str) -> None:
        """
        The secret goes, the name stays, wherever the token stands.
        """
        text = compose(public, secret)

        shown = without_secrets(before + text + after)

        assert text not in shown
        assert text[14:] not in shown
        assert token_name(public) in shown

    @given(st.text(max_size=60))
    def test_the_rest_stays(self, text: str) -> None:
        """
        What holds no token is left as it is.
        """
        if "mcpr_" not in text:
            assert without_secrets(text) == text

    def test_cut_ones_too(self) -> None:
        """
        A token that was cut is hidden as far as it is there.
        """
        assert without_secrets(TOKEN[:30]) == "mcpr_ab12cd34_…"
