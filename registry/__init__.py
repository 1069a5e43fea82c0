"""The governed registry: catalog, store, commands and the edges that speak to clients."""

from typing import Final

RELEASE: Final = "0.2.0"
"""This release. Stored files state the oldest release that may still use them."""
