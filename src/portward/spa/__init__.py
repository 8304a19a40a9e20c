"""The stronger knocks, sans-IO: passes, rolling sequences, sealed knocks, fwknop's packet."""
