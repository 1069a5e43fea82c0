"""Keeps the mirror in step with its upstreams. Start at run.py; schedule.py says when and who."""
