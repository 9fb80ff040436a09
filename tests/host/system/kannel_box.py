"""The real Kannel (Debian's kannel, kannel-extras): bearerbox with its fake SMSC, and smsbox, on free loopback ports.

    perscan's server <-HTTP-> smsbox <-> bearerbox <-lines-> whoever plays the phone network

What smsbox is told about us is what `perscan sms kannel-config` writes.
"""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backoffice.sms import kannel_config
from backoffice.sms.secret import SmsSecrets

BEARERBOX, SMSBOX = "/usr/sbin/bearerbox", "/usr/sbin/smsbox"
FAKE_SMSC_CLIENT = "/usr/lib/kannel/test/fakesmsc"
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 10
LIFE_MAX_S = 120
"""A box that a test waits for in vain is killed, so that the test ends."""
INFORMATION = "1"  # at log-level 0 Kannel logs the passwords of its addresses

CORE = """group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = *.*.*.*
sms-combine-concatenated-mo = true
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = network
port = {network}
our-host = 127.0.0.1
connect-allow-ip = 127.0.0.1

include = "{ours}"
"""


@dataclass(frozen=True)
class Ports:
    """Free a moment ago."""

    office: int
    sendsms: int
    network: int
    admin: int
    boxes: int

    @classmethod
    def free(cls) -> "Ports":
        with ExitStack() as held:
            found = []
            for _ in range(5):
                one = held.enter_context(socket.socket())
                one.bind(("127.0.0.1", 0))
                found.append(one.getsockname()[1])
        return cls(*found)


@dataclass
class Box:
    """One of Kannel's processes. What it logs is read all the time, so that it never waits for us."""

    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self.changed:
                self.log.append(line)
                self.changed.notify_all()

    def wait_for(self, words: str) -> None:
        """Until it logs these words."""
        with self.changed:
            said = self.changed.wait_for(lambda: any(words in line for line in self.log), START_TIMEOUT_S)
        assert said, "".join(self.log[-20:])

    def said(self) -> str:
        with self.changed:
            return "".join(self.log)


@dataclass(frozen=True)
class Kannel:
    """Both boxes, running."""

    ports: Ports
    bearerbox: Box
    smsbox: Box

    @property
    def network_address(self) -> tuple[str, int]:
        """Where its fake SMSC listens."""
        return "127.0.0.1", self.ports.network

    def logs(self) -> str:
        return self.bearerbox.said() + self.smsbox.said()


def require_kannel() -> None:
    """Leave a test out where that was asked for; fail where Kannel is merely missing."""
    if os.environ.get("PERSCAN_NO_KANNEL") == "1":
        pytest.skip("PERSCAN_NO_KANNEL=1: tests with Kannel are left out")
    missing = [path for path in (BEARERBOX, SMSBOX, FAKE_SMSC_CLIENT) if shutil.which(path) is None]
    if missing:
        pytest.fail(
            f"{missing[0]} is missing: sudo apt install kannel kannel-extras, "
            "or set PERSCAN_NO_KANNEL=1 to leave these tests out."
        )


@contextmanager
def running_kannel(folder: Path, ports: Ports, secrets: SmsSecrets) -> Iterator[Kannel]:
    """Kannel with our part of its configuration, until the block ends."""
    ours, whole = folder / "perscan.conf", folder / "kannel.conf"
    text = kannel_config.text(secrets, f"http://127.0.0.1:{ports.office}", ports.sendsms, ports.boxes)
    kannel_config.write(ours, text.replace("http-queue-delay = 10", "http-queue-delay = 1"))
    whole.write_text(
        CORE.format(
            admin=ports.admin, boxes=ports.boxes, network=ports.network, ours=ours, password=secrets.kannel_out[::-1]
        )
    )
    with running_box(BEARERBOX, whole, folder) as bearerbox:
        bearerbox.wait_for("mainloop")
        with running_box(SMSBOX, whole, folder) as smsbox:
            bearerbox.wait_for("Client connected from <127.0.0.1>")
            yield Kannel(ports, bearerbox, smsbox)


@contextmanager
def running_box(program: str, configuration: Path, folder: Path) -> Iterator[Box]:
    """One of its processes with this configuration, until the block ends."""
    command = [program, "-v", INFORMATION, str(configuration)]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        box = Box(process)
        reader = threading.Thread(target=box.read, daemon=True)
        reader.start()
        guard = threading.Timer(LIFE_MAX_S, process.kill)
        guard.start()
        try:
            yield box
        finally:
            guard.cancel()
            _stop(process)
            reader.join(STOP_TIMEOUT_S)


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
