"""What a project already says of itself, for the first server.json it gets."""
