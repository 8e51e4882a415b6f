"""What the contract says of bans, invites and what is audited, held against every engine."""

from collections.abc import Callable

import pytest

from chatroom.log.base import (
    ROOM,
    Account,
    AddAccount,
    AddSession,
    Audited,
    Change,
    Draft,
    Noted,
    Refused,
    RemoveAccount,
    Session,
    Store,
)
from chatroom.log.rules import (
    Act,
    AddBan,
    AddInvite,
    Ban,
    EndSessionsOf,
    Invite,
    LiftBan,
    RevokeInvite,
    Uninvited,
)
from tests.clock import Clock
from tests.log.stores import add

NETWORK = "203.0.113.0/24"
ACT = Act("uid:0", "test", "somebody")


def test_a_new_store_bans_and_invites_nobody(store: Store) -> None:
    assert (store.bans(), store.invites()) == ([], [])


# Bans.


def test_bans_are_there_as_they_were_made_in_their_order(store: Store, clock: Clock) -> None:
    bob = add(store, "bob").number
    clock.now = 1000.0004
    changes = [AddBan(NETWORK, "", None), AddBan(bob, "spam", 2000.0)]
    made = [Ban(NETWORK, "", 1000.0, None), Ban(bob, "spam", 1000.0, 2000.0)]
    assert store.commit(changes) == made
    assert store.bans() == made


def test_a_ban_takes_the_place_of_an_earlier_one(store: Store, clock: Clock) -> None:
    bob = add(store, "bob").number
    for subject in (bob, NETWORK, bob):
        clock.now += 1
        store.commit([AddBan(subject, f"at {clock.now}", None)])
    assert store.bans() == [
        Ban(NETWORK, "at 1002.0", 1002.0, None),
        Ban(bob, "at 1003.0", 1003.0, None),
    ]


def test_a_ban_is_lifted_once(store: Store) -> None:
    bob = add(store, "bob").number
    store.commit([AddBan(bob, "", None), AddBan(NETWORK, "", None)])
    assert store.commit([LiftBan(bob), LiftBan(bob)]) == [Noted(), Refused()]
    assert [ban.subject for ban in store.bans()] == [NETWORK]
    assert store.commit([LiftBan(NETWORK), LiftBan("10.0.0.0/8")]) == [Noted(), Refused()]
    assert store.bans() == []


def test_whoever_is_not_there_is_not_banned(store: Store) -> None:
    gone = add(store, "bob").number
    store.commit([RemoveAccount(gone)])
    changes: list[Change] = [AddBan(gone, "", None), AddBan(99, "", None), LiftBan(gone)]
    assert store.commit(changes) == [Refused()] * 3
    assert store.bans() == []


def test_a_ban_goes_with_its_account(store: Store) -> None:
    bob, carol = add(store, "bob").number, add(store, "carol").number
    store.commit([AddBan(bob, "", None), AddBan(carol, "", None), RemoveAccount(bob)])
    assert [ban.subject for ban in store.bans()] == [carol]


def test_bans_whose_time_is_over_go_with_the_next(store: Store, clock: Clock) -> None:
    store.commit([AddBan("10.0.0.0/8", "", 1500.0), AddBan("11.0.0.0/8", "", 1500.001)])
    clock.now = 1500.0
    assert len(store.bans()) == 2
    store.commit([AddBan(NETWORK, "", None)])
    assert [ban.subject for ban in store.bans()] == ["11.0.0.0/8", NETWORK]


@pytest.mark.parametrize("change", [lambda who: AddBan(who, "", None), EndSessionsOf])
def test_a_ban_ends_the_sessions_of_the_account_and_no_others(
    store: Store, change: Callable[[int], AddBan | EndSessionsOf]
) -> None:
    bob, carol = add(store, "bob"), add(store, "carol")
    store.commit([AddSession(bob.number, b"1"), AddSession(carol.number, b"2")])
    store.commit([AddSession(bob.number, b"3"), change(bob.number)])
    assert store.session(b"1") is store.session(b"3") is None
    assert store.session(b"2") == Session(carol.number, 1000.0)
    assert store.accounts() == [bob, carol]


def test_sessions_of_nobody_are_not_ended(store: Store) -> None:
    bob, gone = add(store, "bob").number, add(store, "carol").number
    store.commit([RemoveAccount(gone)])
    changes = [EndSessionsOf(bob), EndSessionsOf(gone), EndSessionsOf(99)]
    assert store.commit(changes) == [Noted(), Refused(), Refused()]


# Invites.


def test_an_invite_lets_one_account_in(store: Store) -> None:
    """The first of two at once; the other account is not made."""
    assert store.commit([AddInvite(b"x", "one", 2000.0)]) == [Invite(b"x", "one", 1000.0, 2000.0)]
    assert store.invites() == [Invite(b"x", "one", 1000.0, 2000.0)]
    bob, carol = store.commit([AddAccount("bob", "p", b"x"), AddAccount("carol", "p", b"x")])
    assert isinstance(bob, Account)
    assert carol == Uninvited()
    assert store.accounts() == [bob]
    assert store.invites() == []


def test_a_name_that_is_taken_uses_up_no_invite(store: Store) -> None:
    add(store, "bob")
    outcomes = store.commit([AddInvite(b"x", "one", 2000.0), AddAccount("Bob", "p", b"x")])
    assert outcomes[1] == Refused()
    assert [invite.name for invite in store.invites()] == ["one"]


@pytest.mark.parametrize(("now", "good"), [(1999.999, True), (2000.0, False), (3000.0, False)])
def test_an_invite_is_good_until_its_time_is_over(
    store: Store, clock: Clock, now: float, *, good: bool
) -> None:
    store.commit([AddInvite(b"x", "one", 2000.0)])
    clock.now = now
    (outcome,) = store.commit([AddAccount("bob", "p", b"x")])
    assert isinstance(outcome, Account) is good
    assert (outcome == Uninvited()) is not good


def test_no_two_invites_have_a_digest_or_a_name_in_common(store: Store) -> None:
    changes = [AddInvite(b"x", "one", 2000.0), AddInvite(b"x", "two", 3000.0)]
    assert store.commit([*changes, AddInvite(b"y", "one", 3000.0)])[1:] == [Refused(), Refused()]
    assert store.invites() == [Invite(b"x", "one", 1000.0, 2000.0)]


def test_an_invite_is_revoked_once(store: Store) -> None:
    store.commit([AddInvite(b"x", "one", 2000.0), AddInvite(b"y", "two", 2000.0)])
    assert store.commit([RevokeInvite(b"x"), RevokeInvite(b"x")]) == [Noted(), Refused()]
    assert store.commit([AddAccount("bob", "p", b"x")]) == [Uninvited()]
    assert [invite.name for invite in store.invites()] == ["two"]


def test_invites_whose_time_is_over_go_with_the_next(store: Store, clock: Clock) -> None:
    store.commit([AddInvite(b"y", "two", 1500.0), AddInvite(b"x", "one", 2000.0)])
    clock.now = 1500.0
    assert [invite.name for invite in store.invites()] == ["two", "one"]
    store.commit([AddInvite(b"z", "two", 2000.0)])
    assert [invite.name for invite in store.invites()] == ["one", "two"]


# What is audited.


def test_what_is_audited_has_the_outcome_of_its_change(store: Store) -> None:
    """What an engine with a file records of it is in `test_auditing.py`."""
    bob, again, banned, nobody = store.commit(
        [
            Audited(AddAccount("bob", "hash"), ACT),
            Audited(AddAccount("bob", "hash"), ACT),
            Audited(AddBan(1, "", None), ACT),
            Audited(LiftBan(NETWORK), ACT),
        ]
    )
    assert store.accounts() == [bob]
    assert store.bans() == [banned]
    assert again == nobody == Refused()


def test_a_commit_that_fails_leaves_the_rules_as_they_were(store: Store) -> None:
    bob = add(store, "bob").number
    store.commit([AddBan(NETWORK, "", None), AddInvite(b"x", "one", 2000.0)])
    before = (store.bans(), store.invites(), store.accounts())
    changes: list[Change] = [
        AddBan(bob, "", None),
        LiftBan(NETWORK),
        AddInvite(b"y", "two", 2000.0),
        AddAccount("carol", "p", b"x"),
        Draft(99, bob, "there is no such log"),
    ]
    with pytest.raises(KeyError):
        store.commit(changes)
    assert (store.bans(), store.invites(), store.accounts()) == before
    assert store.commit([Draft(ROOM, bob, "but this one")])
