"""References to images: which host answers for one."""

import pytest

from registry.errors import Invalid
from registry.verify.image import parse_image

DIGEST = "sha256:" + "0a" * 32


class TestParseImage:
    @pytest.mark.parametrize(
        ("text", "host", "repository", "tag", "digest"),
        [
            ("postgres", "docker.io", "library/postgres", "", ""),
            ("postgres:17", "docker.io", "library/postgres", "17", ""),
            ("acme/fax:1.0.0", "docker.io", "acme/fax", "1.0.0", ""),
            ("docker.io/acme/fax:1", "docker.io", "acme/fax", "1", ""),
            ("docker.io/fax:1", "docker.io", "library/fax", "1", ""),
            (f"oci.acme.example/fax@{DIGEST}", "oci.acme.example", "fax", "", DIGEST),
            (f"oci.acme.example/a/b/c_d__e--f.g:V1_0@{DIGEST}", "oci.acme.example", "a/b/c_d__e--f.g", "V1_0", DIGEST),
            ("OCI.Acme.Example/fax:1", "oci.acme.example", "fax", "1", ""),
            ("oci.acme.example:5000/fax:1", "oci.acme.example:5000", "fax", "1", ""),
            ("localhost/fax:1", "localhost", "fax", "1", ""),
            ("localhost:5000/fax", "localhost:5000", "fax", "", ""),
            ("[::1]:5000/fax:1", "[::1]:5000", "fax", "1", ""),
        ],
    )
    def test_a_reference_has_one_reading(self, text: str, host: str, repository: str, tag: str, digest: str) -> None:
        """Host, repository, tag and digest, as every client reads them."""
        read = parse_image(text)

        assert (read.host, read.repository, read.tag, read.digest) == (host, repository, tag, digest)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "/fax",
            "fax/",
            "Acme/fax",
            "oci.acme.example/Fax",
            "oci.acme.example/",
            "oci.acme.example//fax",
            "oci.acme.example/../fax",
            "oci.acme.example/fax:",
            "oci.acme.example/fax@",
            "oci.acme.example/fax:1:2",
            "oci.acme.example/fax:sha256:" + "0a" * 32,
            "oci.acme.example/fax@sha256:0a",
            "oci.acme.example/fax@md5:" + "0a" * 16,
            f"oci.acme.example/fax@{DIGEST}@{DIGEST}",
            "https://oci.acme.example/fax",
            "me@oci.acme.example/fax",
            "oci.acme.example:port/fax",
            "oci.acme.example\\fax.example/x",
            "oci.acme.example/fax:1\n",
            "oci.acme.example/fax?x",
            "oci.acme.example/" + "a" * 256,
        ],
    )
    def test_what_could_be_read_in_two_ways_is_none(self, text: str) -> None:
        """A reference whose host cannot be told for certain is refused."""
        with pytest.raises(Invalid, match="not a reference to an image"):
            parse_image(text)
