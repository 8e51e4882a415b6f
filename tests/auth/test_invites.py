"""Codes that let new people in."""

import re
import threading

import pytest

from chatroom.auth import invites as invites_module
from chatroom.auth.invites import Invites, digest
from chatroom.log.base import Change, Outcome
from chatroom.log.memory import MemoryStore
from chatroom.log.rules import Act
from chatroom.protocol.errors import ErrorCode, ProtocolError
from tests.auth.desks import OPERATOR, Books, desk_in
from tests.clock import Clock

CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}")


class Scene:
    """A store, and a clock that the test sets."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.books = Books(MemoryStore(clock=self.clock))
        self.invites = self.again()

    def again(self) -> Invites:
        """Return the invites as a server finds them when it starts."""
        return Invites(self.books.store.invites(), self.books.commit, self.clock)

    def names(self) -> list[str]:
        """Return the names of those that are good, which a server that starts finds too."""
        found = [invite.name for invite in self.invites.all()]
        assert found == [invite.name for invite in self.again().all()]
        return found


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refused(invites: Invites, code: str | None) -> ErrorCode:
    with pytest.raises(ProtocolError) as caught:
        invites.check(code)
    assert caught.value.field == "invite"
    return caught.value.code


def test_a_code_can_be_read_and_not_guessed(scene: Scene) -> None:
    """The part behind the name has 80 bits, each of which is drawn."""
    codes = [scene.invites.make(60, OPERATOR) for _ in range(200)]
    assert all(CODE.fullmatch(code) for code in codes)
    secrets = [code[5:].replace("-", "") for code in codes]
    assert all(len(secret) * 5 == 80 for secret in secrets)
    for column in zip(*secrets, strict=True):
        assert len(set(column)) > 20


def test_only_the_digest_of_a_code_is_kept(scene: Scene) -> None:
    """And what the invite is called, which is no secret."""
    code = scene.invites.make(60, OPERATOR)
    (invite,) = scene.books.store.invites()
    assert (invite.digest, invite.name) == (digest(code), code[:4])
    assert scene.books.acts == [Act(OPERATOR, "invite", code[:4], "until 1970-01-01 00:17 UTC")]


@pytest.mark.parametrize(
    "spelt",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: f" {code.replace('-', ' ')} ",
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: code.replace("0", "o").replace("1", "I"),
    ],
)
def test_a_code_may_be_typed_as_people_type(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, spelt: object
) -> None:
    assert callable(spelt)
    monkeypatch.setattr(invites_module, "_new_code", lambda: "K0Q1-9XBT-00AA-1111-ZZ01")
    code = scene.invites.make(60, OPERATOR)
    assert scene.invites.check(spelt(code)).name == "K0Q1"


@pytest.mark.parametrize("code", ["", "K7Q2", "K7Q2-9XBT-AAAA-BBBB-CCCC", "\udfff", "ß" * 99])
def test_a_code_that_is_unknown_is_refused(scene: Scene, code: str) -> None:
    scene.invites.make(60, OPERATOR)
    assert refused(scene.invites, code) is ErrorCode.INVALID_INVITE


def test_whoever_brings_none_is_told_that_one_is_needed(scene: Scene) -> None:
    assert refused(scene.invites, None) is ErrorCode.INVITE_REQUIRED


def test_an_invite_is_good_for_so_long(scene: Scene) -> None:
    code = scene.invites.make(60, OPERATOR)
    scene.clock.now += 59.9
    assert scene.invites.check(code).name == code[:4]
    assert scene.names() == [code[:4]]
    scene.clock.now += 0.1
    assert refused(scene.invites, code) is ErrorCode.INVALID_INVITE
    assert scene.names() == []


@pytest.mark.parametrize("by", [lambda code: code[:4], lambda code: code, str.lower])
def test_an_invite_is_revoked_by_name_or_by_code(scene: Scene, by: object) -> None:
    assert callable(by)
    kept, code = scene.invites.make(60, OPERATOR), scene.invites.make(60, OPERATOR)
    assert scene.invites.revoke(by(code), OPERATOR).name == code[:4]
    assert refused(scene.invites, code) is ErrorCode.INVALID_INVITE
    assert scene.names() == [kept[:4]]
    assert scene.books.acts[-1] == Act(OPERATOR, "revoke", code[:4])
    with pytest.raises(ProtocolError, match="no such invite; 'chatroom invite --list'"):
        scene.invites.revoke(by(code), OPERATOR)


def test_no_two_invites_have_one_name(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["AAAA-1", "AAAA-2", "BBBB-3"])
    monkeypatch.setattr(invites_module, "_new_code", lambda: next(codes))
    assert [scene.invites.make(60, OPERATOR) for _ in range(2)] == ["AAAA-1", "BBBB-3"]
    assert [act.subject for act in scene.books.acts] == ["AAAA", "BBBB"]


def test_there_are_no_more_invites_than_there_may_be(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invites_module, "INVITES", 2)
    for _ in range(2):
        scene.invites.make(60, OPERATOR)
    with pytest.raises(ProtocolError, match="2 invites already; revoke some"):
        scene.invites.make(60, OPERATOR)
    scene.clock.now += 60
    scene.invites.make(60, OPERATOR)
    assert len(scene.names()) == 1


# Registering with one.


def test_a_new_name_needs_an_invite_and_uses_it_up(scene: Scene) -> None:
    with desk_in(scene.books, "carol", mode="invite", clock=scene.clock) as desk:
        code = desk.invites.make(60, OPERATOR)
        for act in (desk.accounts.is_new, lambda name: desk.accounts.admit(name, "x")):
            with pytest.raises(ProtocolError) as caught:
                act("bob")
            assert caught.value.code is ErrorCode.INVITE_REQUIRED
        assert desk.accounts.is_new("bob", code)
        assert not desk.accounts.is_new("carol"), "whoever is known needs none"
        assert desk.accounts.admit("bob", "x", code, "203.0.113.9").new_user
        assert scene.books.acts[-1] == Act(
            "bob", "register", "bob", f"from 203.0.113.9 with the invite {code[:4]}", guest=True
        )
        assert not desk.accounts.admit("bob", "x", code).new_user
        with pytest.raises(ProtocolError) as caught:
            desk.accounts.admit("eve", "x", code)
        assert caught.value.code is ErrorCode.INVALID_INVITE
        assert scene.books.store.invites() == []
        assert desk.accounts.add("eve", "x").name == "eve", "the operator needs none"


def test_of_two_who_use_one_invite_at_once_one_gets_in() -> None:
    """Both find it good before either has used it."""
    books = Books(MemoryStore())
    both, lock = threading.Barrier(2), threading.Lock()

    class Slow(Books):
        def commit(self, change: Change) -> Outcome:
            both.wait(10)
            with lock:
                return books.commit(change)

    with desk_in(books, mode="invite") as desk:
        code = desk.invites.make(60, OPERATOR)
    with desk_in(Slow(books.store), mode="invite") as desk:
        outcomes: list[object] = []

        def register(name: str) -> None:
            try:
                outcomes.append(desk.accounts.admit(name, "x", code).new_user)
            except ProtocolError as problem:
                outcomes.append(problem.code)

        threads = [threading.Thread(target=register, args=(name,)) for name in ("bob", "eve")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert sorted(map(str, outcomes)) == ["True", "invalid_invite"]
    assert len(books.store.accounts()) == 1
