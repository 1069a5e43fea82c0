"""`mcp-registry validate`: which files, what is wrong with each, and one module for every way to say it."""
