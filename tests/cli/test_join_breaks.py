"""`chatroom join` with a server that the test plays, to break the line where it hurts most."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.command import as_user
from tests.cli.screen import Screen
from tests.client.peer import EPOCH, Peer, Visitor, broadcast, confirmation, direct, welcome

OPENED = "HELP           show this"
PROMPT = "PM, DM, WHO or EX:"


@contextmanager
def entering(
    *entries: dict[str, object], head: int, **fields: object
) -> Iterator[tuple[Peer, Visitor, Screen]]:
    """Bob on his way into a room; the entries come as replay.

    Args:
        entries: what of the log comes.
        head: how many entries the room's log has.
        fields: further fields of the welcome.
    """
    with Peer() as peer, Screen("join", peer.address, env=as_user("bob")) as screen:
        visitor = peer.accept()
        visitor.expect("login")
        visitor.send(welcome("bob", "bob") | standing(head, 1) | {"session": "s"} | fields)
        visitor.send(*map(replayed, entries))
        yield peer, visitor, screen


def come_back(
    peer: Peer, head: int, *frames: dict[str, object], first: int | None = None
) -> Visitor:
    """Lets the client come back.

    Args:
        peer: where.
        head: how many entries the log has by now.
        frames: what is sent then.
        first: which entries come, from this one on; None for all that the client does not have.
    """
    visitor = peer.accept()
    resume = visitor.expect("resume")
    assert isinstance(resume["logs"], dict)
    after = resume["logs"]["room"]["after"]
    logs = standing(head, after + 1 if first is None else first)
    visitor.send(welcome("bob", "bob") | {"type": "resumed"} | logs)
    visitor.send(*frames)
    return visitor


def standing(head: int, first: int) -> dict[str, object]:
    """How the logs stand: the inbox is empty."""
    room = {"epoch": EPOCH, "head": head, "oldest": 1, "from": first}
    inbox = {"epoch": EPOCH, "head": 0, "oldest": 1, "from": 1}
    return {"logs": {"room": room, "inbox": inbox}}


def replayed(entry: dict[str, object]) -> dict[str, object]:
    return entry | {"replay": True}


def rows(screen: Screen) -> list[str]:
    """What stands on the screen below the help, without times, days and the rest of long lines."""
    lines = [re.sub(r"^\d\d:\d\d:\d\d ", "", row) for row in screen.lines]
    kept = [line for line in lines if "day, " not in line and not line.startswith(" " * 9)]
    return kept[kept.index(f"  {OPENED}") + 1 :]


def test_what_takes_its_time_is_pending_until_it_is_said() -> None:
    with entering(head=0) as (_, visitor, screen):
        screen.wait_for(OPENED)
        screen.enter("PM one")
        screen.enter("PM two")
        first, second = visitor.expect("PM"), visitor.expect("PM")
        screen.wait_for("  ... two (not confirmed yet)")
        screen.type("PM half")
        screen.wait_for(f"{PROMPT} PM half")
        assert rows(screen) == [
            "  ... one (not confirmed yet)",
            "  ... two (not confirmed yet)",
            f"{PROMPT} PM half",
        ]
        visitor.confirm(first, 1)
        screen.wait_for("you: one")
        screen.wait_until(
            lambda: rows(screen)[-2:] == ["  ... two (not confirmed yet)", f"{PROMPT} PM half"],
            "one row above the line",
        )
        visitor.confirm(second, 2)
        screen.wait_for("you: two")
        screen.wait_until(
            lambda: rows(screen) == ["you: one", "you: two", f"{PROMPT} PM half"],
            "both said and nothing pending",
        )


@pytest.mark.parametrize("confirmed_first", [False, True])
def test_what_was_stored_before_a_break_and_is_confirmed_after_it_is_shown_once(
    *, confirmed_first: bool
) -> None:
    """In the place where it stands in the log."""
    with entering(head=0) as (peer, visitor, screen):
        screen.wait_for(OPENED)
        screen.enter("PM mine")
        visitor.expect("PM")
        visitor.hang_up()
        screen.wait_for("  ... mine (sent when the server is back)")
        back_again = come_back(peer, 3)
        again = confirmation(back_again.expect("PM"), 1, duplicate=True)
        missed = [
            replayed(broadcast(1, "mine", sender="bob")),
            replayed(broadcast(2, "theirs")),
            replayed(broadcast(3, "last")),
        ]
        back_again.send(*([again, *missed] if confirmed_first else [*missed, again]))
        back_again.send(broadcast(4, "live"))
        screen.wait_for("alice: live")
        screen.wait_until(lambda: screen.lines[-1] == PROMPT, "prompt")
        screen.wait_until(lambda: "  ..." not in screen.text, "nothing pending")
        lost, back, *shown = rows(screen)
        assert lost.startswith("The server is gone: ")
        assert back.endswith("; 3 messages were said meanwhile:")
        assert shown == [
            "you: mine",
            "alice: theirs",
            "alice: last",
            "In the room (1): bob (you)",
            "alice: live",
            PROMPT,
        ]


def test_a_break_in_the_history_shows_what_there_is_and_then_the_rest() -> None:
    with entering(broadcast(1, "one"), head=3) as (peer, visitor, screen):
        visitor.hang_up()
        screen.wait_for(OPENED)
        come_back(peer, 3, replayed(broadcast(2, "two")), replayed(broadcast(3, "three")))
        screen.wait_for("alice: three")
        screen.wait_for("In the room (1)")
        above = screen.text.partition("WHO ")[0]
        assert re.search(r"the last message ---\n.*\n?.*alice: one\n--- now ---\n", above)
        back, *shown = rows(screen)[1:]
        assert back.endswith("; 2 messages were said meanwhile:")
        assert shown[:3] == ["alice: two", "alice: three", "In the room (1): bob (you)"]


def test_a_live_message_stands_behind_the_history() -> None:
    with entering(broadcast(1, "one"), broadcast(2, "two"), head=2) as (_, visitor, screen):
        visitor.send({"type": "update_users", "users": ["alice", "bob"]}, broadcast(3, "three"))
        screen.wait_for("alice: three")
        assert screen.text.index("alice: one") < screen.text.index("--- now ---")
        assert screen.text.index("--- now ---") < screen.text.index("alice: three")


def test_a_server_that_falls_silent_counts_as_gone() -> None:
    heartbeat = {"ping": 0.2, "answer": 0.2}
    with entering(head=0, heartbeat=heartbeat) as (peer, _, screen):
        screen.wait_for("The server is gone: The server has said nothing for 0.4 seconds.")
        come_back(peer, 0)
        screen.wait_for("; nothing was said meanwhile.")


def test_what_the_server_no_longer_has_is_told() -> None:
    with entering(head=0) as (peer, visitor, screen):
        screen.wait_for(OPENED)
        visitor.hang_up()
        gap = {"type": "gap", "log": "room", "from": 1, "to": 4, "reason": "retention"}
        come_back(peer, 5, gap, replayed(broadcast(5, "kept")), first=5)
        screen.wait_for("; 1 message was said meanwhile:")
        screen.wait_for("4 messages said to everyone meanwhile were not kept by the server")
        screen.wait_for("alice: kept")
        assert screen.text.index("not kept") < screen.text.index("alice: kept")


def test_nothing_from_the_past_can_command_the_terminal() -> None:
    """Neither in the history nor in what was missed."""
    harm = "\x1b]0;owned\x07\x9b2J\u202e\r"
    with entering(broadcast(1, harm, sender=harm), head=1) as (peer, visitor, screen):
        screen.wait_for(OPENED)
        visitor.hang_up()
        come_back(
            peer,
            3,
            replayed(broadcast(2, harm)),
            {"type": "gap", "log": harm, "from": 1, "to": 4, "reason": harm},
            replayed(broadcast(3, "over")),
            direct(1, harm),
        )
        screen.wait_for("alice: over")
        screen.wait_for("(private): ␛]0;owned␇")
        assert screen.text.count("␛]0;owned␇<U+009B>2J<U+202E>␍") == 4
        for command in (b"\x1b]", b"\x07", "\x9b".encode(), "\u202e".encode()):
            assert command not in screen.raw
        assert b"Traceback" not in screen.raw
