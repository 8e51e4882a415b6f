from collections.abc import Sequence
from typing import Any

import pytest

from chatroom.client.errors import LoginRefused, UnknownServer, Unreachable
from chatroom.client.events import Event
from chatroom.client.room import Room
from chatroom.ui.login import LONGEST_PAUSE, Door, sign_in

WRONG = LoginRefused("wrong_password", "That is not the password.")


class Person:
    """Gives prepared answers and keeps what they were asked and told."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.heard: list[str] = []

    def ask(self, question: str) -> str:
        """Gives the next answer."""
        self.heard.append(question)
        if not self._answers:
            raise EOFError
        return self._answers.pop(0)

    def ask_hidden(self, question: str) -> str:
        """Gives the next answer."""
        return self.ask(f"hidden {question}")

    def show(self, lines: Sequence[str]) -> None:
        """Keeps the lines."""
        self.heard += lines


class House:
    """A server that knows accounts, and the door to it."""

    def __init__(self, **accounts: str) -> None:
        self.accounts = accounts
        self.entered: list[str] = []
        self.room = Room.__new__(Room)  # only passed through
        self.refusals: list[LoginRefused] = []
        self.door = Door(self.connect, self.account_exists)

    def account_exists(self, address: str, username: str) -> bool:
        """Says whether there is such an account."""
        assert address == "here"
        if self.refusals:
            raise self.refusals.pop()
        return username in self.accounts

    def connect(self, address: str, *, username: str, password: str, **options: object) -> Room:
        """Lets people with the right password in; registers new ones."""
        assert address == "here"
        assert options == {"history": 7, "on_event": ignore, "longest_pause": LONGEST_PAUSE}
        if self.accounts.setdefault(username, password) != password:
            raise WRONG
        self.entered.append(username)
        return self.room


def ignore(event: Event) -> None:
    del event


def enter(
    house: House, person: Person, *, username: str | None = None, password: str | None = None
) -> Room:
    return sign_in(
        person,
        "here",
        username=username,
        password=password,
        history=7,
        on_event=ignore,
        door=house.door,
    )


def test_a_known_user_is_asked_for_name_and_password() -> None:
    house, person = House(bob="pw"), Person("bob", "pw")
    assert enter(house, person) is house.room
    assert person.heard == ["Username: ", "hidden Password for bob: "]


def test_a_new_user_chooses_a_password_twice() -> None:
    house, person = House(), Person("bob", "pw", "pw")
    enter(house, person)
    assert house.accounts == {"bob": "pw"}
    assert person.heard == [
        "Username: ",
        "bob is new here. Choose a password to come back with.",
        "hidden New password: ",
        "hidden The same again: ",
    ]


def test_a_new_user_whose_passwords_differ_is_asked_again() -> None:
    house, person = House(), Person("bob", "pw", "pv", "pw", "pw")
    enter(house, person)
    assert "The two are not the same; try again." in person.heard


@pytest.mark.parametrize(("bad", "fault"), [("", "at least one"), ("ü" * 513, "at most 1024")])
@pytest.mark.parametrize("known", [True, False])
def test_a_password_that_cannot_be_is_asked_again(bad: str, fault: str, *, known: bool) -> None:
    house = House(bob="pw") if known else House()
    person = Person(bad, "pw", "pw")
    enter(house, person, username="bob")
    assert any(fault in line for line in person.heard)


def test_a_name_that_nobody_can_have_is_explained_and_asked_again() -> None:
    house, person = House(bob="pw"), Person("b o b", "", " bob ", "pw")
    enter(house, person)
    assert house.entered == ["bob"]
    assert sum("letters" in line for line in person.heard) == 2


def test_a_name_that_the_server_does_not_take_is_asked_again() -> None:
    house, person = House(bob="pw"), Person("bob", "pw")
    house.refusals = [LoginRefused("invalid_username", "At most 3 characters.")]
    enter(house, person, username="robert")
    assert person.heard[:2] == ["At most 3 characters.", "Username: "]


def test_a_wrong_password_is_told_and_asked_again() -> None:
    house, person = House(bob="pw"), Person("no", "never", "pw")
    enter(house, person, username="bob")
    assert person.heard.count("That is not the password.") == 2


def test_the_third_wrong_password_is_the_last() -> None:
    house, person = House(bob="pw"), Person("1", "2", "3", "pw")
    with pytest.raises(LoginRefused):
        enter(house, person, username="bob")
    assert person.heard.count("hidden Password for bob: ") == 3


def test_with_name_and_password_nobody_is_asked() -> None:
    house, person = House(bob="pw"), Person()
    enter(house, person, username="bob", password="pw")
    assert person.heard == []


def test_a_given_password_that_is_wrong_is_not_asked_for() -> None:
    with pytest.raises(LoginRefused):
        enter(House(bob="pw"), Person("pw"), username="bob", password="no")


def test_other_refusals_end_it() -> None:
    house, person = House(), Person("pw")
    house.refusals = [LoginRefused("registration_closed", "Nobody new.")]
    with pytest.raises(LoginRefused, match="Nobody new"):
        enter(house, person, username="bob")


def test_without_a_server_nobody_is_asked_for_a_password() -> None:
    def nobody(*_: object, **__: object) -> bool:
        raise Unreachable("No server.")

    house, person = House(), Person("bob", "pw")
    house.door = Door(house.connect, nobody)
    with pytest.raises(Unreachable):
        enter(house, person)
    assert person.heard == ["Username: "]


class Club(House):
    """A server that lets new names in with an invite alone."""

    def __init__(self, **accounts: str) -> None:
        super().__init__(**accounts)
        self.door = Door(self.let_in, self.look)
        self.invite = "K7Q2"

    def look(self, address: str, username: str, invite: str | None = None) -> bool:
        """Says whether there is such an account; whoever has none needs an invite."""
        if username not in self.accounts and invite != self.invite:
            code = "invite_required" if invite is None else "invalid_invite"
            raise LoginRefused(code, f"Sorry\x1b: {code}.")
        return self.account_exists(address, username)

    def let_in(
        self, address: str, *, username: str, invite: str | None = None, **options: Any
    ) -> Room:
        """Lets people in with their password, and new ones with an invite too."""
        self.look(address, username, invite)
        return self.connect(address, username=username, **options)


def test_a_new_name_is_asked_for_an_invite_before_anything_else() -> None:
    club, person = Club(), Person("bob", " nonsense ", "K7Q2", "pw", "pw")
    assert enter(club, person) is club.room
    assert person.heard[:5] == [
        "Username: ",
        "Sorry␛: invite_required.",
        "Invite: ",
        "Sorry␛: invalid_invite.",
        "Invite: ",
    ]
    assert club.accounts == {"bob": "pw"}


def test_a_known_name_is_asked_for_none() -> None:
    club, person = Club(bob="pw"), Person("bob", "pw")
    enter(club, person)
    assert "Invite: " not in person.heard


def test_an_invite_is_asked_for_where_the_password_was_given() -> None:
    club, person = Club(), Person("K7Q2")
    enter(club, person, username="bob", password="pw")
    assert club.accounts == {"bob": "pw"}


def test_the_third_wrong_invite_is_the_last() -> None:
    club, person = Club(), Person("1", "2", "3", "K7Q2")
    with pytest.raises(LoginRefused, match="invalid_invite"):
        enter(club, person, username="bob")
    assert person.heard.count("Invite: ") == 3


def test_whoever_is_banned_is_told_and_not_asked_again() -> None:
    house, person = House(bob="pw"), Person("pw")
    house.refusals = [LoginRefused("banned", "bob is banned here.")]
    with pytest.raises(LoginRefused, match="banned here"):
        enter(house, person, username="bob")
    assert person.heard == []


class Stranger(House):
    """A server that is not known."""

    def __init__(self) -> None:
        super().__init__(bob="secret")
        self.trusted: list[tuple[str, str]] = []
        self.door = self.door._replace(
            account_exists=self.look, trust=lambda *server: self.trusted.append(server)
        )

    def look(self, address: str, username: str) -> bool:
        """Shows its certificate to those who do not trust it."""
        if not self.trusted:
            raise UnknownServer("here\x1b[2J", "sha256:12")
        return self.account_exists(address, username)


def test_a_server_that_is_not_known_is_shown_before_anything_is_asked_for() -> None:
    stranger = Stranger()
    person = Person("bob", " YES ", "secret")
    assert enter(stranger, person) is stranger.room
    assert stranger.trusted == [("here\x1b[2J", "sha256:12")]
    assert "  sha256:12" in person.heard
    assert not any("\x1b" in line for line in person.heard)


def test_a_server_that_the_person_does_not_know_is_told_nothing() -> None:
    stranger = Stranger()
    with pytest.raises(UnknownServer):
        enter(stranger, Person("bob", "no"))
    assert stranger.trusted == []


def test_who_answers_no_more_leaves() -> None:
    with pytest.raises(EOFError):
        enter(House(), Person())
