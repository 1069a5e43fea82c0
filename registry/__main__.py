"""`python -m registry`, and the command `mcp-registry`."""

from registry.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
