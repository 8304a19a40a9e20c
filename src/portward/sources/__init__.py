"""Text → policy: TOML, RouterOS scripts, knockd.conf, each with positions and with every mistake told at once."""
