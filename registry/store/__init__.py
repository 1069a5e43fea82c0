"""Everything that outlives a process: a contract (interface.py) and the engines that keep it."""
