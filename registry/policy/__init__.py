"""Whether something may happen. Pure."""
