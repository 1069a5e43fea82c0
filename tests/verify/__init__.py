"""Whose packages they are: the verifiers, with the real way out, against indexes on loopback."""
