"""The egress against peers that speak real bytes on loopback, well-behaved and otherwise."""
