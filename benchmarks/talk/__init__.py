"""How well it talks, in figures that need no person: ``python -m benchmarks.talk``."""
