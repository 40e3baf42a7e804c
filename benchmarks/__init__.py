"""Measurements that anyone can repeat; each is a command: python -m benchmarks.NAME [--json]."""

import wakeup  # noqa: F401  (before torch: see there)
