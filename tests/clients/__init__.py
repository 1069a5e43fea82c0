"""Request sequences of real clients, exactly as they send them, and what each of them chokes on."""
