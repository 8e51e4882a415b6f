"""The append-only log: its contract, its engines, and the thread that commits."""
