"""server.json: the JSON Schema of every published date, written by us, and what we read of a document."""
