"""Lets `python -m chatroom` do what `chatroom` does."""

import sys

from chatroom.cli.main import main

sys.exit(main())
