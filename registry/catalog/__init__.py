"""What we know about servers. Pure: no clock, no database, no network, no logging."""
