"""Rules of the project that can be tests."""
