"""How messages and reports get in and out: the gateway, one folder per channel, and the agency's backend."""
