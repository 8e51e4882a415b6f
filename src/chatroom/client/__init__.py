"""The client library: connect, send, listen, reconnect."""
