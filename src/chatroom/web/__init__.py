"""What a browser speaks: HTTP, WebSocket, and the page."""
