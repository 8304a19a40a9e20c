"""Policy → typed nftables → text. Pure: the same policy gives the same text, byte for byte."""
