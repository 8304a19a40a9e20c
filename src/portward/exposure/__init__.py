"""What a host or a router shows to the network: facts are gathered, then judged; nothing is changed here."""
