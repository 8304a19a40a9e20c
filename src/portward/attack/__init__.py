"""What an attacker or an honest visitor does to a gate, in throw-away network namespaces. Never on a real network."""
