"""What crosses a wire: shapes and texts. Imports nothing of ours."""
