"""People at browsers: they sign in, look at a page, let it renew itself, and go on to the next. What their pages do is
what `backoffice/web/static/js/live.js` does: one stream, and the page asked for again when something that it shows has
changed, at most once a second.

Not as browsers: charts are not drawn, style sheets and scripts are fetched once a browser, and there is no TLS.
"""

import asyncio
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from tools.load import address
from tools.load.address import Target
from tools.load.crew import Told
from tools.load.http import Answer, BadAnswer, Connection, request
from tools.load.records import PAGE, SIGN_IN, STREAM, WELL, Sample

PATIENCE_S: Final = 30.0
STAY_S: Final = (4.0, 10.0)
TRY_AGAIN_S: Final = (1.0, 3.0)
SIGN_IN_EVERY_S: Final = 60.0
RENEW_EVERY_S: Final = 1.0
REOPEN_S: Final = (1.0, 3.0)
COOKIE: Final = "perscan_session"
ASSET: Final = re.compile(r"""(?:href|src)="(/static/[^"]+)\"""")
MOMENT: Final = re.compile(r'data-moment="([^"]*)"')
SPREAD: Final = re.compile(rb'"spread_ms": ?(\d+)')
TOPICS: Final = re.compile(r'data-live-on="([^"]*)"')


@dataclass(frozen=True)
class Person:
    """Somebody with a browser."""

    login: str
    password: str
    paths: tuple[str, ...]
    """Pages that are looked at, in turns."""


@dataclass(frozen=True)
class Pages:
    """Many people, one page open each, in one process."""

    target: Target
    people: Sequence[Person]
    seed: int

    async def run(self, told: Told) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as all_of_them:
            for place, person in enumerate(self.people):
                fate = random.Random(f"{self.seed}/page {place}")  # noqa: S311 (a play, not a secret)
                browser = Browser(address.of_page(place), self.target, told)
                all_of_them.create_task(_look_around(person, browser, fate, place / len(self.people)))


async def _look_around(person: Person, browser: "Browser", fate: random.Random, after: float) -> None:
    sign_in_s, place = 0.0, 0
    await asyncio.sleep(after * STAY_S[0])
    while True:
        if time.monotonic() >= sign_in_s:
            while not await browser.sign_in(person):
                await asyncio.sleep(fate.uniform(*TRY_AGAIN_S))
            sign_in_s = time.monotonic() + SIGN_IN_EVERY_S * (0.5 + fate.random())
        page = await browser.open(person.paths[place % len(person.paths)])
        place += 1
        if page is None:
            await asyncio.sleep(fate.uniform(*TRY_AGAIN_S))
            continue
        try:
            async with asyncio.timeout(fate.uniform(*STAY_S)):
                await browser.watch(page, fate)
        except TimeoutError:
            pass


@dataclass(frozen=True)
class Page:
    """A page that is open, as far as its script needs to know it."""

    path: str
    moment: str
    topics: frozenset[str]


class Browser:
    """One browser: cookies, files that were fetched already, a connection that is kept."""

    def __init__(self, source: str, target: Target, told: Told) -> None:
        self._source, self._target, self._told = source, target, told
        self._host = f"{target[0]}:{target[1]}"
        self._cookies: dict[str, str] = {}
        self._kept: Connection | None = None
        self._files: set[str] = set()
        self._spread_s = 0.0

    async def sign_in(self, person: Person) -> bool:
        """By the page's form."""
        form = urlencode({"login": person.login, "password": person.password}).encode()
        headers = {"Origin": f"http://{self._host}", "Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._ask(SIGN_IN, "POST", "/login", headers, form, well=(303,))
        given = answer.headers.get("set-cookie", "") if answer else ""
        self._cookies |= {name: value for name, _sign, value in map(_pair, given.splitlines())}
        return f"{COOKIE}=" in given

    async def open(self, path: str) -> Page | None:
        """The page and whatever it needs that is not here yet."""
        answer = await self._ask(PAGE, "GET", path, {"Accept": "text/html"})
        if answer is None or answer.status != 200:
            return None
        text = answer.body.decode()
        for name in dict.fromkeys(ASSET.findall(text)):
            if name not in self._files and await self._ask(PAGE, "GET", name):
                self._files.add(name)
        topics = frozenset(topic for names in TOPICS.findall(text) for topic in names.split())
        found = MOMENT.search(text)
        return Page(path, found[1] if found else "", topics)

    async def watch(self, page: Page, fate: random.Random) -> None:
        """For ever: listen, and renew the page when something has changed."""
        if not page.topics:
            await asyncio.get_running_loop().create_future()
        changed = asyncio.Event()
        async with asyncio.TaskGroup() as both:
            both.create_task(self._listen(page, changed, fate))
            both.create_task(self._renew(page, changed, fate))

    async def _renew(self, page: Page, changed: asyncio.Event, fate: random.Random) -> None:
        """As refresh.js does it: a pause spread over what the stream says, one question, a rest."""
        while True:
            await changed.wait()
            await asyncio.sleep(fate.uniform(0, self._spread_s))
            changed.clear()
            begun_s = time.monotonic()
            await self._ask(PAGE, "GET", page.path, {"Accept": "text/html"})
            await asyncio.sleep(max(0.0, begun_s + RENEW_EVERY_S - time.monotonic()))

    async def _listen(self, page: Page, changed: asyncio.Event, fate: random.Random) -> None:
        while True:
            begun_s, outcome = time.monotonic(), "cut off"
            stream = None
            try:
                async with asyncio.timeout(PATIENCE_S):
                    stream = await Connection.open(self._source, self._target)
                    stream.writer.write(self._request("GET", f"/events?since={page.moment}", {}, b""))
                    head = await stream.head()
                outcome = WELL if head.status == 200 else str(head.status)
                self._told.append(Sample(STREAM, begun_s, time.monotonic() - begun_s, outcome))
                while head.status == 200 and (piece := await stream.chunks()):
                    if spread := SPREAD.search(piece):
                        self._spread_s = int(spread[1]) / 1000
                    if any(topic in page.topics or topic == "missed" for topic in _topics_in(piece)):
                        changed.set()
            except (OSError, BadAnswer, ValueError, asyncio.IncompleteReadError, TimeoutError):
                if outcome != WELL:
                    self._told.append(Sample(STREAM, begun_s, time.monotonic() - begun_s, outcome))
            finally:
                if stream is not None:
                    stream.close()
            await asyncio.sleep(fate.uniform(*REOPEN_S))

    async def _ask(
        self,
        what: str,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        well: tuple[int, ...] = (200,),
    ) -> Answer | None:
        """One exchange, noted; None when there was no answer."""
        begun_s, outcome, answer = time.monotonic(), "", None
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._exchange(self._request(method, path, headers or {}, body))
        except TimeoutError:
            outcome = f"nothing within {PATIENCE_S:.0f} s"
        except (OSError, BadAnswer) as error:
            outcome = type(error).__name__
        except asyncio.CancelledError:
            outcome = "left before it came" if time.monotonic() - begun_s > RENEW_EVERY_S else ""
            raise
        finally:
            if answer is not None:
                outcome = WELL if answer.status in well else str(answer.status)
            if outcome:
                self._told.append(Sample(what, begun_s, time.monotonic() - begun_s, outcome))
        return answer

    async def _exchange(self, asked: bytes) -> Answer:
        """On the connection that is kept, or, when the server has closed that, on a new one."""
        if self._kept is not None and self._kept.usable:
            try:
                return await self._kept.exchange(asked)
            except (OSError, BadAnswer):
                pass
        if self._kept is not None:
            self._kept.close()
        self._kept = await Connection.open(self._source, self._target)
        return await self._kept.exchange(asked)

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return request(method, path, self._host, headers | ({"Cookie": cookies} if cookies else {}), body)


def _pair(line: str) -> tuple[str, str, str]:
    """What a Set-Cookie line gives, without its attributes."""
    return line.partition(";")[0].strip().partition("=")


def _topics_in(piece: bytes) -> list[str]:
    """Events of a stream, by name (WHATWG HTML 9.2.6). A piece holds whole events: the server sends them so."""
    lines = piece.decode().splitlines()
    return [line.removeprefix("event:").strip() for line in lines if line.startswith("event:")]
