"""The main states of the page, with people who talk: for those who look at how it is drawn."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from playwright.sync_api import expect

import chatroom
from tests.browser.others import program
from tests.browser.profiles import NO_SERVER, Profiles
from tests.browser.tab import Tab
from tests.network.networks import Relay

TALK = (
    ("bob", "Morning, everyone. The ferry tickets are booked: Friday 07:40, four seats."),
    ("carol", "Great! Who brings the tent?"),
    ("bob", "I do. Somebody else takes the stove, please."),
    ("dave", "Stove is mine. Route as I have it:\n1. harbour\n2. lighthouse\n3. the long beach"),
    ("carol", "Weather looks kind: https://example.org/forecast?place=harbour"),
    ("dave", "Sunny until Sunday, then we will see what we are made of."),
    ("carol", "@alice, can you take the big map?"),
)
"""Who says what in the room."""


class Scene:
    """A room with bob, carol and dave in it, which alice looks at.

    Args:
        address: of the server.
        relay: the network between it and alice.
        profiles: where alice's browser comes from.
        people: the others, by name.
    """

    def __init__(
        self, address: str, relay: Relay, profiles: Profiles, people: dict[str, chatroom.Room]
    ) -> None:
        self.address = address
        self._relay = relay
        self._profiles = profiles
        self._people = people

    def first_visit(self) -> Tab:
        """Nobody has logged in yet."""
        profile = self._profiles.open(self._relay.address)
        profile.expect_faults(*NO_SERVER)
        tab = profile.tab()
        expect(tab.form).to_be_visible()
        return tab

    def refused(self) -> Tab:
        """The password is wrong."""
        tab = self.first_visit()
        tab.join("bob", "a guess")
        expect(tab.alert).not_to_be_empty()
        return tab

    def busy_room(self) -> Tab:
        """People talk, one of them to alice alone."""
        profile = self._profiles.open(self._relay.address)
        profile.expect_faults(*NO_SERVER)
        tab = profile.entered("alice")
        for name, text in TALK[:3]:
            self._people[name].send(text)
        with program(self.address, "erin"):
            expect(tab.person("erin")).to_be_visible()
        expect(tab.person("erin")).to_be_hidden()
        for name, text in TALK[3:]:
            self._people[name].send(text)
        tab.say("With pleasure. It is on the shelf already.")
        tab.expect_said("With pleasure. It is on the shelf already.")
        self._people["dave"].send_to("alice", "Are you driving to the harbour?")
        expect(tab.conversation("dave")).to_be_visible()
        return tab

    def direct(self) -> Tab:
        """Alice and bob, by themselves."""
        tab = self.busy_room()
        bob = self._people["bob"]
        bob.send_to("alice", "Between us: Carol has her birthday on Saturday.")
        tab.conversation("bob").click()
        for text in ("I know! I have ordered a cake.", "Can you hide it in the stove box?"):
            tab.say(text)
            tab.expect_said(text)
        bob.send_to("alice", "Consider it hidden.")
        expect(tab.message("Consider it hidden.")).to_be_visible()
        return tab

    def offline(self) -> Tab:
        """The network is gone; alice goes on."""
        tab = self.busy_room()
        self._relay.hang_up()
        expect(tab.bar).to_be_visible()
        tab.say("I can still type, it seems.")
        expect(tab.message("I can still type, it seems.")).to_have_attribute(
            "data-state", "pending"
        )
        return tab

    def completing(self) -> Tab:
        """The names that fit are offered."""
        tab = self.busy_room()
        tab.composer.press_sequentially("Thanks @")
        expect(tab.page.get_by_role("listbox", name="Names")).to_be_visible()
        return tab

    def reading_back(self) -> Tab:
        """Alice has scrolled up, past a mark."""
        tab = self.busy_room()
        tab.conversation("dave").click()
        for number in range(40):
            self._people["carol"].send(f"Packing list, part {number + 1}: socks.")
        tab.open_room()
        expect(tab.mark).to_have_count(1)
        tab.log.evaluate("log => { log.scrollTop = log.scrollHeight }")
        tab.settle()
        tab.log.evaluate("log => { log.scrollTop -= 300 }")
        expect(tab.jump).to_be_visible()
        return tab


STATES: dict[str, Callable[[Scene], Tab]] = {
    "first-visit": Scene.first_visit,
    "refused": Scene.refused,
    "room": Scene.busy_room,
    "direct-messages": Scene.direct,
    "offline": Scene.offline,
    "completing": Scene.completing,
    "reading-back": Scene.reading_back,
}
"""How to get into each."""


@contextmanager
def scene(address: str, profiles: Profiles) -> Iterator[Scene]:
    """Let the others come in, and go in the end.

    Args:
        address: of a server that has nobody in it, host and port.
        profiles: where alice's browser comes from.
    """
    with ExitStack() as stack:
        relay = stack.enter_context(Relay())
        relay.reach(int(address.rpartition(":")[2]))
        people = {
            name: stack.enter_context(program(address, name)) for name in ("bob", "carol", "dave")
        }
        yield Scene(address, relay, profiles, people)
