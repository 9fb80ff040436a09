"""The stream of a browser that has no shared workers, by a clock in the hand: when it is opened again, how often, and
what the page says meanwhile. The shared stream does the same in its worker: it is the same file.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from threading import Event as ThreadEvent
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from backoffice.db import transaction
from backoffice.events.broker import Broker, Event
from backoffice.models import Machine
from backoffice.web import assets
from tests.host.backoffice.web.office import Office, Visit

WITHOUT_SHARED_WORKERS = "delete window.SharedWorker"
DUMB_SHARED_WORKERS = "window.SharedWorker = class { port = new MessageChannel().port1 }"
LATE_SHARED_WORKERS = """
window.SharedWorker = class {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    window.told = (age_ms) =>
      port2.postMessage({ link: "live", heard_at: Date.now() - age_ms, epoch: "", from: 0, last: {}, spread_ms: 0 });
  }
};
"""
STREAM = "/events"
PAGE = "/machines"
SILENCE_MS = 41_000
"""Three signs of life are missed, and somebody has looked."""
ANSWERED_LATE_MS = 20_000
LONGEST_WAIT_S = 90
OLD_MS = 365_000

TWO_MORE_TABS = """
async ([trusted, worker]) => {
  const { scriptAddress } = await import(trusted);
  const { login } = document.querySelector("script[data-login]").dataset;
  const tab = (answers) => {
    const { port } = new SharedWorker(scriptAddress(worker), { type: "module", name: login });
    const here = () => port.postMessage("here");
    const told = [];
    port.onmessage = ({ data }) => (told.push(data), answers && here());
    here();
    return { here, told };
  };
  Object.assign(window, { quiet: tab(false), keen: tab(true) });
}
"""
HAS_HEARD = """
([name, count]) => {
  const state = window[name].told.at(-1);
  return state && Math.max(state.from, state.last.machine ?? 0) >= count;
}
"""
READ_IN_PIECES = """
async ([module, text]) => {
  const { messages } = await import(module);
  const found = [];
  for (let cut = 0; cut <= text.length; cut++) {
    const pieces = new ReadableStream({
      start(to) {
        for (const piece of [text.slice(0, cut), text.slice(cut)]) to.enqueue(new TextEncoder().encode(piece));
        to.close();
      },
    });
    const told = [];
    for await (const complete of messages(pieces)) told.push(...complete);
    found.push(JSON.stringify(told));
  }
  return [...new Set(found)].map(JSON.parse);
}
"""
PAUSES = """
async (module) => {
  const { backoff_ms } = await import(module);
  return [...Array(200).keys()].map((number) => backoff_ms(number % 20));
}
"""
STALE = """
async ([module, moment, state]) => {
  const { Seen } = await import(module);
  return new Seen(["debit", "alert"], moment).stale(state);
}
"""


@pytest.fixture
def lone(browser: Browser, office: Office) -> Iterator[Visit]:
    """A browser without shared workers and with a clock that a test can move."""
    with Visit(browser, office, WITHOUT_SHARED_WORKERS) as visitor:
        visitor.enter("admin")
        visitor.page.clock.install()
        visitor.go(PAGE)
        visitor.is_live()
        yield visitor


def script(name: str) -> str:
    return f"{assets.static_path()}/js/{name}.js"


def comes_to(page: Page, state: str) -> None:
    """What a browser does when a tab goes behind another ("hidden") or comes to the front ("visible")."""
    page.evaluate(
        """(state) => {
          Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
          Object.defineProperty(document, "hidden", { value: state === "hidden", configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


@contextmanager
def others_listen(broker: Broker, streams: int) -> Iterator[None]:
    """So many more streams, each of another user, while the block runs."""
    ready, over = ThreadEvent(), ThreadEvent()

    async def listen() -> None:
        async with AsyncExitStack() as stack:
            for number in range(1000, 1000 + streams):
                await stack.enter_async_context(broker.subscribe(number))
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=asyncio.run, args=(listen(),))
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


def lose_stream(visit: Visit, status: int, body: str = "refused", **headers: str) -> None:
    """End the stream and refuse the next, until the browser has learned that."""
    visit.office.door.refuse(STREAM, status, body, **headers)
    visit.office.context.broker.hang_up()
    visit.shows("again")
    visit.page.clock.run_for(2_000)
    visit.forgive(str(status))


def run_until_asked(visit: Visit) -> None:
    """Let time pass until the browser asks for its stream, and no further: it gives up on an answer that is late."""
    asked = visit.office.door.asked[STREAM]
    for _ in range(LONGEST_WAIT_S):
        visit.page.clock.run_for(1_000)
        if visit.office.door.asked[STREAM] > asked:
            return
    raise AssertionError("not asked for again")


def test_a_page_listens_while_somebody_looks_at_it(office: Office, lone: Visit) -> None:
    page = lone.page
    office.door.wait_until_open(STREAM, 1)
    comes_to(page, "hidden")
    office.door.wait_until_open(STREAM, 0)
    asked = office.door.asked[PAGE]
    office.context.broker.publish([Event("machine", {}, 1)])
    page.clock.run_for(OLD_MS)
    assert office.door.asked[PAGE] == asked
    with page.expect_response(f"**{PAGE}"):
        comes_to(page, "visible")
    lone.is_live()
    office.door.wait_until_open(STREAM, 1)
    assert office.door.asked[STREAM] == 2


def test_many_windows_of_such_a_browser(office: Office, lone: Visit) -> None:
    """Seven tabs, of which one is in front: it alone holds a connection, so that the next page loads."""
    tabs = [lone.page]
    for _ in range(6):
        comes_to(tabs[-1], "hidden")
        tabs.append(lone.tab())
        assert (answer := tabs[-1].goto(office.url + PAGE)) is not None
        assert answer.ok
        expect(tabs[-1].locator("#live-state")).to_have_attribute("data-state", "live")
    office.door.wait_until_open(STREAM, 1)


def test_a_stream_that_says_nothing_is_not_live(office: Office, lone: Visit) -> None:
    office.door.mute(STREAM)
    heard = lone.page.locator("#live-state .at").inner_text()
    lone.page.clock.run_for(SILENCE_MS)
    expect(lone.shows("again").locator(".words")).to_have_text(f"Not live since {heard}: trying to connect")
    lone.page.clock.run_for(ANSWERED_LATE_MS)
    office.door.wait_until_asked(STREAM, 2)
    office.door.unmute(STREAM)
    run_until_asked(lone)
    lone.is_live()


def test_a_computer_that_slept_does_not_say_live(office: Office, lone: Visit) -> None:
    office.door.mute(STREAM)
    heard = lone.page.locator("#live-state .at").inner_text()
    year = lone.page.evaluate("String(new Date().getFullYear())")
    lone.page.clock.fast_forward("30:00:00")
    expect(lone.shows("again")).to_contain_text(f"{heard}: trying to connect")
    expect(lone.shows("again")).to_contain_text(year)
    office.door.unmute(STREAM)
    run_until_asked(lone)
    lone.is_live()


def test_what_was_heard_long_ago_is_not_live(browser: Browser, office: Office) -> None:
    """A tab that was frozen is first told what its worker had to say then."""
    with Visit(browser, office, LATE_SHARED_WORKERS) as visit:
        visit.enter("admin")
        visit.go(PAGE)
        visit.page.evaluate("told(1_000)")
        visit.is_live()
        visit.page.evaluate("told(3_600_000)")
        visit.shows("again")


def test_a_worker_that_never_speaks_is_done_without(browser: Browser, office: Office) -> None:
    with Visit(browser, office, DUMB_SHARED_WORKERS) as visit:
        visit.enter("admin")
        visit.page.clock.install()
        visit.go(PAGE)
        visit.shows("wait")
        visit.page.clock.run_for(SILENCE_MS)
        visit.is_live()


def test_a_worker_whose_script_does_not_come_is_done_without(office: Office, visit: Visit) -> None:
    office.door.refuse(script("live/worker"), 503)
    visit.go(PAGE)
    visit.is_live()
    assert office.door.asked[script("live/worker")] == 1


def test_a_page_that_shows_live_shows_when(lone: Visit) -> None:
    """A page that stands still cannot change its words: the time beside them stays true."""
    at = lone.page.locator("#live-state .at")
    before = at.inner_text()
    assert before
    lone.page.clock.fast_forward(5_000)
    lone.office.context.broker.publish([Event("machine", {}, 1)])
    expect(at).not_to_have_text(before)


def test_a_busy_server_is_asked_when_it_wishes(office: Office, lone: Visit) -> None:
    lose_stream(lone, 503, retry_after="60")
    asked = office.door.asked[STREAM]
    lone.page.clock.run_for(55_000)
    assert office.door.asked[STREAM] == asked
    office.door.admit(STREAM)
    run_until_asked(lone)
    lone.is_live()
    assert office.door.asked[STREAM] == asked + 1


def test_a_proxy_that_refuses_once_ends_nothing(office: Office, lone: Visit) -> None:
    lose_stream(lone, 403)
    lone.shows("again")
    office.door.admit(STREAM)
    run_until_asked(lone)
    lone.is_live()


@pytest.mark.parametrize(("status", "body"), [(401, "refused"), (403, '{"error": {"code": "forbidden"}}')])
def test_a_login_that_ended_is_not_asked_for_again(office: Office, lone: Visit, status: int, body: str) -> None:
    lose_stream(lone, status, body)
    mark = lone.shows("ended")
    expect(mark.get_by_role("link", name="Sign in again")).to_have_attribute("href", "/login?to=%2Fmachines")
    asked = Counter(office.door.asked)
    lone.page.clock.run_for(2 * OLD_MS)
    comes_to(lone.page, "hidden")
    comes_to(lone.page, "visible")
    assert office.door.asked == asked


def test_a_page_asks_now_and_then_without_an_event(office: Office, lone: Visit) -> None:
    """A machine that falls silent and a day that ends tell nobody."""
    with transaction(office.context.engine) as session:
        session.get_one(Machine, 1001).name = "Another name"
    expect(lone.page.locator("#machines")).not_to_contain_text("Another name")
    lone.page.clock.run_for(OLD_MS)
    expect(lone.page.locator("#machines")).to_contain_text("Another name")


def test_many_pages_do_not_ask_all_at_once(office: Office, lone: Visit) -> None:
    """Twenty listen: this page, whose lot is to be late, asks after nine tenths of two seconds."""
    page = lone.page
    with others_listen(office.context.broker, 19):
        office.context.broker.hang_up()
        lone.shows("again")
        page.clock.run_for(2_000)
        lone.is_live()
        page.evaluate("Math.random = () => 0.9")
        page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
        asked = office.door.asked[PAGE]
        office.context.broker.publish([Event("machine", {}, 1)])
        expect(page.locator("#live-state.beat")).to_be_visible()
        page.clock.run_for(1_700)
        assert office.door.asked[PAGE] == asked
        with page.expect_response(f"**{PAGE}"):
            page.clock.run_for(200)


def test_nothing_piles_up_before_a_tab_that_sleeps(office: Office, visit: Visit) -> None:
    visit.go(PAGE)
    visit.is_live()
    page = visit.page
    page.evaluate(TWO_MORE_TABS, [script("trusted"), script("live/worker")])
    page.wait_for_function(HAS_HEARD, arg=["quiet", 0])
    for _ in range(20):
        office.context.broker.publish([Event("machine", {}, 1)])
    page.wait_for_function(HAS_HEARD, arg=["keen", 20])
    assert page.evaluate("quiet.told.length") == 1
    page.evaluate("quiet.here()")
    page.wait_for_function(HAS_HEARD, arg=["quiet", 20])
    assert page.evaluate("quiet.told.length") == 2


def test_messages_are_read_however_they_are_cut(visit: Visit) -> None:
    visit.go("/login")
    first = ': a remark\r\n\r\nid: e-1\r\nevent: hello\r\ndata: {"a":\r\ndata: 1}\r\n\r\n'
    text = first + "id:e-2\nevent:debit\ndata:x\n\nid: cut"
    found = visit.page.evaluate(READ_IN_PIECES, [script("live/messages"), text])
    hello, debit = {"id": "e-1", "event": "hello", "data": '{"a":\n1}'}, {"id": "e-2", "event": "debit", "data": "x"}
    assert found == [[hello, debit]]


def test_pauses_grow_to_a_bound_and_are_not_all_alike(visit: Visit) -> None:
    visit.go("/login")
    pauses = visit.page.evaluate(PAUSES, script("live/backoff"))
    assert all(500 <= pause <= 1_000 for pause in pauses[::20])
    assert all(15_000 <= pause <= 30_000 for place, pause in enumerate(pauses) if place % 20 >= 5)
    assert len(set(pauses)) == len(pauses)


def test_what_a_page_has_seen(visit: Visit) -> None:
    visit.go("/login")
    cases: list[tuple[str, dict[str, Any], list[str]]] = [
        ("a-5", {"epoch": "a", "from": 5, "last": {}}, []),
        ("a-5", {"epoch": "a", "from": 0, "last": {"debit": 5, "report": 6}}, []),
        ("a-5", {"epoch": "a", "from": 0, "last": {"debit": 6}}, ["debit"]),
        ("a-5", {"epoch": "a", "from": 6, "last": {}}, ["debit", "alert"]),
        ("a-9", {"epoch": "a", "from": 6, "last": {"debit": 7}}, []),
        ("b-9", {"epoch": "a", "from": 6, "last": {}}, ["debit", "alert"]),
        ("a-5", {"epoch": "", "from": 0, "last": {}}, []),
    ]
    for moment, state, stale in cases:
        assert visit.page.evaluate(STALE, [script("live/seen"), moment, state]) == stale, (moment, state)
