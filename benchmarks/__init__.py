"""The yardstick: chatroom beside other servers, through the same scenarios in one run."""
