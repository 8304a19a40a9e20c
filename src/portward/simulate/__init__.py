"""The reference machine: what should happen to a packet, in plain Python, by the policy alone."""
