"""Who is kept out."""

import pytest

from chatroom.auth import bans as bans_module
from chatroom.auth.bans import Bans
from chatroom.auth.networks import network_of
from chatroom.log.base import Account, AddAccount, RemoveAccount, StorageFull
from chatroom.log.memory import MemoryStore
from chatroom.log.rules import Act, Ban
from chatroom.protocol.errors import ErrorCode, ProtocolError
from tests.auth.desks import OPERATOR, Books
from tests.clock import Clock

HOME = "127.0.0.1"


class Scene:
    """A store in which there is bob, and a clock that the test sets."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.books = Books(MemoryStore(clock=self.clock))
        self.bob = self.add("bob")
        self.bans = self.again()

    def add(self, name: str) -> Account:
        """Make an account."""
        (account,) = self.books.store.commit([AddAccount(name, "hash")])
        assert isinstance(account, Account)
        return account

    def again(self) -> Bans:
        """Return the bans as a server finds them when it starts."""
        return Bans(self.books.store.bans(), self.books.commit, self.clock)

    def ban(self, who: str | Account, reason: str = "", seconds: float | None = None) -> Ban:
        """Ban an account or a network."""
        if isinstance(who, Account):
            return self.bans.add(who.number, who.name, reason, seconds, OPERATOR)
        return self.bans.add(who, who, reason, seconds, OPERATOR)

    def is_out(self, address: str = HOME, account: Account | None = None) -> bool:
        """Say whether somebody is kept out, and see that a server which starts says the same."""
        codes: list[ErrorCode | None] = []
        for each in (self.bans, self.again()):
            try:
                if account is not None:
                    each.check(account, address)
                else:
                    each.check_address(address)
                codes.append(None)
            except ProtocolError as problem:
                codes.append(problem.code)
        assert codes in ([None] * 2, [ErrorCode.BANNED] * 2)
        return codes[0] is not None


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_banned_account_is_kept_out_and_no_other(scene: Scene) -> None:
    carol = scene.add("carol")
    scene.ban(scene.bob, "spam")
    assert scene.is_out(account=scene.bob)
    assert not scene.is_out(account=carol)
    assert not scene.is_out()
    assert scene.books.acts == [Act(OPERATOR, "ban", "bob", "for good (spam)")]


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("203.0.113.0/24", ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.7"], "203.0.114.0"),
        ("203.0.113.9/32", ["203.0.113.9"], "203.0.113.8"),
        ("2001:db8::/64", ["2001:db8::1", "2001:db8::ffff:0:0:1%eth0"], "2001:db8:0:1::1"),
        ("0.0.0.0/0", ["127.0.0.1", "255.255.255.255"], "::1"),
        ("::/0", ["::1", "2001:db8::1"], "127.0.0.1"),
    ],
)
def test_whoever_comes_from_a_banned_network_is_kept_out(
    scene: Scene, network: str, inside: list[str], outside: str
) -> None:
    scene.ban("198.51.100.0/25")
    scene.ban(network)
    for address in inside:
        assert scene.is_out(address)
        assert scene.is_out(address, scene.bob)
    assert not scene.is_out(outside)
    assert not scene.is_out("local")


def test_the_sentence_says_why_for_how_long_and_what_to_do(scene: Scene) -> None:
    scene.clock.now = 1_782_864_000.0
    scene.ban(scene.bob, "spam", 3600)
    scene.ban("203.0.113.0/24")
    with pytest.raises(ProtocolError) as caught:
        scene.bans.check(scene.bob, HOME)
    assert caught.value.message == (
        "bob is banned here until 2026-07-01 01:00 UTC (spam); ask the person who runs the server."
    )
    assert caught.value.retry_after == 3600.0
    with pytest.raises(ProtocolError) as caught:
        scene.bans.check_address("203.0.113.9")
    assert caught.value.message == (
        "This address is banned here for good; ask the person who runs the server."
    )
    assert caught.value.retry_after is None


def test_a_ban_ends_when_its_time_is_over(scene: Scene) -> None:
    scene.ban(scene.bob, seconds=60)
    scene.ban("203.0.113.0/24", seconds=60)
    scene.clock.now += 59.9
    assert scene.is_out(account=scene.bob)
    assert scene.is_out("203.0.113.9")
    scene.clock.now += 0.1
    assert not scene.is_out(account=scene.bob)
    assert not scene.is_out("203.0.113.9")
    assert scene.bans.all() == []
    assert scene.bans.find(scene.bob.number) is None
    assert not scene.bans.lift(scene.bob.number, "bob", OPERATOR)


def test_a_ban_is_lifted(scene: Scene) -> None:
    scene.ban(scene.bob)
    scene.ban("203.0.113.0/24")
    assert scene.bans.lift(scene.bob.number, "bob", OPERATOR)
    assert not scene.is_out(account=scene.bob)
    assert scene.is_out("203.0.113.9")
    assert scene.bans.lift("203.0.113.0/24", "203.0.113.0/24", OPERATOR)
    assert not scene.is_out("203.0.113.9")
    assert not scene.bans.lift("203.0.113.0/24", "203.0.113.0/24", OPERATOR)
    assert [act.act for act in scene.books.acts] == ["ban", "ban", "unban", "unban"]


def test_a_ban_takes_the_place_of_an_earlier_one(scene: Scene) -> None:
    scene.ban(scene.bob, "one", 60)
    scene.ban(scene.bob, "two")
    assert [ban.reason for ban in scene.bans.all()] == ["two"]
    assert scene.bans.all() == scene.again().all()


def test_a_wider_ban_is_found(scene: Scene) -> None:
    scene.ban("203.0.113.0/24")
    for text, found in (
        ("203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.0/24", None),
        ("203.0.114.9", None),
    ):
        network = network_of(text)
        assert network is not None
        wider = scene.bans.wider(network)
        assert (None if wider is None else wider.subject) == found


def test_an_account_that_is_gone_cannot_be_banned(scene: Scene) -> None:
    scene.books.store.commit([RemoveAccount(scene.bob.number)])
    with pytest.raises(ProtocolError, match="no account called bob any more"):
        scene.ban(scene.bob)
    assert scene.bans.all() == []
    assert scene.books.acts == []


def test_there_are_no_more_bans_than_there_may_be(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is over, and one that takes another's place, do not count."""
    monkeypatch.setattr(bans_module, "BANS", 2)
    scene.ban("10.0.0.0/8", seconds=60)
    scene.ban(scene.bob)
    with pytest.raises(ProtocolError, match="2 bans already; lift some") as caught:
        scene.ban("11.0.0.0/8")
    assert caught.value.code is ErrorCode.INVALID_FIELD
    scene.ban(scene.bob, "again")
    scene.clock.now += 60
    scene.ban("11.0.0.0/8")
    assert len(scene.bans.all()) == 2


def test_a_full_disk_is_said_and_changes_nothing(scene: Scene) -> None:
    scene.ban(scene.bob)

    def refuse(_: object) -> None:
        raise StorageFull("The disk is full.")

    scene.books.before = refuse
    for act in (
        lambda: scene.ban("10.0.0.0/8"),
        lambda: scene.bans.lift(scene.bob.number, "bob", OPERATOR),
    ):
        with pytest.raises(ProtocolError) as caught:
            act()
        assert caught.value.code is ErrorCode.STORAGE_FULL
    assert [ban.subject for ban in scene.bans.all()] == [scene.bob.number]
