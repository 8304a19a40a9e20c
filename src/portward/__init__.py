"""portward: a gate for the services of a Linux host or a MikroTik router."""

__version__ = "0.1.0"
