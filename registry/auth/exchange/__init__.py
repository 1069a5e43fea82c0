"""From somebody else's proof to what this registry grants for it: one login a file."""
