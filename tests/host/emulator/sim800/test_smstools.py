"""SMS Server Tools (GPL-2.0) on a lone modem's terminal: a daemon that sends, receives, and hears of delivery.

It wants to be told the cell (AT+CREG=2), takes a report that is shown rather than stored (+CDS), reads with AT+CMGR and
deletes, and writes text, UCS-2 and the parts of a long message in PDUs of its own making.
"""

import os
import queue
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator.sim800.lone import LoneModem
from tests.host.emulator.sim800.programs import SMSD, require

SERVICE = "+8610690001"
WAIT_S = 120
STOP_S = 30
FOLDERS = ("outgoing", "checked", "incoming", "failed", "sent", "report")
CONFIGURATION = """devices = GSM1
outgoing = {folder}/outgoing
checked = {folder}/checked
incoming = {folder}/incoming
failed = {folder}/failed
sent = {folder}/sent
report = {folder}/report
logfile = {folder}/log
loglevel = 7
pidfile = {folder}/pid
infofile = {folder}/working
eventhandler = {folder}/event
delaytime = 1
blocktime = 1

[GSM1]
device = {device}
baudrate = 115200
rtscts = no
incoming = yes
report = yes
init = AT+CNMI=2,1,0,1,0
keep_open = yes
check_network = 1
"""


class Daemon:
    """Its folder, and the events that it calls a program for: SENT, RECEIVED, REPORT, FAILED, each with a file."""

    def __init__(self, folder: Path, device: str) -> None:
        self.folder = folder
        for name in FOLDERS:
            (folder / name).mkdir()
        fifo = folder / "events"
        os.mkfifo(fifo)
        self._events = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        self._heard = b""
        script = folder / "event"
        script.write_text(f'#!/bin/sh\necho "$1 $2" >{fifo}\n')
        script.chmod(0o755)
        (folder / "conf").write_text(CONFIGURATION.format(folder=folder, device=device))

    @contextmanager
    def running(self) -> Iterator[None]:
        command = [SMSD, "-t", "-c", str(self.folder / "conf")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
            try:
                yield
            finally:
                process.terminate()
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                os.close(self._events)

    def put(self, name: str, heading: str, body: bytes) -> None:
        """A message to send, moved into place whole."""
        draft = self.folder / name
        draft.write_bytes(f"To: {SERVICE}\n{heading}\n".encode() + body)
        draft.rename(self.folder / "outgoing" / name)

    def await_event(self) -> tuple[str, bytes]:
        """The next event and what is in its file."""
        while b"\n" not in self._heard:
            ready, _, _ = select.select([self._events], [], [], WAIT_S)
            assert ready, (self.folder / "log").read_text()
            self._heard += os.read(self._events, 4096)
        line, _, self._heard = self._heard.partition(b"\n")
        kind, path = line.decode().split(" ", 1)
        return kind, Path(path).read_bytes()


def test_a_daemon_sends_receives_and_hears_of_delivery(tmp_path: Path) -> None:
    require(SMSD)
    got: queue.Queue[bytes] = queue.Queue()
    long = "A report of more than one part. " * 8
    with LoneModem() as lone:
        lone.network.smsc.faults.delay_s = (0.0, 0.1)
        lone.network.smsc.application(SERVICE, lambda sender, content: got.put(content))
        daemon = Daemon(tmp_path, lone.pty)
        with daemon.running():
            lone.network.smsc.send(SERVICE, lone.modem.number, "还有 12 次")
            kind, file = daemon.await_event()
            heading, _, text = file.partition(b"\n\n")
            assert kind == "RECEIVED"
            assert heading.startswith(b"From: 8610690001\n")
            assert text.decode("utf-16-be") == "还有 12 次"
            daemon.put("short", "", b"plain text\n")
            events = [daemon.await_event() for _ in range(2)]
            assert [kind for kind, _ in events] == ["SENT", "REPORT"]
            assert b"Status: 0,Ok,short message received by the SME" in events[1][1]
            assert got.get(timeout=WAIT_S) == b"plain text"
            daemon.put("chinese", "Alphabet: UCS\n", "扫描一次".encode("utf-16-be"))
            assert got.get(timeout=WAIT_S).decode() == "扫描一次"
            daemon.put("long", "", long.encode())
            assert sorted(got.get(timeout=WAIT_S).decode() for _ in range(2)) == sorted(
                (long[:153], long[153:].rstrip())
            )
        sim = lone.modem.sim
        assert sim
        assert sim.places == {}, "it read and deleted"
        typed = b"".join(said.data for said in lone.modem.serial.transcript if said.direction == ">")
        assert b"+CREG=2\r" in typed
