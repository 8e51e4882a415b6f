"""Sockets and threads: the listener, one thread per client, the delivery."""
