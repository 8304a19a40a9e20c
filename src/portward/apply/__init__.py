"""Effects on this machine's firewall: what is there, what would change, the change, and the way back."""
