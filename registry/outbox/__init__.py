"""Telling others what happened: webhooks. The record is the outbox; this is the way from there to a receiver."""
