"""A modem of another make on a real pseudo terminal: what it can, refuses and says in between is written down.

It stands below our port and is not ours: as modems answer in public transcripts (named where they are used).
"""

import os
import re
import select
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass, field

WAIT_S = 30.0
POLL_S = 0.05


@dataclass
class Make:
    """What one make of modem does."""

    cnmi: str | None = "(0-2),(0-3),(0,2,3),(0-2),(0,1)"
    """What AT+CNMI=? answers; None: it does not know the question."""
    takes_cnmi: Callable[[str], bool] = lambda _values: True
    cpms: str | None = '("SM","ME"),("SM","ME"),("SM","ME")'
    receives: str = "SM"
    csms: str | None = "0,1,1,1"
    knows_csms_0: bool = True
    refuses: tuple[str, ...] = ()
    """Beginnings of commands that it answers with ERROR."""
    before_pdu: list[bytes] = field(default_factory=list)
    """Lines that it says between a header and its PDU, one at each listing."""
    pdu_spoiled: int = 0
    """So many of the next PDUs come with their end cut off."""
    empty_is_an_error: bool = False
    places: dict[str, int] = field(default_factory=lambda: {"SM": 20, "ME": 30})


class PtyModem:
    """Runs until it is closed."""

    def __init__(self, make: Make, stored: dict[str, dict[int, bytes]] | None = None) -> None:
        self.make = make
        self.stored = stored or {}
        self.heard: list[str] = []
        self.changed = threading.Condition()
        self._selected = make.receives
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self._slave = slave
        self.path = os.ttyname(slave)
        self._prompted: bytes | None = None
        self._sent = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> "PtyModem":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(WAIT_S)
        os.close(self._master)
        os.close(self._slave)

    def say(self, *lines: bytes) -> None:
        """By itself."""
        for line in lines:
            os.write(self._master, b"\r\n" + line + b"\r\n")

    def place(self, memory: str, pdu: bytes) -> bool:
        """The network delivers; False when there is no room."""
        with self.changed:
            places = self.stored.setdefault(memory, {})
            free = [number for number in range(self.make.places[memory]) if number not in places]
            if not free:
                return False
            places[free[0]] = pdu
        self.say(b'+CMTI: "%s",%d' % (memory.encode(), free[0]))
        return True

    def lies(self, memory: str) -> int:
        with self.changed:
            return len(self.stored.get(memory, {}))

    def wait_until(self, done: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(done, WAIT_S), (self.heard[-20:], self.stored)

    # Below: the modem's own side.

    def _run(self) -> None:
        pending = b""
        while not self._over.is_set():
            if not select.select([self._master], [], [], POLL_S)[0]:
                continue
            pending += os.read(self._master, 4096)
            end = b"\x1a" if self._prompted is not None else b"\r"
            while end in pending:
                typed, pending = pending.split(end, 1)
                with self.changed:
                    self._hear(typed.decode("latin-1").strip("\x1b\n"))
                    self.changed.notify_all()
                end = b"\x1a" if self._prompted is not None else b"\r"

    def _hear(self, command: str) -> None:
        if self._prompted is not None:
            self._prompted = None
            self._sent += 1
            self.say(b"+CMGS: %d" % self._sent, b"OK")
            return
        self.heard.append(command)
        if command.startswith("AT+CMGS="):
            self._prompted = b""
            os.write(self._master, b"\r\n> ")
            return
        self.say(*self._answer(command))

    def _answer(self, command: str) -> list[bytes]:
        make = self.make
        if command.startswith(make.refuses) if make.refuses else False:
            return [b"ERROR"]
        if command == "AT+CNMI=?":
            return [b"ERROR"] if make.cnmi is None else [b"+CNMI: " + make.cnmi.encode(), b"OK"]
        if command.startswith("AT+CNMI="):
            return [b"OK" if make.takes_cnmi(command[8:]) else b"+CMS ERROR: 303"]
        if command.startswith("AT+CPMS"):
            return self._memories(command)
        if command == "AT+CSMS?":
            return [b"ERROR"] if make.csms is None else [b"+CSMS: " + make.csms.encode(), b"OK"]
        if command == "AT+CSMS=0":
            return [b"+CSMS: 1,1,1", b"OK"] if make.knows_csms_0 else [b"+CMS ERROR: 303"]
        if command == "AT+CMGL=4":
            return self._listed()
        if command.startswith("AT+CMGD="):
            self.stored.get(self._selected, {}).pop(int(command[8:]), None)
            return [b"OK"]
        if command == "AT+CPIN?":
            return [b"+CPIN: READY", b"OK"]
        return [b"OK"]

    def _memories(self, command: str) -> list[bytes]:
        make = self.make
        if make.cpms is None:
            return [b"ERROR"]
        if command == "AT+CPMS=?":
            return [b"+CPMS: " + make.cpms.encode(), b"OK"]
        names = re.findall(r'"(\w+)"', command)
        lists = [re.findall(r'"(\w+)"', one) for one in re.findall(r"\(([^)]*)\)", make.cpms)]
        if any(name not in known for name, known in zip(names, lists, strict=False)):
            return [b"+CMS ERROR: 302"]
        if names:
            self._selected = names[0]
            make.receives = names[2] if len(names) > 2 else make.receives
        shown = ",".join(self._room(name, named=not names) for name in (self._selected, "SM", make.receives))
        return [f"+CPMS: {shown}".encode(), b"OK"]

    def _room(self, name: str, *, named: bool) -> str:
        used = f"{len(self.stored.get(name, {}))},{self.make.places.get(name, 0)}"
        return f'"{name}",{used}' if named else used

    def _listed(self) -> list[bytes]:
        places = sorted(self.stored.get(self._selected, {}).items())
        if not places and self.make.empty_is_an_error:
            return [b"+CMS ERROR: 321"]
        stray = self.make.before_pdu.pop(0) if places and self.make.before_pdu else None
        lines = []
        for number, pdu in places:
            digits = pdu.hex().upper().encode()
            if self.make.pdu_spoiled > 0:
                self.make.pdu_spoiled -= 1
                digits = digits[:-6]
            lines += [b"+CMGL: %d,1,,%d" % (number, len(pdu) - 1 - pdu[0]), *([stray] if stray else []), digits]
        return [*lines, b"OK"]
