"""`chatroom join` in a pseudo-terminal, against a scripted server."""
