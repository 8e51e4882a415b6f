"""Messages and framing: bytes to commands and events to bytes; no socket, no thread, no clock."""
