"""https between the tests' own authority and a server that has its certificate, for the name `CERTIFIED`."""

import ssl
from pathlib import Path

CERTIFIED = "registry.upstream.example"
"""The one name that the certificate is for."""

_CERTIFICATES = Path(__file__).parents[1] / "egress" / "certificates"


def serving() -> ssl.SSLContext:
    """For a server that is called `CERTIFIED`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_CERTIFICATES / "server.pem")
    return context


def trusting() -> ssl.SSLContext:
    """For a client that trusts the tests' authority and nobody else."""
    return ssl.create_default_context(cafile=str(_CERTIFICATES / "authority.pem"))
