"""Parts of the page by themselves, in the browser that runs them."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.profiles import Profiles
from tests.serving import Server


@pytest.fixture
def page(server: Server, profiles: Profiles) -> Page:
    """A page from which the modules can be imported."""
    return profiles.open(server.address).tab().page


def run(page: Page, module: str, body: str) -> Any:
    """Run `body`, in which `part` is the module."""
    return page.evaluate(f"import('/static/js/{module}').then(async part => {{ {body} }})")


def test_heights_are_those_of_a_plain_list(page: Page) -> None:
    """With the sums and the searches that a list would need, after any changes."""
    found = run(
        page,
        "view/heights.js",
        """
        let seed = 7;
        const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
        const heights = new part.Heights();
        const plain = [];
        for (let step = 0; step < 5000; step += 1) {
            const what = random();
            const row = Math.floor(random() * plain.length);
            if (what < 0.7 || !plain.length) {
                plain.push(1 + Math.floor(random() * 90));
                heights.append(plain.at(-1));
            } else if (what < 0.95) heights.set(row, plain[row] = 1 + Math.floor(random() * 90));
            else if (what < 0.96) { plain.length = row; heights.truncate(row); }
            const before = plain.slice(0, row).reduce((sum, each) => sum + each, 0);
            if (heights.length !== plain.length || heights.before(row) !== before) return step;
            if (plain.length > row && heights.find(before) !== row) return step;
            if (plain.length > row && heights.find(before + plain[row] - 0.5) !== row) return step;
        }
        return [heights.find(-5), heights.find(1e9) === plain.length - 1];
        """,
    )
    assert found == [0, True]


def test_what_came_too_fast_goes_out_again_in_order(page: Page) -> None:
    """Against the rule of a server that keeps back what comes behind what it refused."""
    stored, sends = run(
        page,
        "wire/pending.js",
        """
        const pending = new part.Pending([], () => {}, "p");
        const stored = [];
        let now = 0, tokens = 3, kept = null, sends = 0;
        for (let n = 0; n < 12; n += 1) pending.add(`m${n}`, null);
        for (let turn = 0; turn < 200 && pending.all.length; turn += 1) {
            const sent = pending.take(now);
            sends += sent.length;
            if (!sent.length && pending.againAt > now) { now = pending.againAt; tokens += 1; }
            const replies = sent.map(own => {
                const first = kept === null || kept === own.id;
                if (!first || tokens <= 0) { kept ??= own.id; return [own.id, false]; }
                kept = null; tokens -= 1; stored.push(own.text);
                return [own.id, true];
            });
            for (const [id, taken] of replies) {
                if (taken) pending.confirm(id);
                else pending.putOff(id, 0.1, now);
            }
            if (turn === 3) pending.add("late", null);
            if (turn === 5) { pending.rewind(); kept = null; }
        }
        return [stored, sends];
        """,
    )
    assert stored == [*(f"m{n}" for n in range(12)), "late"]
    assert sends < 60


def test_a_hole_is_asked_for_once_and_then_told(page: Page) -> None:
    told = run(
        page,
        "wire/places.js",
        """
        const places = new part.Places();
        const at = { epoch: "e", head: 5, oldest: 1, from: 6 };
        places.enter({ room: at, inbox: at });
        const said = (seq, prev, epoch = "e") => {
            try {
                const { fresh, missing } = places.advance("room", { seq, prev, epoch });
                return [fresh, missing && `${missing.from}-${missing.to} ${missing.reason}`];
            } catch { return "again"; }
        };
        const all = [said(6, 5), said(6, 5), said(9, 8), said(9, 8), said(9, 8)];
        all.push(places.own({ epoch: "e", seq: 10 }), places.known().room.after);
        all.push(places.lack({ log: "room", from: 3, to: 10, reason: "ahead" })[0].reason);
        all.push(places.known().room.after, places.lack({ log: "unheard-of", from: 1, to: 2 }));
        all.push(places.check({ room: { epoch: "e", head: 2 } }).length);
        try { places.check({ room: { epoch: "e", head: 4 } }); } catch { all.push("again"); }
        return all;
        """,
    )
    assert told[:5] == [[True, None], [False, None], "again", [True, "7-8 hole"], [False, None]]
    assert told[5:] == [None, 10, "ahead", 2, [], 0, "again"]


def test_a_talk_is_merged_from_both_logs(page: Page) -> None:
    """Page by page, and nothing before it is known that the other log has nothing in between."""
    shown = run(
        page,
        "model/paging.js",
        """
        const { Conversation } = await import("/static/js/model/conversation.js");
        const inbox = [], sent = [];
        for (let n = 1; n <= 900; n += 1) {
            inbox.push({ from: n % 3 ? "carol" : "bob", message: `i${n}`, seq: n, ts: n });
            if (n % 9) continue;
            sent.push({ from: "alice", message: `s${n}`, seq: n / 9, ts: n + 0.5 });
        }
        const ask = async ({ log, before, limit }) => {
            const all = log === "inbox" ? inbox : sent;
            before ??= all.length + 1;
            const from = Math.max(1, before - limit);
            const entries = all.filter(({ seq }) => seq >= from && seq < before);
            return { type: "history", epoch: log, from, to: before - 1, oldest: 1, entries };
        };
        const talk = new Conversation("bob", "bob");
        const streams = [
            new part.Stream({ log: "inbox" }, undefined, "alice", from => from === "bob"),
            new part.Stream({ log: "sent", to: "bob" }, undefined, "alice", () => true),
        ];
        const pager = new part.Pager(talk, streams, ask);
        const steps = [];
        while (!pager.done) {
            await pager.older();
            const times = Array.from({ length: talk.length }, (_, n) => talk.at(n).ts);
            steps.push(times.every((ts, n) => n === 0 || ts > times[n - 1])
                && times.length === 900 / 3 + 100 - [...inbox, ...sent].filter(
                    ({ from, ts }) => from !== "carol" && ts < times[0]).length);
        }
        return [talk.length, steps.every(Boolean), steps.length];
        """,
    )
    assert shown[:2] == [400, True]
    assert shown[2] > 2


def test_comings_and_goings_are_folded(page: Page) -> None:
    """Whoever left and is back is as if nothing had been."""
    line = run(
        page,
        "model/roster.js",
        """
        const { presence } = await import("/static/js/model/phrases.js");
        const roster = new part.Roster();
        const stretch = { came: new Set(), left: new Set(), passed: new Set() };
        roster.replace(["ann", "ben"]);
        for (const users of ["ann", "ann ben cat", "ann cat dan", "ann cat"]) {
            part.foldInto(stretch, roster.replace(users.split(" ")));
        }
        return presence(stretch);
        """,
    )
    assert line == "cat came in · ben left · dan came in and left"


def test_waits_grow_up_to_a_limit_and_begin_again(page: Page) -> None:
    waits = run(
        page,
        "wire/backoff.js",
        """
        const backoff = new part.Backoff(() => 1);
        const waits = Array.from({ length: 12 }, () => backoff.next());
        backoff.reset();
        return [...waits, backoff.next(), new part.Backoff(() => 0).next()];
        """,
    )
    assert waits[:3] == [0.2, 0.4, 0.8]
    assert waits[-5:] == [30, 30, 30, 0.2, 0]
