"""From a request to a Principal."""
