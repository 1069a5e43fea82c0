"""What happened, and proof that nobody changed the story. No I/O."""
