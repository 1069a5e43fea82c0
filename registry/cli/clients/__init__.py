"""What clients ask of a registry, as far as it is known, to be asked of a running one: one module for each family."""
