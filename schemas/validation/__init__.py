"""Whether a server.json keeps the rules: `engine.validate` is the way in. No I/O beyond reading our own schemas."""
