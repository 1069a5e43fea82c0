"""From somebody's proof to a token of this registry."""
