"""The key that is made beside the store."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from registry.auth.signing_keys import SigningKey, make_own_key, own_key_file, resolved_keys
from registry.errors import ConfigFault
from registry.settings.secret import SecretRef

SEED = "0123456789abcdef" * 4


class TestOwnKey:
    def test_is_made_once(self, tmp_path: Path) -> None:
        """
        For its owner alone, and left as it is by who comes later.
        """
        store = tmp_path / "registry.db"

        made, again = make_own_key(store), make_own_key(store)

        assert (made, again) == (own_key_file(store), None)
        assert made is not None
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.iterdir()] == ["registry.db.signing-key"]
        assert resolved_keys((), store, {})[0].key_id == resolved_keys((), store, {})[0].key_id

    def test_many_at_once(self, tmp_path: Path) -> None:
        """
        Of processes that start together one makes it, and all read the same.
        """
        store = tmp_path / "registry.db"
        with multiprocessing.get_context("spawn").Pool(4) as processes:
            seen = processes.map(_made_and_read, [store] * 16)

        assert sum(made for made, _ in seen) == 1
        assert len({key_id for _, key_id in seen}) == 1
        assert len(list(tmp_path.iterdir())) == 1

    def test_is_not_there(self, tmp_path: Path) -> None:
        """
        Where it was never made, or went away, nothing is signed.
        """
        with pytest.raises(ConfigFault, match="cannot read the secret file"):
            resolved_keys((), tmp_path / "registry.db", {})


class TestConfigured:
    def test_in_their_order(self, tmp_path: Path) -> None:
        """
        From files and the environment alike; the first one signs.
        """
        path = tmp_path / "key"
        path.write_text(SEED.upper() + "\n")
        path.chmod(0o600)
        configured = [SecretRef(env="KEY"), SecretRef(file=path)]

        keys = resolved_keys(configured, tmp_path / "registry.db", {"KEY": "ff" * 32})

        expected = [SigningKey(b"\xff" * 32), SigningKey(bytes.fromhex(SEED))]
        assert [key.key_id for key in keys] == [key.key_id for key in expected]

    @pytest.mark.parametrize("seed", ["f" * 63, "f" * 65, "g" * 64, "0x" + "f" * 62, "f f" + "f" * 61])
    def test_no_key(self, tmp_path: Path, seed: str) -> None:
        """
        Anything else stops the start, and is not shown.
        """
        with pytest.raises(ConfigFault, match="the environment variable KEY holds no signing key") as stopped:
            resolved_keys([SecretRef(env="KEY")], tmp_path / "registry.db", {"KEY": seed})

        assert seed not in str(stopped.value)


def _made_and_read(store: Path) -> tuple[bool, str]:
    return make_own_key(store) is not None, resolved_keys((), store, {})[0].key_id
