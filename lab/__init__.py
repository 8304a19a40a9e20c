"""portward against the real kernel, in throw-away network namespaces: the demo, the bench, and what net tests use."""
