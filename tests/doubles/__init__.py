"""Doubles that speak the real protocols: an upstream registry over HTTP, clocks. Nothing here is a mock."""
