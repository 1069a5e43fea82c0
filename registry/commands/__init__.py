"""What the registry can be told to do: one file, one transaction, one audit event."""
