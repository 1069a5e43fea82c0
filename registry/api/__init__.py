"""HTTP in, HTTP out (JSON)."""
