"""A board: an ESP32 as the firmware sees it, with the chips and things around it that it controls."""

import os
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from emulator import wiring
from emulator.errors import BoardHung, EmulatorError
from emulator.expose import Exposure, PtyExposure, TcpExposure, exposed
from emulator.flash import Flash
from emulator.frames import FIRST_REQUEST, Flag, Item, Op, TurnMark
from emulator.heap import HeapReport
from emulator.hostport import HostPort
from emulator.image import build_image
from emulator.mfrc522 import Mfrc522
from emulator.modem_line import attach_modem
from emulator.oled import Ssd1306
from emulator.operations import ASK_US, Answer, Operations
from emulator.pins import Pins
from emulator.process import BoardProcess, ProcessGone, ProcessSilent
from emulator.rf import Field
from emulator.spi import SpiBus
from emulator.uart import Uart
from emulator.wifi import Network

if TYPE_CHECKING:
    from emulator.world import World

FAR_FUTURE_US: Final = 1 << 62
UNIX_2000_US: Final = 946_684_800_000_000
LOG_TAIL_BYTES: Final = 1 << 16
START_UP_US: Final = 300_000  # from power or reset to MicroPython's first line
BOOT_MESSAGE: Final = b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x%x (%s),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
NETWORK_FLAG: Final = int(Flag.NETWORK)
POWER_ON, HARD_RESET, WATCHDOG_RESET, SOFT_RESET = 1, 2, 3, 5  # machine.reset_cause()
CAUSES: Final = {
    POWER_ON: (0x1, b"POWERON_RESET"),
    HARD_RESET: (0xC, b"SW_CPU_RESET"),
    WATCHDOG_RESET: (0x8, b"TG1WDT_SYS_RESET"),
    SOFT_RESET: (0xC, b"SW_CPU_RESET"),
}


@dataclass
class Counters:
    """What crossed the board's buses since it was made; power cuts do not reset them."""

    spi_transactions: int = 0
    spi_bytes: int = 0
    i2c_transactions: int = 0
    i2c_bytes: int = 0
    flash_reads: int = 0
    flash_progs: int = 0
    flash_erases: int = 0
    requests: int = 0  # round trips of the seam, and what a board only told:
    outputs: int = 0  # the bench takes both off the CPU time (emulator/calibration.py)


class Turn(NamedTuple):
    """One task's turn on the event loop: how long it kept everybody else waiting."""

    time_us: int  # of the world, when it ended
    cpu_us: int  # of the host
    flash_us: int  # that the flash was busy in it
    spi_transactions: int  # with the card reader in it
    host_bytes: int  # that it read of the host's questions
    requests: int  # to the emulator: with the time, what tells a turn of one run in another


@dataclass
class Press:
    """A button: low while it is held."""

    board: "Board"
    pin: int
    held: bool = False

    def press(self, ms: int = 200) -> None:
        self._move(True)
        self.board.world.at(ms, lambda: self._move(False))

    def reads_high(self) -> bool:
        return not self.held

    def _move(self, held: bool) -> None:
        with self.board.world.lock:
            self.held = held
            self.board.world.note(self.board.name, "button", f"{self.pin} {'down' if held else 'up'}")
            self.board.pins.edge(self.pin, not held)


class Board:
    """Made without power. Everything that survives a power cut is here; the process is what runs between two."""

    def __init__(
        self, world: "World", name: str, image: bytes | None, flash: Flash | None, heap_words_k: int | None
    ) -> None:
        self.world = world
        self.name = name
        self.heap_words_k = heap_words_k
        self.flash = flash or Flash(build_image() if image is None else image, self._seed("flash"))
        self.counters = Counters()
        self.unique_id = bytes([0x24, 0x6F, 0x28]) + world.random(f"{name}/id").randbytes(3)
        self.entropy = world.random(f"{name}/entropy")
        self.starts = 0
        self.resets: list[int] = []  # the causes of all starts
        self.wall_offset_us = 0
        self.ticks_start_us = 0  # what ticks_us() shows at the next start; near 2**30 it wraps soon
        self.repl_on_uart = (
            False  # a build of MicroPython whose prompt has UART 0, as the generic one of a classic ESP32
        )
        self.watch_heap = False
        self.watch_turns = False
        self.turns: list[Turn] = []  # while they are watched
        self.loops_us: list[int] = []  # CPU time of the reference loop behind each turn, while they are watched,
        self.questions_us: list[int] = []  # and of the one question in it
        self._turn_began: Turn | None = None
        self._marked_us = 0
        self.heap_report = HeapReport()
        self._log = os.memfd_create("console")
        self._exposures: dict[type[Exposure], Exposure] = {}
        self._make_chips()
        self._powered = False
        self.started_us = 0
        self._process: BoardProcess | None = None
        self._operations = Operations(self)
        self._forget_process()

    def _make_chips(self) -> None:
        self.field = Field(self.world.clock, self._seed("field"))
        self.reader = Mfrc522(self.world.clock, self.field)
        self.oled = Ssd1306()
        self.pins = Pins(self.raise_interrupt, frozenset({wiring.READER_SELECT, wiring.READER_RESET}))
        self.spi = SpiBus()
        self.spi.attach(wiring.READER_SELECT, self.reader)
        self.uarts = [Uart(self.world, self._wake_for_input) for _ in range(3)]
        self.network = Network(self.world)
        self.host = HostPort(self, self.uarts[wiring.HOST_UART])
        self.modem = attach_modem(self)
        self.relay_log: list[tuple[int, bool]] = []
        self.buzzer_log: list[tuple[int, int, int]] = []  # time_us, frequency_hz, duty of 65535
        self._buttons = {pin: Press(self, pin) for pin in wiring.BUTTONS}
        for pin, button in self._buttons.items():
            self.pins.sources[pin] = button.reads_high
        self.pins.sources[wiring.READER_IRQ] = lambda: self.reader.irq_pin
        self.pins.listeners[wiring.READER_SELECT] = lambda level: self.spi.select(wiring.READER_SELECT, level)
        self.pins.listeners[wiring.READER_RESET] = self.reader.reset_pin
        self.pins.listeners[wiring.RELAY] = self._move_relay

    # --- power -------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """It has power and its process lives, be it at the REPL."""
        return self._process is not None

    @property
    def powered(self) -> bool:
        return self._powered

    def power_on(self) -> None:
        with self.world.lock:
            if self._powered:
                return
            self.wall_offset_us = -self.world.now_us + UNIX_2000_US  # without a battery the clock starts in 2000
            self._powered = True
            self.reader.power(True)
            self.oled.power(True)
            self._start(POWER_ON)

    def power_off(self) -> None:
        with self.world.lock:
            if not self._powered:
                return
            self.world.note(self.name, "power off")
            self._stop()
            self._powered = False
            self.reader.power(False)
            self.oled.power(False)

    def reset(self, cause: int = HARD_RESET) -> None:
        """The reset button, machine.reset(), the watchdog: the processor starts anew, the chips keep their power."""
        with self.world.lock:
            if self._powered:
                self._stop()
                self._start(cause)

    def close(self) -> None:
        """For good: ends the process and gives back what the host lent."""
        with self.world.lock:
            for exposure in self._exposures.values():
                exposure.close()
            self._exposures.clear()
            self.power_off()
        os.close(self._log)

    # --- what a test sees and moves ----------------------------------------------------------------------------

    @property
    def relay(self) -> bool:
        return self.pins.output(wiring.RELAY)

    def button(self, number: int) -> Press:
        return self._buttons[wiring.BUTTONS[number]]

    @property
    def crash_log(self) -> str:
        """The end of what this board's processes printed: a real board would send it to its REPL."""
        start = max(0, os.fstat(self._log).st_size - LOG_TAIL_BYTES)
        return os.pread(self._log, LOG_TAIL_BYTES, start).decode(errors="replace")

    @property
    def cpu_us(self) -> int:
        """CPU time of the host since this start's first line; counters.requests tells how much of it is the seam's."""
        return self._process.cpu_us if self._process else 0

    @property
    def link_calls(self) -> int:
        """Round trips of the seam, over all starts."""
        return self.counters.requests

    @property
    def halted(self) -> bool:
        """The firmware came to its end (or died); a real board sits in its REPL then."""
        return self._halted

    def expose_host(self) -> str:
        """A pyserial URL of the host link, in real time."""
        return self._expose(TcpExposure)

    def expose_pty(self) -> str:
        """The path of a terminal that is the host link, in real time."""
        return self._expose(PtyExposure)

    def buzz(self, frequency_hz: int, duty: int) -> None:
        self.buzzer_log.append((self.world.now_us, frequency_hz, duty))
        self.world.note(self.name, "buzzer", f"{frequency_hz} {duty}")

    # --- the process, as the world runs it ---------------------------------------------------------------------

    @property
    def next_us(self) -> int:
        """When the next thing of this board is due."""
        due_us = self._items[0].time_us if self._items else self._wait_until_us
        return due_us if due_us < self._watchdog_us else self._watchdog_us

    def collect(self) -> None:
        """Virtual time: let the process run until it asks for something."""
        while self._process and not self._blocked:
            try:
                self._accept(self._process.receive())
            except ProcessGone:
                self._halt()
            except ProcessSilent:
                self._hang()

    @property
    def requests(self) -> int:
        """Real time: the pipe to listen to."""
        return self._living.requests

    def receive_ready(self) -> None:
        """Real time: serve what the process says now."""
        try:
            items = self._living.receive_ready()
        except ProcessGone:
            self.world.forget(self)
            self._halt()
            return
        self._accept(items)
        while self._items:
            self._serve_item()

    def serve(self) -> None:
        """Do what is due at next_us, which is now."""
        if self._watchdog_us <= self.world.now_us:
            self.world.note(self.name, "watchdog")
            self.reset(WATCHDOG_RESET)
        elif self._items:
            self._serve_item()
        else:
            self.end_wait()

    @property
    def process_id(self) -> int:
        return self._living.process_id

    def begin_measuring(self) -> None:
        """The process has begun to be a board: what it spent before is not the firmware's."""
        self._living.start_measuring()

    def mark_turn(self, mark: TurnMark) -> None:
        """The board, which waits for our answer, says that a turn of its event loop begins or ends here, or that
        something behind it which is always the same has ended.
        """
        if mark in (TurnMark.LOOPED, TurnMark.ASKED):
            (self.loops_us if mark == TurnMark.LOOPED else self.questions_us).append(self.cpu_us - self._marked_us)
            self._marked_us = self.cpu_us
            return
        now = Turn(
            self.world.now_us,
            self.cpu_us,
            self.flash.counters.busy_us,
            self.counters.spi_transactions,
            self.uarts[wiring.HOST_UART].taken_bytes,
            self.counters.requests,
        )
        if mark == TurnMark.ENDS and self._turn_began is not None:
            lengths = [there - here for here, there in zip(self._turn_began[1:], now[1:], strict=True)]
            self.turns.append(Turn(now.time_us, *lengths))
        self._turn_began = now if mark == TurnMark.BEGINS else None
        self._marked_us = now.cpu_us

    def begin_wait(self, uart_mask: int, until_us: int) -> Answer | None:
        if until_us <= self.world.now_us or self._interrupts or uart_mask & self._flags():
            return Answer(ASK_US)
        self._wait_mask = uart_mask
        self._wait_until_us = until_us
        self._waiting = True
        return None

    def end_wait(self) -> None:
        if self._waiting:
            self._waiting = False
            self._wait_until_us = FAR_FUTURE_US
            self._answer(Answer())

    def raise_interrupt(self, slot: int) -> None:
        self._interrupts |= 1 << slot
        self.end_wait()

    def feed_watchdog(self, deadline_us: int) -> None:
        self._watchdog_us = deadline_us

    def _start(self, cause: int) -> None:
        self.starts += 1
        self.resets.append(cause)
        self.started_us = self.world.now_us + (0 if self.world.real_time else START_UP_US)
        self.world.note(self.name, "start", str(cause))
        self._process = BoardProcess(self.flash.file_descriptor, self.heap_words_k, self._log)
        self._forget_process()
        self.world.attend(self)
        number, text = CAUSES[cause]
        self.uarts[wiring.HOST_UART].send(BOOT_MESSAGE % (number, text))

    def _stop(self) -> None:
        if self._process:
            self.world.forget(self)
            self._process.kill()
            self._process = None
        self._forget_process()
        self.network.reset()
        self.pins.float_all()
        for uart in self.uarts:
            uart.reset()

    @property
    def _living(self) -> BoardProcess:
        if self._process is None:
            raise EmulatorError(f"{self.name} has no process")
        return self._process

    def _forget_process(self) -> None:
        self._items: deque[Item] = deque()
        self._blocked = False
        self._waiting = False
        self._wait_mask = 0
        self._wait_until_us = FAR_FUTURE_US
        self._watchdog_us = FAR_FUTURE_US
        self._interrupts: int = 0
        self._halted = False

    def _accept(self, items: list[Item]) -> None:
        for item in items:
            # The process begins at its own time zero, and real ones may lag behind the world by a little.
            self._items.append(item if item.time_us else item._replace(time_us=self.started_us))
        self._blocked = bool(self._items) and self._items[-1].op >= FIRST_REQUEST

    def _serve_item(self) -> None:
        item = self._items.popleft()
        self.counters.outputs += item.op < FIRST_REQUEST
        process = self._process
        answer = self._operations.perform(item)
        if item.op >= FIRST_REQUEST and answer and self._process is process:
            self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        interrupts = self._interrupts
        self._interrupts = 0
        self.counters.requests += 1
        self._blocked = False
        now_us = self.world.now_us + answer.cost_us
        try:
            self._living.answer(now_us, answer.value, interrupts, self._flags(), answer.payload)
        except ProcessGone:
            self._halt()

    def _flags(self) -> int:
        flags = NETWORK_FLAG if self.network.passes else 0
        for number, uart in enumerate(self.uarts):
            if uart.waiting:
                flags |= 1 << number
        return flags

    def _wake_for_input(self) -> None:
        if self._wait_mask & self._flags():
            self.end_wait()

    def _halt(self) -> None:
        self._halted = True
        self._blocked = True
        self.world.note(self.name, "process ended")

    def _hang(self) -> None:
        armed = self._watchdog_us != FAR_FUTURE_US or any(item.op == Op.WATCHDOG for item in self._items)
        if not armed:
            raise BoardHung(f"{self.name} computes for ever:\n{self.crash_log[-2000:]}")
        self._halt()

    def _move_relay(self, level: bool) -> None:
        self.relay_log.append((self.world.now_us, level))
        self.world.note(self.name, "relay", "on" if level else "off")

    def _expose(self, kind: type[TcpExposure] | type[PtyExposure]) -> str:
        if kind not in self._exposures:
            self._exposures[kind] = exposed(kind, self.world, self.uarts[wiring.HOST_UART])
        return self._exposures[kind].address

    def _seed(self, purpose: str) -> int:
        return self.world.random(f"{self.name}/{purpose}").getrandbits(32)
