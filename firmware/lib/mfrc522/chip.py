"""The MFRC522: start it, move frames through it, let it authenticate, notice when it has died.

Lean: the chip appends the CRC, the FIFO moves in bursts, one chip-select frame polls every status register
at once, and the driver sleeps through the time that the frames need on air instead of polling through it.

The CRC of an answer is checked here: with the chip's own check on (RxCRCEn), the data sheet does not say whether a
four-bit refusal, which never carries a CRC, reaches the FIFO at all.
"""

import time

from micropython import const

from mfrc522 import registers as reg
from mfrc522.bus import FIFO_BYTES, SpiBus, plan
from mfrc522.errors import CardGone, Collision, Garbled, ReaderLost, RfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

# Which of a frame's two CRCs there are: its own, which the chip appends, and that of the answer
CRC_NONE = const(0)
CRC_SEND = const(1)
CRC_BOTH = const(3)

KEY_A = const(0x60)
KEY_B = const(0x61)

_POWER_UP_TRIES = const(3)  # soft reset: the oscillator may need up to three times ...
_POWER_UP_MS = const(50)
_STEADY_MS = const(4)  # ... and the registers a little longer
_FIELD_UP_MS = const(5)  # ISO/IEC 14443-3 5: a card must be ready after 5 ms in the field
_TICK_US = const(25)  # PRESCALER_25_US
_LONGEST_US = const(1_600_000)
_FRAME_SPARE_US = const(15_000)  # two full frames on air and the interpreter's own delays
_AUTHENTICATION_AIR_US = const(1_900)  # four frames and their delays (NXP MF1S50 data sheet 10.1)
_NO_ANSWER_US = const(1_000)
_EAGER_POLLS = const(3)  # then whoever is awaited computes or is gone: poll less often
_POLL_US = const(200)

# One status poll; index 0 of the answer is void
_STATUS = (reg.COM_IRQ, reg.ERROR, reg.FIFO_LEVEL, reg.CONTROL, reg.STATUS_2)
_IRQ = const(1)
_ERROR = const(2)
_LEVEL = const(3)
_CONTROL = const(4)
_STATUS_2 = const(5)

# What a health check compares, in one burst, and of each register the bits that are ours: what a reserved bit reads is
# nobody's promise
_CONFIGURATION = (
    reg.VERSION,
    reg.TX_CONTROL,
    reg.TX_ASK,
    reg.MODE,
    reg.RF_GAIN,
    reg.TIMER_MODE,
    reg.TIMER_PRESCALER,
    reg.TX_MODE,
    reg.RX_MODE,
    reg.TIMER_RELOAD_HIGH,
    reg.TIMER_RELOAD_LOW,
)
_OURS = (
    0xFF,
    reg.ANTENNA_ON,
    reg.FULL_MODULATION,
    reg.MODE_FIELDS,
    reg.GAIN,
    0xFF,
    0xFF,
    reg.TX_MODE_FIELDS,
    reg.RX_MODE_FIELDS,
    0xFF,
    0xFF,
)
_PATTERN_BYTES = const(42)  # this and half of it have each bit of the FIFO's level once set and once clear

# ISO/IEC 14443-3 annex B: CRC_A of two frames. Two, so that a result that is merely stuck does not pass for long.
_CRC_EXAMPLES = ((b"\x00\x00", 0xA0, 0x1E), (b"\x12\x34", 0x26, 0xCF))
_CRC_POLLS = const(3)
_CRC_BYTES = const(2)
_HLTA = b"\x50\x00"


def version_name(version: int) -> str:
    """Whose silicon answers (VersionReg)."""
    if 0x90 <= version <= 0x92:
        return "MFRC522"
    if version in (0x88, 0x89, 0xB2):
        return "FM17522"
    return "counterfeit" if version == 0x12 else "unknown"


class Mfrc522:
    """One reader. `rx` holds what the last frame brought, `rx_last_bits` the valid bits of its last byte (0 = all).

    `woken`: some card was woken and not put to sleep again; kept here for iso14443, because a reset changes it.
    """

    def __init__(self, bus: SpiBus, reset_pin: "Pin | None" = None) -> None:
        self.bus = bus
        self.rx = bytearray(FIFO_BYTES)
        self.rx_last_bits = 0
        self.version = 0
        self.reinits = 0
        self._reset_pin = reset_pin
        self._authentication = bytearray(12)
        self._status_plan = plan(_STATUS)
        self._status = bytearray(len(_STATUS) + 1)
        self._config_plan = plan(_CONFIGURATION)
        self._values = bytearray(len(_CONFIGURATION) + 1)
        self._checks = 0
        self._forget()
        if reset_pin is not None:
            reset_pin.init(reset_pin.OUT, value=1)

    # Life

    def init(self) -> None:
        """Reset and configure. Raises ReaderLost."""
        self._reset()
        self.version = self.bus.read(reg.VERSION)
        if self.version in (0x00, 0xFF):
            raise ReaderLost("no chip answers")
        write = self.bus.write
        write(reg.TIMER_MODE, reg.TIMER_AUTO)
        write(reg.TIMER_PRESCALER, reg.PRESCALER_25_US)
        write(reg.TX_ASK, reg.FULL_MODULATION)
        write(reg.MODE, reg.CRC_PRESET_6363)
        write(reg.RF_GAIN, self.bus.read(reg.RF_GAIN) & ~reg.GAIN & 0xFF | reg.GAIN_43_DB)
        write(reg.TX_CONTROL, self.bus.read(reg.TX_CONTROL) | reg.ANTENNA_ON)
        write(reg.RX_MODE, 0)
        self._append_crc(CRC_SEND)
        self._set_timeout(_NO_ANSWER_US)
        time.sleep_ms(_FIELD_UP_MS)
        if not self._configured():
            raise ReaderLost("the registers do not keep what was written")

    def health(self) -> bool:
        """Check the reader and, when it has died, start it anew (counted in `reinits`). True: it works now.

        Call it every few seconds, between cards: the check sends HLTA, which puts a selected card to sleep.
        """
        if self.is_alive():
            return True
        self.reinits += 1
        try:
            self.init()
        except RfError:
            return False
        return self.is_alive()

    def is_alive(self) -> bool:
        """Does it keep its configuration, calculate, send and keep time? Repairs nothing."""
        try:
            if self._crypto:
                self.send(_HLTA, 2)
                self.stop_crypto()
            return (
                self._configured()
                and self._remembers()
                and self._calculates()
                and self._interrupts(answered=self.send(_HLTA, 2))
            )
        except ReaderLost:
            return False

    def antenna(self, on: bool) -> None:
        """Switch the field. Off for 5 ms makes every card forget its state."""
        control = self.bus.read(reg.TX_CONTROL) & ~reg.ANTENNA_ON
        self.bus.write(reg.TX_CONTROL, control | (reg.ANTENNA_ON if on else 0))
        self._crypto = False
        time.sleep_ms(_FIELD_UP_MS)

    # Frames

    def transceive(
        self,
        tx: bytes | bytearray | memoryview,
        count: int,
        timeout_us: int,
        crc: int = CRC_BOTH,
        last_bits: int = 0,
        align: int = 0,
        expect: int = 0,
    ) -> int:
        """Send `count` bytes (the last one only `last_bits` bits of it), return how many bytes came back into `rx`.

        `timeout_us` runs from the end of sending to the begin of the answer. `expect` is a hint: that many bytes are on
        their way, CRC included, so there is no use in polling before. Raises CardGone, Garbled, Collision, ReaderLost.
        """
        self._append_crc(crc & CRC_SEND)
        self._set_timeout(timeout_us)
        self._load(tx, count)
        write = self.bus.write
        write(reg.BIT_FRAMING, align << 4 | last_bits)
        write(reg.COMMAND, reg.TRANSCEIVE)
        write(reg.BIT_FRAMING, reg.START_SEND | align << 4 | last_bits)
        on_air_us = airtime_us(count) + (airtime_us(expect) if expect else 0)
        self._wait(reg.IRQ_RECEIVED | reg.IRQ_TIMER, on_air_us, timeout_us)
        count = self._take()
        return self._checked(count) if crc == CRC_BOTH else count

    def send(self, tx: bytes | bytearray | memoryview, count: int) -> bool:
        """Send a frame that is not answered if all is well (HLTA). True: there was an answer."""
        try:
            self.transceive(tx, count, _NO_ANSWER_US, CRC_SEND)
        except Collision:
            return True
        except CardGone as error:
            return isinstance(error, Garbled)
        return True

    def authenticate(self, key_type: int, block: int, key: bytes, uid: bytes, timeout_us: int) -> None:
        """Crypto1 authentication; on success every frame until stop_crypto() is encrypted. Raises CardGone, ReaderLost.

        A wrong key looks like a card that left: the chip cannot tell (10.3.1.9). It takes the last four UID bytes.
        Within an open sector the request goes out encrypted, as the card expects it then.
        """
        self._set_timeout(timeout_us)
        frame = self._authentication
        frame[0] = key_type
        frame[1] = block
        frame[2:8] = key
        frame[8:12] = uid[-4:]
        self._load(frame, 12)
        self.bus.write(reg.COMMAND, reg.AUTHENTICATE)
        nested, self._crypto = self._crypto, True
        self._wait(reg.IRQ_IDLE | reg.IRQ_TIMER, _AUTHENTICATION_AIR_US, timeout_us)
        status = self._status
        # Success is the Crypto1 bit's to tell, whatever else is flagged. Within a session it was set before: there a
        # protocol error counts too, in case some silicon leaves the bit alone.
        ended = status[_IRQ] & reg.IRQ_IDLE
        encrypted = status[_STATUS_2] & reg.CRYPTO_ON
        if ended and encrypted and not (nested and status[_ERROR] & reg.ERROR_PROTOCOL):
            return
        self._abort()
        if ended and not encrypted and not status[_ERROR] & reg.ERROR_FRAME:
            raise ReaderLost("authenticated, but no cipher")
        raise CardGone("authentication")

    def stop_crypto(self) -> bool:
        """Back to plain frames. True: they were encrypted."""
        if not self._crypto:
            return False
        self.bus.write(reg.STATUS_2, 0)
        self._crypto = False
        return True

    # Inside

    def _forget(self) -> None:
        """What the shadow copies say is no longer so."""
        self.woken = False
        self._crypto = False
        self._crc = -1
        self._reload = -1

    def _reset(self) -> None:
        self._forget()
        if self._reset_pin is not None:
            self._reset_pin(0)
            time.sleep_ms(1)
            self._reset_pin(1)
            self._await_power()
        self.bus.write(reg.COMMAND, reg.SOFT_RESET)
        self._await_power()
        time.sleep_ms(_STEADY_MS)

    def _await_power(self) -> None:
        """CommandReg reads 20h when the oscillator runs (table 20), and nothing at all before it has started (8.8.2).
        A clone whose CommandReg is 0 in peace waits the whole time in vain, and is taken.
        """
        for _ in range(_POWER_UP_TRIES):
            value = self.bus.read(reg.COMMAND)
            if value and not value & reg.POWER_DOWN:
                return
            time.sleep_ms(_POWER_UP_MS)
        if value & reg.POWER_DOWN:
            raise ReaderLost("does not wake up")

    def _append_crc(self, crc: int) -> None:
        if crc != self._crc:
            self.bus.write(reg.TX_MODE, reg.CRC_ON if crc else 0)
            self._crc = crc

    def _set_timeout(self, timeout_us: int) -> None:
        reload = min(timeout_us, _LONGEST_US) // _TICK_US
        if reload != self._reload:
            self.bus.write(reg.TIMER_RELOAD_HIGH, reload >> 8)
            self.bus.write(reg.TIMER_RELOAD_LOW, reload & 0xFF)
            self._reload = reload

    def _load(self, tx: bytes | bytearray | memoryview, count: int) -> None:
        write = self.bus.write
        write(reg.COMMAND, reg.IDLE)
        write(reg.FIFO_LEVEL, reg.FLUSH)
        write(reg.COM_IRQ, reg.IRQ_ALL)
        self.bus.write_fifo(tx, count)

    def _wait(self, irq: int, on_air_us: int, timeout_us: int) -> None:
        """Until one of `irq` is set. The chip's timer ends a wait for a card, the deadline a wait for a dead chip."""
        started = time.ticks_us()
        time.sleep_us(on_air_us)
        limit_us = on_air_us + timeout_us + _FRAME_SPARE_US
        status = self._status
        polls = 0
        while True:
            late = time.ticks_diff(time.ticks_us(), started) > limit_us  # before the look: the look is what counts
            self.bus.read_many(self._status_plan, status)
            if status[_IRQ] & irq:
                break
            if late:
                self._forget()
                raise ReaderLost("a command did not end")
            polls += 1
            if polls >= _EAGER_POLLS:
                time.sleep_us(_POLL_US)
        if status[_IRQ] & reg.IRQ_NEVER_SET or status[_LEVEL] > FIFO_BYTES:
            self._forget()
            raise ReaderLost("the bus reads ones")

    def _take(self) -> int:
        """The answer out of the FIFO, or what went wrong."""
        status = self._status
        error = status[_ERROR]
        count = status[_LEVEL]
        self.rx_last_bits = status[_CONTROL] & 7
        if error & (reg.ERROR_TEMPERATURE | reg.ERROR_WRITE):
            self._abort()
            raise ReaderLost("chip error " + hex(error))
        if not status[_IRQ] & reg.IRQ_RECEIVED:
            self._abort()
            raise CardGone("no answer")
        if count:
            self.bus.read_fifo(self.rx, count)
        if error & reg.ERROR_COLLISION:
            self._abort()
            raise Collision(self._position())
        if error or not count:
            self._abort()
            raise Garbled("frame error " + hex(error))
        return count

    def _checked(self, count: int) -> int:
        """How many bytes the answer has without its CRC. Four bits are a refusal, and have none."""
        if count == 1 and self.rx_last_bits == 4:
            return 1
        if count <= _CRC_BYTES or self.rx_last_bits or crc_a(self.rx, count):
            self._abort()
            raise Garbled("CRC")
        return count - _CRC_BYTES

    def _position(self) -> int:
        """Of the first colliding bit (9.3.1.15: 0 means 32)."""
        value = self.bus.read(reg.COLLISION)
        return 0 if value & reg.NO_POSITION else (value & reg.POSITION) or 32

    def _abort(self) -> None:
        self.bus.write(reg.COMMAND, reg.IDLE)
        self.stop_crypto()

    def _configured(self) -> bool:
        """Do the registers still hold what init wrote? A reader after a supply dip holds its reset values."""
        values = self._values
        self.bus.read_many(self._config_plan, values)
        written = (
            self.version,
            reg.ANTENNA_ON,
            reg.FULL_MODULATION,
            reg.CRC_PRESET_6363,
            reg.GAIN_43_DB,
            reg.TIMER_AUTO,
            reg.PRESCALER_25_US,
            reg.CRC_ON if self._crc else 0,
            0,
            self._reload >> 8,
            self._reload & 0xFF,
        )
        differing = 0
        for index in range(len(written)):
            differing |= (values[index + 1] ^ written[index]) & _OURS[index]
        return not differing and self.version not in (0x00, 0xFF)

    def _remembers(self) -> bool:
        """Every bit of the FIFO's level and data can be 0 and 1, and bytes come out as they went in."""
        pattern = bytes([0x55 if index & 1 else 0xAA for index in range(_PATTERN_BYTES)])
        self.bus.write(reg.COMMAND, reg.IDLE)
        self.bus.write(reg.FIFO_LEVEL, reg.FLUSH)
        self.bus.write_fifo(pattern, _PATTERN_BYTES)
        for level in (_PATTERN_BYTES, _PATTERN_BYTES >> 1):
            if self.bus.read(reg.FIFO_LEVEL) != level:
                return False
            self.bus.read_fifo(self.rx, _PATTERN_BYTES >> 1)
            if self.rx[: _PATTERN_BYTES >> 1] != pattern[: _PATTERN_BYTES >> 1]:
                return False
            pattern = pattern[_PATTERN_BYTES >> 1 :]
        return self.bus.read(reg.FIFO_LEVEL) == 0

    def _interrupts(self, answered: bool) -> bool:
        """After a frame that no card answers: every interrupt request can be set and cleared, and there is no error, no
        odd bits and no cipher from nowhere. (Noise may have looked like an answer.)
        """
        self.bus.write(reg.COM_IRQ, reg.IRQ_SET | reg.IRQ_ALL)
        if self.bus.read(reg.COM_IRQ) & reg.IRQ_AWAITED != reg.IRQ_AWAITED:
            return False
        self.bus.write(reg.COM_IRQ, reg.IRQ_ALL)
        self.bus.read_many(self._status_plan, self._status)
        status = self._status
        if status[_IRQ] & reg.IRQ_AWAITED or status[_STATUS_2] & reg.CRYPTO_ON:
            return False
        return answered or not (status[_ERROR] or status[_CONTROL] & 7)

    def _calculates(self) -> bool:
        """FIFO, command engine and CRC coprocessor in one: the CRC of a published example (10.3.1.4)."""
        self._checks += 1
        data, low, high = _CRC_EXAMPLES[self._checks & 1]
        self._load(data, len(data))
        if self.bus.read(reg.FIFO_LEVEL) != len(data):
            return False
        self.bus.write(reg.COMMAND, reg.CALCULATE_CRC)
        for _ in range(_CRC_POLLS):
            if self.bus.read(reg.CRC_RESULT_LOW) == low and self.bus.read(reg.CRC_RESULT_HIGH) == high:
                self.bus.write(reg.COMMAND, reg.IDLE)
                return True
        return False


def crc_a(data: bytes | bytearray, count: int) -> int:
    """The CRC_A of the first `count` bytes (ISO/IEC 14443-3 annex B). 0 when the last two of them are their own CRC."""
    crc = 0x6363
    for index in range(count):
        byte = (data[index] ^ crc) & 0xFF
        byte = (byte ^ byte << 4) & 0xFF
        crc = crc >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4
    return crc


def airtime_us(count: int) -> int:
    """How long `count` bytes take at 106 kbit/s, with the delay before the answer (ISO/IEC 14443-3 6.2)."""
    return (9 * count + 3) * 944 // 100 + 86


def frame_waiting_time_us(fwi: int) -> int:
    """How long a card with this frame waiting time integer may think (ISO/IEC 14443-4 7.2), for `timeout_us`."""
    return (4096 << fwi) * 100 // 1356
