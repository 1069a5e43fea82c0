"""server.json: the schema of every published date, and what we read of a document."""
# The old module is still imported by this name.
from schemas.server_json.document import AmbiguousDocument, registry_types, require_unambiguous, text_of, transports

__all__ = ["AmbiguousDocument", "registry_types", "require_unambiguous", "text_of", "transports"]
