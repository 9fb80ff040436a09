"""What a board's items do: outputs change the world at their time, requests are answered with their cost in time."""

import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from emulator import wiring
from emulator.flash import PowerCut
from emulator.frames import BOOT_ANSWER, Item, Op, TurnMark

if TYPE_CHECKING:
    from emulator.device import Board

ASK_US: Final = 1  # every question takes some time, so that a loop that asks for ever comes to its end
SPI_CALL_US: Final = 28  # what one machine.SPI call costs an ESP32 before any byte moves
I2C_CALL_US: Final = 60
BITS_PER_I2C_BYTE: Final = 9
HARD_RESET: Final = 2
SOFT_RESET: Final = 5


class Answer(NamedTuple):
    cost_us: int = 0
    value: int = 0
    payload: bytes = b""


class Operations:
    """One method for each operation, found by its number. None as the result: not answered now."""

    def __init__(self, board: "Board") -> None:
        self._board = board
        self._i2c_hz = 400_000
        self._methods: dict[int, Callable[[Item], Answer | None]] = {
            op: getattr(self, f"_{op.name.lower()}") for op in Op
        }

    def perform(self, item: Item) -> Answer | None:
        return self._methods[item.op](item)

    # --- outputs -----------------------------------------------------------------------------------------------

    def _pin_write(self, item: Item) -> None:
        self._board.pins.write(item.argument, bool(item.payload[0]))

    def _pin_mode(self, item: Item) -> None:
        self._board.pins.set_mode(item.argument, item.payload[0], item.payload[1])

    def _pin_irq(self, item: Item) -> None:
        self._board.pins.subscribe(item.argument, item.payload[0], item.payload[1])

    def _pwm(self, item: Item) -> None:
        frequency_hz, duty = struct.unpack("<IH", item.payload)
        if item.argument == wiring.BUZZER:
            self._board.buzz(frequency_hz, duty)

    def _spi_setup(self, item: Item) -> None:
        self._board.spi.baudrate = struct.unpack("<I", item.payload)[0]

    def _spi_write(self, item: Item) -> None:
        self._spi(item.payload)

    def _i2c_setup(self, item: Item) -> None:
        self._i2c_hz = struct.unpack("<I", item.payload)[0]

    def _uart_setup(self, item: Item) -> None:
        self._board.uarts[item.argument].set_up(*struct.unpack("<IH", item.payload))

    def _uart_write(self, item: Item) -> None:
        self._board.uarts[item.argument].send(item.payload)

    def _watchdog(self, item: Item) -> None:
        self._board.feed_watchdog(item.time_us + 1000 * int.from_bytes(item.payload, "little"))

    def _clock_set(self, item: Item) -> None:
        self._board.wall_offset_us = int.from_bytes(item.payload, "little", signed=True)

    def _wake(self, item: Item) -> None:  # noqa: ARG002
        self._board.end_wait()

    def _heap(self, item: Item) -> None:
        self._board.heap_report.take(item.payload.decode())

    def _flash_reads(self, item: Item) -> None:
        self._board.counters.flash_reads += int.from_bytes(item.payload, "little")

    # --- requests ----------------------------------------------------------------------------------------------

    def _boot(self, item: Item) -> Answer:  # noqa: ARG002
        board = self._board
        board.begin_measuring()
        return Answer(
            value=board.world.real_time,
            payload=BOOT_ANSWER.pack(
                board.wall_offset_us,
                board.ticks_start_us - board.started_us,
                board.entropy.getrandbits(32),
                board.resets[-1],
                board.watch_heap | board.watch_turns << 1 | board.repl_on_uart << 2,
                board.unique_id,
                board.world.network_patience_ms,
            ),
        )

    def _wait(self, item: Item) -> Answer | None:
        return self._board.begin_wait(item.argument, int.from_bytes(item.payload, "little"))

    def _sync(self, item: Item) -> Answer:
        if item.argument:
            self._board.mark_turn(TurnMark(item.argument))
        return Answer(ASK_US)

    def _pin_read(self, item: Item) -> Answer:
        return Answer(ASK_US, self._board.pins.read(item.argument))

    def _pin_latch(self, item: Item) -> Answer:
        return Answer(value=self._board.pins.latches.get(item.argument, False))

    def _spi_transfer(self, item: Item) -> Answer:
        return Answer(self._spi_us(len(item.payload)), payload=self._spi(item.payload))

    def _spi_read(self, item: Item) -> Answer:
        fill, length = struct.unpack("<BxH", item.payload)
        return Answer(self._spi_us(length), payload=self._spi(bytes([fill]) * length))

    def _i2c_write(self, item: Item) -> Answer:
        cost_us = self._count_i2c(len(item.payload))
        if item.argument != wiring.SCREEN_ADDRESS:
            return Answer(cost_us, -1)
        if item.payload:
            self._board.oled.write(item.payload)
        self._board.world.note(self._board.name, "screen", f"{zlib.crc32(item.payload):08x}")
        return Answer(cost_us, len(item.payload))

    def _i2c_read(self, item: Item) -> Answer:
        # The screen is write-only in this mode of its bus; nothing else hangs on it.
        (length,) = struct.unpack("<H", item.payload)
        return Answer(self._count_i2c(0), -1, b"\xff" * length)

    def _uart_any(self, item: Item) -> Answer:
        return Answer(ASK_US, self._board.uarts[item.argument].waiting)

    def _uart_read(self, item: Item) -> Answer:
        limit, stop_at_newline = struct.unpack("<HB", item.payload)
        data = self._board.uarts[item.argument].take(limit, bool(stop_at_newline))
        return Answer(ASK_US, len(data), data)

    def _flash_program(self, item: Item) -> Answer | None:
        offset = int.from_bytes(item.payload[:4], "little")
        self._board.counters.flash_progs += 1
        self._board.world.note(self._board.name, "program", f"{offset:06x}+{len(item.payload) - 4}")
        return self._change_flash(lambda: self._board.flash.program(offset, item.payload[4:]))

    def _flash_erase(self, item: Item) -> Answer | None:
        offset = int.from_bytes(item.payload, "little")
        self._board.counters.flash_erases += 1
        self._board.world.note(self._board.name, "erase", f"{offset:06x}")
        return self._change_flash(lambda: self._board.flash.erase(offset))

    def _entropy(self, item: Item) -> Answer:
        return Answer(ASK_US, payload=self._board.entropy.randbytes(int.from_bytes(item.payload, "little")))

    def _reset(self, item: Item) -> None:
        self._board.reset(SOFT_RESET if item.argument else HARD_RESET)

    def _halt(self, item: Item) -> None:  # noqa: ARG002
        self._board.world.note(self._board.name, "halt")

    def _wifi(self, item: Item) -> Answer:
        return Answer(ASK_US, self._board.network.ask(item.argument, item.payload))

    # --- what they share ---------------------------------------------------------------------------------------

    def _spi(self, tx: bytes) -> bytes:
        board = self._board
        rx = board.spi.transfer(tx)
        board.counters.spi_transactions += 1
        board.counters.spi_bytes += len(tx)
        board.world.note(board.name, "spi", f"{tx.hex()} {rx.hex()}")
        return rx

    def _spi_us(self, length: int) -> int:
        return SPI_CALL_US + self._board.spi.transfer_us(length)

    def _count_i2c(self, length: int) -> int:
        self._board.counters.i2c_transactions += 1
        self._board.counters.i2c_bytes += length
        return I2C_CALL_US + (length + 1) * BITS_PER_I2C_BYTE * 1_000_000 // self._i2c_hz

    def _change_flash(self, change: Callable[[], int]) -> Answer | None:
        try:
            return Answer(change())
        except PowerCut:
            self._board.world.note(self._board.name, "cut")
            self._board.power_off()
            return None
