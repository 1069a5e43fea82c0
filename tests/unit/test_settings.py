"""The settings as values: what is filled in, what deserves a warning, and how a secret is fetched."""

import os
from pathlib import Path

import pytest

from registry.errors import ConfigFault
from registry.settings import (
    AnonymousSettings,
    ServerSettings,
    Settings,
    UpstreamKind,
    UpstreamSettings,
    warnings,
)
from registry.settings.secret import SecretRef
from registry.settings.verify import IndexSettings, OciHostSettings, VerifySettings

SAMPLE = UpstreamSettings(name="sample", kind=UpstreamKind.FILE, path=Path("sample.jsonl"))


class TestUpstreamSettings:
    def test_new_versions_wait_a_day_where_anybody_may_publish(self) -> None:
        """A registry's API is public unless said otherwise; a file is one's own."""
        public = UpstreamSettings(name="official", kind=UpstreamKind.HTTP, url="https://registry.example")

        assert public.cool_off_us == 24 * 3600 * 1_000_000
        assert SAMPLE.cool_off_us == 0
        for kind in UpstreamKind:
            assert UpstreamSettings(name="x", kind=kind, cool_off_s=0.0).cool_off_us == 0
            assert UpstreamSettings(name="x", kind=kind, cool_off_s=1.5).cool_off_us == 1_500_000


class TestServerSettings:
    def test_the_public_url_is_the_listen_address_unless_said_otherwise(self) -> None:
        """A registry on one's own machine needs no configured name."""
        assert ServerSettings(listen="127.0.0.1:9000").public_url == "http://127.0.0.1:9000"

    @pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080"])
    def test_an_address_that_listens_everywhere_is_no_name(self, listen: str) -> None:
        """Links never point at 0.0.0.0, and no request may call itself that."""
        server = ServerSettings(listen=listen)

        assert server.public_url == "http://localhost:8080"
        assert server.allowed_hosts == ("localhost",)

    @pytest.mark.parametrize("listen", ["127.0.0.1:8080", "[::1]:8080", "localhost:8080", "127.8.8.8:1"])
    def test_on_loopback_every_usual_name_of_it_is_allowed(self, listen: str) -> None:
        """Whichever way somebody spells this machine, the local registry answers."""
        server = ServerSettings(listen=listen)

        assert server.on_loopback
        assert {"localhost", "127.0.0.1", "[::1]"} <= set(server.allowed_hosts)

    def test_off_loopback_only_the_names_it_has_are_allowed(self) -> None:
        """A browser tricked into calling a reachable registry `localhost` is refused."""
        server = ServerSettings(listen="192.0.2.7:8080", public_url="https://Registry.example/mcp")

        assert not server.on_loopback
        assert server.allowed_hosts == ("registry.example", "192.0.2.7")

    def test_configured_hosts_replace_the_derived_ones(self) -> None:
        """Who lists hosts has listed all of them."""
        assert ServerSettings(allowed_hosts=("a.example:8443",)).allowed_hosts == ("a.example:8443",)

    @pytest.mark.parametrize(
        ("listen", "host", "port"), [("[::1]:0", "[::1]", 0), ("Reg.example:65535", "reg.example", 65535)]
    )
    def test_host_and_port_are_told_apart(self, listen: str, host: str, port: int) -> None:
        """The colons of an IPv6 address are not taken for the one before the port."""
        server = ServerSettings(listen=listen)

        assert (server.host, server.port) == (host, port)


class TestWarnings:
    def test_a_usual_local_setup_has_none(self) -> None:
        """Warnings are rare enough to be read."""
        settings = Settings(anonymous=AnonymousSettings(team="everyone"), upstreams=(SAMPLE,))

        assert warnings(settings) == []

    def test_anonymous_reading_beyond_this_machine_is_pointed_out(self) -> None:
        """Opening a team's view to a whole network is allowed and never silent."""
        settings = Settings(
            server=ServerSettings(listen="192.0.2.7:8080"),
            anonymous=AnonymousSettings(team="everyone"),
            upstreams=(SAMPLE,),
        )

        assert [(warning.key, warning.message) for warning in warnings(settings)] == [
            ("anonymous.team", "everyone who can reach 192.0.2.7:8080 reads the view of team 'everyone'")
        ]

    @pytest.mark.parametrize(
        ("settings", "key"),
        [
            (Settings(), "upstream"),
            (
                Settings(server=ServerSettings(listen="0.0.0.0:80"), upstreams=(SAMPLE,)),
                "server.public_url",
            ),
            (
                Settings(server=ServerSettings(trusted_proxies=("::/0",)), upstreams=(SAMPLE,)),
                "server.trusted_proxies",
            ),
            (
                Settings(
                    upstreams=(
                        UpstreamSettings(
                            name="plain",
                            kind=UpstreamKind.HTTP,
                            url="http://up.example",
                            token=SecretRef(env="UP"),
                        ),
                    )
                ),
                "upstream.token",
            ),
            (
                Settings(
                    upstreams=(
                        UpstreamSettings(name="none", kind=UpstreamKind.HTTP, url="http://up.example", include=()),
                    )
                ),
                "upstream.include",
            ),
            (
                Settings(
                    upstreams=(SAMPLE,), verify=VerifySettings(npm=IndexSettings(url="http://npm.example", bases=()))
                ),
                "verify.npm",
            ),
            (
                Settings(
                    upstreams=(SAMPLE,),
                    verify=VerifySettings(oci=(OciHostSettings(host="oci.example", url="http://oci.example"),)),
                ),
                "verify.oci",
            ),
        ],
    )
    def test_each_likely_mistake_is_pointed_out_alone(self, settings: Settings, key: str) -> None:
        """One thing that looks wrong gives one warning, under the key to change."""
        assert [warning.key for warning in warnings(settings)] == [key]


class TestSecretRef:
    def test_a_secret_comes_from_its_variable(self) -> None:
        """The reference is followed when the secret is needed, not before."""
        assert SecretRef(env="UP_TOKEN").resolve({"UP_TOKEN": "s3cret"}) == "s3cret"

    def test_a_secret_comes_from_a_private_file_without_its_line_end(self, tmp_path: Path) -> None:
        """Editors end files with a line break; no token does."""
        assert SecretRef(file=_secret_file(tmp_path, b"s3cret\n")).resolve({}) == "s3cret"

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
    def test_a_file_open_to_others_is_refused(self, tmp_path: Path, mode: int) -> None:
        """A secret that others can read or replace is no secret, and the start stops."""
        path = _secret_file(tmp_path, b"s3cret", mode)

        with pytest.raises(ConfigFault, match=rf"mode {mode:04o}.*chmod 600"):
            SecretRef(file=path).resolve({})

    @pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"nul\0", "ключ".encode(), b"\xff\xfe"])
    def test_what_cannot_travel_in_a_header_is_refused(self, tmp_path: Path, content: bytes) -> None:
        """An empty secret means nothing, and a line break would end a header early."""
        path = _secret_file(tmp_path, content)

        with pytest.raises(ConfigFault, match="secret"):
            SecretRef(file=path).resolve({})

    def test_no_message_and_no_cause_shows_the_secret(self, tmp_path: Path) -> None:
        """A fault ends in a log; the secret must not be anywhere in it."""
        reference = SecretRef(file=_secret_file(tmp_path, b"hunter2\nhunter2\xff"))

        with pytest.raises(ConfigFault) as caught:
            reference.resolve({})

        assert "hunter2" not in str(caught.value) + repr(reference)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("environ", [{}, {"UP_TOKEN": ""}, {"UP_TOKEN": "  "}])
    def test_a_variable_that_holds_nothing_is_refused(self, environ: dict[str, str]) -> None:
        """A configured secret that is missing stops the start instead of calling without it."""
        with pytest.raises(ConfigFault, match="UP_TOKEN"):
            SecretRef(env="UP_TOKEN").resolve(environ)

    def test_an_absent_file_is_named(self, tmp_path: Path) -> None:
        """The operator learns which file was looked for."""
        with pytest.raises(ConfigFault, match=r"absent\.key: No such file"):
            SecretRef(file=tmp_path / "absent.key").resolve({})

    def test_a_named_pipe_does_not_hang_the_start(self, tmp_path: Path) -> None:
        """Only regular files are read."""
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe, 0o600)

        with pytest.raises(ConfigFault, match="not a regular file"):
            SecretRef(file=pipe).resolve({})

    def test_a_file_far_too_large_is_refused(self, tmp_path: Path) -> None:
        """Pointing at the wrong file does not read all of it."""
        path = _secret_file(tmp_path, b"x" * 65_537)

        with pytest.raises(ConfigFault, match="larger than 65536 bytes"):
            SecretRef(file=path).resolve({})

    def test_a_reference_to_nothing_is_refused(self) -> None:
        """Neither a variable nor a file is no secret."""
        with pytest.raises(ConfigFault, match="needs env or file"):
            SecretRef().resolve({})


def _secret_file(directory: Path, content: bytes, mode: int = 0o600) -> Path:
    path = directory / "secret.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path
