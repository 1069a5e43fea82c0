"""The SQLite engine. Only `registry.app` imports it."""
