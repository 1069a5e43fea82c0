"""Keys that are made beside the store, and keys that are configured."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry.errors import ConfigFault
from registry.settings import Settings, StoreSettings
from registry.settings.audit import AuditSettings
from registry.settings.key_file import make_key_file, resolve_seed
from registry.settings.secret import SecretRef
from registry.wiring import checkpoint_key, make_checkpoint_key, own_checkpoint_key_file


class TestMake:
    def test_for_its_owner_alone(self, tmp_path: Path) -> None:
        """
        A fresh key that nobody else reads, and nothing else in the folder.
        """
        path = tmp_path / "key"

        assert make_key_file(path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(resolve_seed(SecretRef(file=path), {})) == 32
        assert [each.name for each in tmp_path.iterdir()] == ["key"]

    def test_once(self, tmp_path: Path) -> None:
        """
        A key that is there stays, whoever starts at the same time.
        """
        path = tmp_path / "key"
        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(lambda _: make_key_file(path), range(8)))
        before = path.read_bytes()

        assert made.count(True) == 1
        assert not make_key_file(path)
        assert path.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == ["key"]


class TestResolve:
    @pytest.mark.parametrize("text", ["abc", "xy" * 32, "ab" * 33, "AB" * 31 + "zz"])
    def test_no_key(self, text: str) -> None:
        """
        What is no key stops the start, and is not repeated.
        """
        with pytest.raises(ConfigFault, match="the environment variable K holds no signing key") as raised:
            resolve_seed(SecretRef(env="K"), {"K": text})

        assert text not in str(raised.value)

    def test_open_to_others(self, tmp_path: Path) -> None:
        """
        A key that others can read is none.
        """
        path = tmp_path / "key"
        make_key_file(path)
        path.chmod(0o644)

        with pytest.raises(ConfigFault, match="open to others"):
            resolve_seed(SecretRef(file=path), {})


class TestCheckpointKey:
    def test_beside_the_store_unless_configured(self, tmp_path: Path) -> None:
        """
        Nobody configured one: it is made at the first start and found at the next. Somebody did: none is made.
        """
        usual = Settings(store=StoreSettings(path=tmp_path / "registry.db"))
        chosen = Settings(store=usual.store, audit=AuditSettings(signing_key=SecretRef(env="K")))

        assert make_checkpoint_key(chosen) is None
        assert make_checkpoint_key(usual) == own_checkpoint_key_file(usual) == tmp_path / "registry.db.audit-key"
        assert make_checkpoint_key(usual) is None
        assert checkpoint_key(usual, {}).id == checkpoint_key(usual, {}).id
        assert checkpoint_key(chosen, {"K": "ab" * 32}).public.hex() == (
            "248acbdbaf9e050196de704bea2d68770e519150d103b587dae2d9cad53dd930"
        )

    def test_missing(self, tmp_path: Path) -> None:
        """
        A key that is configured and not there stops the start; no other takes its place.
        """
        settings = Settings(
            store=StoreSettings(path=tmp_path / "registry.db"),
            audit=AuditSettings(signing_key=SecretRef(file=tmp_path / "none")),
        )
        make_key_file(own_checkpoint_key_file(settings))

        with pytest.raises(ConfigFault, match="cannot read"):
            checkpoint_key(settings, {})
