import logging

from chatroom.ui import logs


def test_warnings_of_the_library_are_shown_clean_and_only_for_a_while() -> None:
    shown: list[str] = []
    logger = logging.getLogger("chatroom.client")
    with logs.shown(shown.extend):
        logger.warning("the server says %s", "\x1b[2J")
        logger.info("nothing of interest")
    assert shown == ["chatroom: the server says ␛[2J"]
    assert not logging.getLogger("chatroom").handlers
