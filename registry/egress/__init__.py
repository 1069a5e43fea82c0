"""The only way out: every connection this process opens to somebody else's machine is opened here."""
