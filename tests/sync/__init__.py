"""Sync against a real upstream over HTTP, into a real store."""
