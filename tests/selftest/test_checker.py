"""The checker finds nothing in a right history, and the right thing in one that is wrong."""

import random
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given

from chatroom.selftest.checker import check
from chatroom.selftest.findings import EXAMPLES, Findings, Kind
from chatroom.selftest.records import (
    INBOX,
    ROOM,
    Again,
    Committed,
    Confirmed,
    Denied,
    Entry,
    Gapped,
    Offered,
    Received,
    Record,
    Refused,
    Rested,
    Sent,
    Withheld,
)
from tests.selftest.histories import NAMES, Maker, Run, choices, played, runs


def verdict(run: Run) -> Findings:
    """Returns what the checker finds in a run."""
    return check(*run.checked())


def found(run: Run) -> set[Kind]:
    """Returns the kinds of faults that there are."""
    return {kind for kind, count in verdict(run).faults.items() if count}


@given(runs())
def test_a_right_history_is_sound(run: Run) -> None:
    findings = verdict(run)
    assert findings.examples == {kind: [] for kind in Kind}
    assert findings.restless == []
    assert findings.sound


@given(runs())
def test_it_counts_what_it_sees(run: Run) -> None:
    findings = verdict(run)
    seen = Counter(
        type(record) for lives in run.lives.values() for life in lives for record in life
    )
    assert findings.confirmed == seen[Confirmed]
    assert findings.deliveries == seen[Received]
    assert findings.refused == seen[Refused]
    assert 0 <= findings.direct <= findings.confirmed
    assert 0 <= findings.repeated <= findings.deliveries


Breakage = Callable[[Run, random.Random], bool]
"""Breaks a right run; returns False if there is nothing in it to break in this way."""


def pick(
    run: Run, choose: random.Random, kind: type[Record], wanted: Callable[[Record], bool]
) -> tuple[list[Record], int] | None:
    """Returns where a record of this kind stands, None if there is none."""
    places = [(life, index) for life, index in run.records(kind) if wanted(life[index])]
    return choose.choice(places) if places else None


def anything(record: Record) -> bool:
    """Wants any record."""
    del record
    return True


def lose_the_end_of_a_log(run: Run, choose: random.Random) -> bool:
    owners = [owner for owner, log in run.logs.items() if log]
    if not owners:
        return False
    owner = choose.choice(owners)
    gone = run.logs[owner].pop()
    return any(
        isinstance(record, Confirmed) and record.text == gone.text
        for lives in run.lives.values()
        for life in lives
        for record in life
    )


def lose_a_delivery(run: Run, choose: random.Random) -> bool:
    place = pick(run, choose, Received, anything)
    if place is None:
        return False
    gone = place[0][place[1]]
    assert isinstance(gone, Received)
    reader = next(name for name, lives in run.lives.items() if any(gone in life for life in lives))
    for life in run.lives[reader]:
        life[:] = [
            record
            for record in life
            if not (isinstance(record, Received) and record.text == gone.text)
        ]
    return gone.log == INBOX or gone.sender != reader


def lose_what_was_taken(run: Run, choose: random.Random) -> bool:
    name = choose.choice(NAMES)
    run.lives[name][0][1:1] = [Offered("hm", None), Sent("hm")]
    return True


def tell_of_a_gap(run: Run, choose: random.Random) -> bool:
    life = choose.choice(run.lives[choose.choice(NAMES)])
    life.append(Gapped(choose.choice((ROOM, INBOX)), 1, 2, "hole"))
    return True


def forget_an_id(run: Run, choose: random.Random) -> bool:
    place = pick(run, choose, Confirmed, anything)
    if place is None:
        return False
    life, index = place
    confirmed = life[index]
    assert isinstance(confirmed, Confirmed)
    life.insert(index + 1, Denied(confirmed.text, "id_reused"))
    return True


def store_twice(run: Run, choose: random.Random) -> bool:
    owners = [owner for owner, log in run.logs.items() if log]
    if not owners:
        return False
    owner = choose.choice(owners)
    run.logs[owner].append(choose.choice(run.logs[owner]))
    return True


def deliver_twice(run: Run, choose: random.Random) -> bool:
    place = pick(run, choose, Received, anything)
    if place is None:
        return False
    life, index = place
    life.insert(choose.randint(index + 1, len(life)), life[index])
    return True


def deliver_again_after_the_commit(run: Run, choose: random.Random) -> bool:
    name = choose.choice(NAMES)
    told = [
        (index, record)
        for index, life in enumerate(run.lives[name])
        for record in life
        if isinstance(record, Received)
    ]
    if not told:
        return False
    index, record = choose.choice(told)
    run.lives[name][index].append(Committed(record.log, record.seq))
    rest = run.lives[name][index + 1 :] or [[Rested()]]
    rest[0].insert(0, record)
    run.lives[name][index + 1 :] = rest
    return True


def store_again_when_it_is_sent_again(run: Run, choose: random.Random) -> bool:
    place = pick(run, choose, Confirmed, anything)
    if place is None:
        return False
    life, index = place
    known = life[index]
    assert isinstance(known, Confirmed)
    life.insert(index + 1, Again(known.text, known.seq, known.epoch, duplicate=False))
    return True


def swap_two_deliveries(run: Run, choose: random.Random) -> bool:
    for lives in choose.sample(list(run.lives.values()), len(NAMES)):
        for life in lives:
            for log in (ROOM, INBOX):
                told = [
                    index
                    for index, record in enumerate(life)
                    if isinstance(record, Received) and record.log == log
                ]
                if len(told) > 1:
                    where = choose.randrange(len(told) - 1)
                    one, other = told[where], told[where + 1]
                    between = [each for each in life[one:other] if not isinstance(each, Committed)]
                    life[one : other + 1] = [life[other], *between[1:], life[one]]
                    return True
    return False


def swap_two_sendings(run: Run, choose: random.Random) -> bool:
    """Makes it so that a client had said two things in another order."""
    lives = [life for lives in run.lives.values() for life in lives]
    stored = {entry.text for entry in run.logs[None]}
    for life in choose.sample(lives, len(lives)):
        said = [
            index
            for index, record in enumerate(life)
            if isinstance(record, Offered) and record.text in stored
        ]
        if len(said) > 1:
            where = choose.randrange(len(said) - 1)
            life.insert(said[where], life.pop(said[where + 1]))
            return True
    return False


def confirm_another_place(run: Run, choose: random.Random) -> bool:
    place = pick(run, choose, Confirmed, anything)
    if place is None:
        return False
    life, index = place
    record = life[index]
    assert isinstance(record, Confirmed)
    wrong = choose.choice(({"seq": record.seq + choose.choice((-1, 1))}, {"epoch": "another"}))
    life[index] = msgspec.structs.replace(record, **wrong)
    return True


def deliver_as_another_place(run: Run, choose: random.Random) -> bool:
    place = pick(run, choose, Received, anything)
    if place is None:
        return False
    life, index = place
    record = life[index]
    assert isinstance(record, Received)
    wrong = choose.choice(
        (
            {"seq": record.seq + choose.choice((-1, 1))},
            {"epoch": "another"},
            {"prev": record.prev - 1},
            {"log": INBOX if record.log == ROOM else ROOM},
            {"to": "somebody"},
        )
    )
    life[index] = msgspec.structs.replace(record, **wrong)
    return True


def store_in_the_log_of_another(run: Run, choose: random.Random) -> bool:
    """Makes it so that a message had been for another."""
    stored = {entry.text for log in run.logs.values() for entry in log}
    place = pick(
        run,
        choose,
        Offered,
        lambda record: isinstance(record, Offered) and record.text in stored,
    )
    if place is None:
        return False
    life, index = place
    record = life[index]
    assert isinstance(record, Offered)
    others = [owner for owner in (None, *NAMES) if owner != record.to]
    life[index] = Offered(record.text, choose.choice(others))
    return True


def store_what_nobody_said(run: Run, choose: random.Random) -> bool:
    log = choose.choice(list(run.logs.values()))
    log.append(Entry(choose.choice((*NAMES, "zoe")), "boo"))
    return True


def deliver_what_nobody_said(run: Run, choose: random.Random) -> bool:
    name = choose.choice(NAMES)
    life = choose.choice(run.lives[name])
    seq = choose.randint(1, 5)
    life.append(Received(ROOM, run.epochs[None], seq, seq - 1, "bob", None, "boo", replay=False))
    return True


def store_what_was_refused(run: Run, choose: random.Random) -> bool:
    place = pick(run, choose, Confirmed, anything)
    if place is None:
        return False
    life, index = place
    record = life[index]
    assert isinstance(record, Confirmed)
    life[index] = choose.choice(
        (Refused(record.text, "user_not_in_room"), Withheld(record.text, "no"))
    )
    return True


BREAKAGES: list[tuple[Breakage, Kind]] = [
    (lose_the_end_of_a_log, Kind.LOST),
    (lose_a_delivery, Kind.LOST),
    (lose_what_was_taken, Kind.LOST),
    (tell_of_a_gap, Kind.LOST),
    (forget_an_id, Kind.LOST),
    (store_twice, Kind.DOUBLED),
    (deliver_twice, Kind.DOUBLED),
    (deliver_again_after_the_commit, Kind.DOUBLED),
    (store_again_when_it_is_sent_again, Kind.DOUBLED),
    (swap_two_deliveries, Kind.OUT_OF_ORDER),
    (swap_two_sendings, Kind.OUT_OF_ORDER),
    (confirm_another_place, Kind.MISPLACED),
    (deliver_as_another_place, Kind.MISPLACED),
    (store_in_the_log_of_another, Kind.MISPLACED),
    (store_what_nobody_said, Kind.UNKNOWN),
    (deliver_what_nobody_said, Kind.UNKNOWN),
    (store_what_was_refused, Kind.UNKNOWN),
]

ALONE = {
    tell_of_a_gap,
    lose_a_delivery,
    lose_what_was_taken,
    forget_an_id,
    deliver_twice,
    deliver_again_after_the_commit,
    store_again_when_it_is_sent_again,
    swap_two_sendings,
    confirm_another_place,
}
"""Those that are one fault and lead to no other."""


@pytest.mark.parametrize(
    ("breakage", "kind"), BREAKAGES, ids=[breakage.__name__ for breakage, _ in BREAKAGES]
)
@given(runs(), choices())
def test_what_is_broken_is_found(
    breakage: Breakage, kind: Kind, run: Run, choose: random.Random
) -> None:
    if not breakage(run, choose):
        return
    findings = verdict(run)
    assert findings.faults[kind] > 0
    assert not findings.sound
    assert findings.examples[kind]
    if breakage in ALONE:
        assert found(run) == {kind}


@pytest.mark.parametrize("breakage", [breakage for breakage, _ in BREAKAGES])
def test_each_breakage_does_break_something(breakage: Breakage) -> None:
    """So that the test above does not pass for lack of anything to break."""
    broken = [breakage(Maker(choose).play(60), choose) for choose in map(random.Random, range(20))]
    assert broken.count(True) >= 10


def test_who_did_not_come_to_rest_is_named() -> None:
    run = played(1, 30)
    run.lives["bob"][-1].remove(Rested())
    findings = verdict(run)
    assert findings.restless == ["bob did not come to rest."]
    assert not findings.sound


@pytest.mark.parametrize(("to", "stored"), [(None, True), ("ann", True), ("ann", False)])
def test_what_the_last_life_sent_and_nobody_answered_is_named(
    to: str | None, *, stored: bool
) -> None:
    run = played(1, 0)
    run.lives["bob"][-1][1:1] = [Offered("hm", to), Sent("hm")]
    if stored:
        run.logs[to].append(Entry("bob", "hm"))
        for name in NAMES if to is None else (to,):
            kind = ROOM if to is None else INBOX
            if name != "bob":
                record = Received(kind, run.epochs[to], 1, 0, "bob", to, "hm", replay=False)
                run.lives[name][-1].insert(1, record)
    findings = verdict(run)
    assert findings.restless == ["hm of bob was never answered."]
    assert found(run) == set()


def test_a_public_message_that_only_a_disk_could_refuse_is_named() -> None:
    run = played(1, 0)
    run.lives["bob"][-1][1:1] = [Offered("hm", None), Sent("hm"), Refused("hm", "storage_full")]
    assert verdict(run).restless == ["hm of bob was refused: storage_full."]


def test_only_the_first_few_are_described() -> None:
    run = played(1, 0)
    run.logs[None] += [Entry("zoe", f"boo-{number}") for number in range(20)]
    findings = verdict(run)
    assert findings.faults[Kind.UNKNOWN] == 20
    assert findings.examples[Kind.UNKNOWN][0] == (
        "boo-0 is number 1 of the room, and zoe never said it."
    )
    assert len(findings.examples[Kind.UNKNOWN]) == EXAMPLES
