"""Whether the publisher of a server owns the packages it names: one file per kind of index, asked before anything is
stored."""
