"""The servers that are measured: how each is found, set up and started."""
