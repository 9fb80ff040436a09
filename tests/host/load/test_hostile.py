"""Every kind of attack does what its words say, against a small server on loopback that notes what it hears."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tools.load.crew import Told
from tools.load.hostile.attack import Attack
from tools.load.hostile.kinds import KINDS
from tools.load.hostile.loot import Account, Loot
from tools.load.records import Deed

CONNECTIONS = 4
WAIT_S = 30.0
FIRST_BYTES = 200
"""Of what a connection says: as much as is there after its first piece."""
ANSWER = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno"
GENUINE = bytes(range(200))
CHANGERS = (Account("trudy", "the old password", "cookie of trudy"),)


@dataclass
class Ear:
    """A server that notes what each connection says. ``enough`` = when the test has heard what it wants to hear."""

    enough: Callable[["Ear"], bool]
    answer: bytes = b""
    heard: list[bytearray] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    content: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = bytearray()
        self.heard.append(said)
        self.sources.add(writer.get_extra_info("peername")[0])
        self._look()
        try:
            while piece := await reader.read(1 << 16):
                said += piece
                self._look()
                writer.write(self.answer * piece.count(b" HTTP/1.1\r\n"))
        except ConnectionError:
            pass  # they hang up as they like
        finally:
            writer.transport.abort()
            self.gone.set()

    def _look(self) -> None:
        if self.enough(self):
            self.content.set()


async def _attacked(kind: str, ear: Ear) -> tuple[Ear, Counter[str]]:
    server = await asyncio.start_server(ear.listen, "127.0.0.1", 0)
    loot = Loot(
        server.sockets[0].getsockname(), Account("mallory", "", "cookie of mallory"), CHANGERS, "ada", (GENUINE,), 1
    )
    told = Told()
    attack = asyncio.create_task(Attack(kind, CONNECTIONS, loot, ramp_s=0.0).run(told))
    async with asyncio.timeout(WAIT_S):
        await ear.content.wait()
    attack.cancel()
    await asyncio.gather(attack, return_exceptions=True)
    server.close()
    happened = sum((said.happened for said in told if isinstance(said, Deed)), Counter[str]())
    return ear, happened


def attacked(kind: str, enough: Callable[[Ear], bool], answer: bytes = ANSWER) -> tuple[list[bytes], Counter[str]]:
    """What was heard on each connection, and what the attackers counted."""

    async def run() -> tuple[Ear, Counter[str]]:
        return await _attacked(kind, Ear(enough, answer))

    ear, happened = asyncio.run(run())
    assert all(source.startswith("127.0.2.") for source in ear.sources)
    return [bytes(said) for said in ear.heard], happened


def all_said(words: bytes, times: int = 1) -> Callable[[Ear], bool]:
    """So many connections, and each has said this so often."""
    return lambda ear: len(ear.heard) >= CONNECTIONS and all(said.count(words) >= times for said in ear.heard)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("cookies", b"\r\nCookie: perscan_session="),
        ("bearers", b"\r\nAuthorization: Bearer "),
        ("many-logins", b'{"login": "user'),
        ("one-login", b'{"login": "ada", "password": "'),
        ("garbage", b"POST /api/v1/uplink HTTP/1.1"),
        ("replay", GENUINE),
        ("sms", b"\r\nX-Perscan-Signature: v1="),
        ("passwords", b"\r\nCookie: perscan_session=cookie of trudy\r\n"),
        ("backslashes", b'="' + b"\\" * 60_000 + b'"\r\n'),
        ("head-lines", b"a:\r\n" * 15_000 + b"\r\n"),
        ("tiny-chunks", b"\r\n\r\n" + b"1\r\nx\r\n" * 16_000 + b"0\r\n\r\n"),
    ],
)
def test_floods_ask_again_when_they_are_answered(kind: str, words: bytes) -> None:
    heard, happened = attacked(kind, all_said(words, times=3))
    assert len(heard) == CONNECTIONS
    assert happened["connected"] == CONNECTIONS
    assert happened["answered 401"] >= 2 * CONNECTIONS


def test_a_flood_waits_for_its_answer() -> None:
    heard, _happened = attacked("cookies", all_said(b"Cookie"), answer=b"")
    assert all(said.count(b"GET ") == 1 for said in heard)


def test_early_answers_are_followed_by_what_is_no_chunk() -> None:
    heard, _happened = attacked("early", all_said(b"\r\n\r\nzz\r\n"))
    assert all(b"Transfer-Encoding: chunked" in said and b"Content-Length" not in said for said in heard)


def test_the_pipeline_does_not_wait() -> None:
    heard, _happened = attacked("pipeline", all_said(b"GET /api/v1/me", times=64), answer=b"")
    assert all(said.count(b"GET /api/v1/me") == 64 for said in heard)


def test_silence_is_silent() -> None:
    heard, _happened = attacked("silent", lambda ear: len(ear.heard) == CONNECTIONS)
    assert set(heard) == {b""}


@pytest.mark.parametrize(("kind", "words"), [("half-head", b"X-Slow: aa"), ("half-body", b"\r\n\r\n{{{{{{{{{{{")])
def test_halves_drip_and_never_end(kind: str, words: bytes) -> None:
    heard, happened = attacked(kind, all_said(words), answer=b"")
    assert all(b"Slow" not in said or b"\r\n\r\n" not in said for said in heard)
    assert happened["connected"] == CONNECTIONS


def test_hogs_come_back_on_the_same_connection() -> None:
    heard, happened = attacked("hogs", all_said(b"GET /login", times=2))
    assert len(heard) == happened["connected"] == CONNECTIONS


def test_big_bodies_pour() -> None:
    heard, _happened = attacked("big-body", lambda ear: sum(map(len, ear.heard)) > 4 << 20, answer=b"")
    assert all(b"Content-Length: 157286400" in said for said in heard)


def test_slow_readers_ask_ahead_and_leave_it_where_it_is() -> None:
    big = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + bytes(1_000_000)
    heard, _happened = attacked("slow-reader", all_said(b"GET /", times=32), answer=big)
    assert len(heard) == CONNECTIONS


def test_streams_are_those_of_the_low_user() -> None:
    heard, _happened = attacked("streams", all_said(b"GET /events HTTP/1.1\r\n"), answer=b"")
    assert all(b"Cookie: perscan_session=cookie of mallory\r\n" in said for said in heard)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("passwords",)])
def test_the_same_seed_says_the_same(kind: str) -> None:
    """What each connection says first. (New passwords are random: nobody else may know them.)"""

    def said() -> list[bytes]:
        enough = all_said(b"\r\n") if kind != "silent" else lambda ear: len(ear.heard) == CONNECTIONS
        heard, _happened = attacked(kind, enough, answer=b"")
        return sorted(re.sub(rb"127.0.0.1:[0-9]+", b"HOST", one[:FIRST_BYTES]) for one in heard)

    assert said() == said()


def test_who_is_thrown_out_comes_back() -> None:
    class Rude(Ear):
        async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.heard.append(bytearray())
            writer.close()
            self._look()

    async def run() -> Counter[str]:
        _ear, happened = await _attacked("silent", Rude(lambda ear: len(ear.heard) > 5 * CONNECTIONS))
        return happened

    assert asyncio.run(run())["closed without a word"] >= 4 * CONNECTIONS


def test_a_changed_password_is_remembered() -> None:
    changed = b"HTTP/1.1 200 OK\r\nset-cookie: perscan_session=second; HttpOnly\r\ncontent-length: 0\r\n\r\n"
    heard, _happened = attacked("passwords", all_said(b"perscan_session=second"), answer=changed)
    changer = [said for said in heard if b'"current": "the old password"' in said]
    assert len(changer) == 1
    assert changer[0].count(b'"current": "the old password"') == 1
