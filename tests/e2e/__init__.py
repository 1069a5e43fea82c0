"""The whole product, from outside: processes, signals, two registries in a row, the command line."""
