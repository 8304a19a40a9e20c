"""The asyncio runner: the only place with sockets, timers and log events."""
