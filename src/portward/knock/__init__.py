"""The client: what it knows of a gate, how it knocks, and how it hands a knock to others."""
