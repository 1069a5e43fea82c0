"""The promises of registry/store/interface.py, one test each. An engine joins by one more line in conftest.py."""
