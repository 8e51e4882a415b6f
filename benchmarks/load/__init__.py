"""The load generator: processes that hold connections, say things and count what comes."""
