"""What only the SQLite engine promises: its file, its plans, its turns, and what happens when a process dies."""
