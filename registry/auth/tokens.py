"""Drawing a token: the one place that holds its secret, for as long as it takes to hand it over."""

import secrets

import msgspec

from registry.policy.token import PUBLIC_ALPHABET, PUBLIC_LENGTH, SECRET_BYTES, compose, token_digest


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A token that nobody has yet. Only `id` and `digest` may be stored; `text` is shown once."""

    id: str
    digest: bytes
    text: str

    def __repr__(self) -> str:
        return f"Drawn(id={self.id!r})"


def draw() -> Drawn:
    """A new token, from the system's randomness."""
    public = "".join(secrets.choice(PUBLIC_ALPHABET) for _ in range(PUBLIC_LENGTH))
    text = compose(public, secrets.token_bytes(SECRET_BYTES))
    return Drawn(id=public, digest=token_digest(text), text=text)
