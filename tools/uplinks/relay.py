"""Somebody on the line between a machine and the back office: a TCP relay that sees when a message goes and its answer
comes, and does to them what the faults say. Through TLS it sees records, no content: enough to lose, delay and repeat.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from backoffice.supervision import Worker
from tools.uplinks.faults import Fault, Faults
from tools.uplinks.office import Office
from tools.uplinks.records import Plain, Records

READ_BYTES: Final = 16_384
QUIET_S: Final = 0.15  # a message that is to come late is complete when nothing more of it came for so long
LATE_AFTER_EXCHANGES: Final = 2
LATE_ANSWER_S: Final = 5.0
LATE_MAX: Final = 8


@dataclass
class Late:
    """A message that waits on a connection which its sender has given up."""

    message: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    due_exchange: int


class Relay:
    """Listens on a free loopback port until it is closed. ``on_kill`` = what happens after the server died."""

    def __init__(self, office: Office, faults: Faults, on_kill: Callable[[], None], *, tls: bool) -> None:
        self.office, self.faults, self.on_kill, self.tls = office, faults, on_kill, tls
        self.bytes_up = self.bytes_down = self.connections = 0
        self._late: list[Late] = []
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._over = threading.Event()
        self._thread = Worker("relay").start_thread(self._loop.run_forever, self._over)
        self._server = self._ask(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def wire_bytes(self) -> int:
        """What went over the air, both ways."""
        return self.bytes_up + self.bytes_down

    def close(self) -> None:
        """Hang up everywhere."""
        self._ask(self._end())
        self._over.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def deliver_what_is_late(self) -> None:
        """The last ones arrive when everything else is over."""
        self._ask(self.deliver_late(everything=True))

    async def deliver_late(self, *, everything: bool = False) -> None:
        """Those that have been overtaken often enough. Nobody is there to hear their answers."""
        due = [late for late in self._late if everything or late.due_exchange <= self.faults.exchanges]
        self._late = [late for late in self._late if late not in due]
        for late in due:
            try:
                late.writer.write(late.message)
                await asyncio.wait_for(late.reader.read(READ_BYTES), LATE_ANSWER_S)
            except (OSError, TimeoutError):
                pass  # the server it was for is dead: lost after all
            late.writer.transport.abort()

    async def keep_for_later(self, message: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold a message back."""
        if len(self._late) == LATE_MAX:
            self._late.pop(0).writer.transport.abort()
        self._late.append(Late(message, reader, writer, self.faults.exchanges + LATE_AFTER_EXCHANGES))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        address = self.office.address
        if address is None or self.faults.of_connection():
            writer.transport.abort()
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*address)
        except OSError:
            writer.transport.abort()
            return
        line = Line(self, reader, writer, server_reader, server_writer)
        task = self._lines[line] = asyncio.create_task(line.run())
        try:
            await task
        except ConnectionError:
            pass  # an end hung up: so does the other
        finally:
            del self._lines[line]
            line.hang_up()

    async def _end(self) -> None:
        self._server.close()
        for late in self._late:
            late.writer.transport.abort()
        for line in self._lines:
            line.hang_up()
        await asyncio.gather(*self._lines.values(), return_exceptions=True)

    def _ask(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@dataclass(eq=False)
class Line:
    """One connection, exchange by exchange: the machine speaks, the server answers, the machine may speak again."""

    relay: Relay
    machine_reader: asyncio.StreamReader
    machine_writer: asyncio.StreamWriter
    server_reader: asyncio.StreamReader
    server_writer: asyncio.StreamWriter
    fault: Fault = Fault.NONE
    asked: bool = False
    answered: bool = False
    held: bytearray = field(default_factory=bytearray)
    keeps_server: bool = False
    entries_before: int = 0

    def __post_init__(self) -> None:
        follow = Records if self.relay.tls else Plain
        self._up, self._down = follow(), follow()

    async def run(self) -> None:
        """Until one side hangs up or a fault ends it."""
        reads = {
            asyncio.create_task(self.machine_reader.read(READ_BYTES)): self._from_machine,
            asyncio.create_task(self.server_reader.read(READ_BYTES)): self._from_server,
        }
        readers = {self._from_machine: self.machine_reader, self._from_server: self.server_reader}
        try:
            while True:
                done, _ = await asyncio.wait(
                    reads, timeout=QUIET_S if self.held else None, return_when="FIRST_COMPLETED"
                )
                if not done:
                    break  # the late message is complete
                for task in sorted(done, key=lambda task: reads[task] is self._from_server):
                    take = reads.pop(task)
                    chunk = task.result()
                    if not chunk or not await take(chunk):
                        return
                    reads[asyncio.create_task(readers[take].read(READ_BYTES))] = take
        finally:
            for task in reads:
                task.cancel()
            await asyncio.gather(*reads, return_exceptions=True)
        self.keeps_server = True
        await self.relay.keep_for_later(bytes(self.held), self.server_reader, self.server_writer)

    def hang_up(self) -> None:
        """At once, as a radio link ends."""
        self.machine_writer.transport.abort()
        if not self.keeps_server:
            self.server_writer.transport.abort()

    async def _from_machine(self, chunk: bytes) -> bool:
        """False: the connection ends here."""
        relay = self.relay
        relay.office.tell_time()
        relay.bytes_up += len(chunk)
        if self._up.carries_data(chunk) and (self.answered or not self.asked):
            await relay.deliver_late()
            self.asked, self.answered = True, False
            self.fault = relay.faults.of_exchange()
            self.entries_before = relay.office.entries()
        if self.asked and self.fault == Fault.LOST:
            return False
        if self.asked and self.fault == Fault.LATE:
            self.held += chunk
            return True
        self.server_writer.write(chunk)
        await self.server_writer.drain()
        return True

    async def _from_server(self, chunk: bytes) -> bool:
        relay = self.relay
        if self.asked and self._down.carries_data(chunk):
            self.answered = True
            if self.fault == Fault.KILLED and relay.office.entries() > self.entries_before:
                relay.office.kill()
                relay.faults.killed()
                relay.on_kill()
                return False
            if self.fault == Fault.ANSWER_LOST:
                return False
        if self.asked and self.fault == Fault.HANG:
            return True
        relay.bytes_down += len(chunk)
        self.machine_writer.write(chunk)
        await self.machine_writer.drain()
        return True
