"""The command line: one description of the commands, their handlers, and how outcomes are shown."""
