"""The register file as the data sheet prints it: SPI framing, reset values, FIFO, alerts, CRC, internal buffer."""

from __future__ import annotations

import pytest

from emulator.mfrc522 import Mfrc522
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.crc import crc16
from tests.host.emulator.rf.bench import Bench


def test_reset_values(bench: Bench) -> None:
    silent = {reg.FIFO_DATA, reg.T_COUNTER_H, reg.T_COUNTER_L, reg.TEST_BUS, reg.TEST_ADC}
    for address in set(range(reg.REGISTERS)) - silent - {reg.VERSION}:
        assert bench.read(address) == reg.RESET_VALUES.get(address, 0), f"register 0x{address:02x}"


@pytest.mark.parametrize("version", sorted(reg.VERSIONS))
def test_versions(make_bench: type[Bench], version: int) -> None:
    assert make_bench(version).read(reg.VERSION) == version


def test_unknown_version_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="0x77"):
        Mfrc522(bench.clock, bench.field, 0x77)


def test_first_byte_out_says_nothing_and_writes_return_nothing(bench: Bench) -> None:
    assert bench.chip.transfer(bytes([0x80 | reg.VERSION << 1, 0])) == b"\x00\x92"
    assert bench.chip.transfer(bytes([reg.MODE << 1, 0x3D])) == b"\x00\x00"
    assert bench.chip.transfer(b"") == b""
    assert bench.chip.transfer(bytes([0x80 | reg.VERSION << 1])) == b"\x00"


def test_addresses_are_pipelined(bench: Bench) -> None:
    sent = bytes([0x80 | address << 1 for address in (reg.VERSION, reg.MODE, reg.DEMOD)] + [0])
    assert bench.chip.transfer(sent) == b"\x00\x92\x3f\x4d"


def test_reserved_and_read_only_bits_do_not_move(bench: Bench) -> None:
    bench.write(reg.MODE, 0x00)
    assert bench.read(reg.MODE) == 0x14
    bench.write(reg.VERSION, 0x00)
    bench.write(reg.COLL, 0x00)
    bench.write(reg.ERROR, 0xFF)
    assert bench.read(reg.VERSION) == 0x92
    assert bench.read(reg.COLL) == 0x20
    assert bench.read(reg.ERROR) == 0x00


def test_fifo_bursts(bench: Bench) -> None:
    bench.write(reg.FIFO_DATA, *range(20))
    assert bench.read(reg.FIFO_LEVEL) == 20
    assert bench.read_fifo() == bytes(range(20))
    assert bench.read(reg.FIFO_LEVEL) == 0
    assert bench.read(reg.FIFO_DATA) == 0


def test_fifo_overflow_and_flush(bench: Bench) -> None:
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.FIFO_DATA, *range(65))
    assert bench.read(reg.FIFO_LEVEL) == 64
    assert bench.read(reg.ERROR) == reg.BUFFER_OVERFLOW
    assert bench.read(reg.COM_IRQ) & reg.ERR_IRQ
    bench.write(reg.FIFO_LEVEL, reg.FLUSH_BUFFER)
    assert bench.read(reg.FIFO_LEVEL) == 0
    assert bench.read(reg.ERROR) == 0


@pytest.mark.parametrize(
    ("level", "alerts"), [(0, reg.LO_ALERT), (8, reg.LO_ALERT), (9, 0), (55, 0), (56, reg.HI_ALERT), (64, reg.HI_ALERT)]
)
def test_water_level(bench: Bench, level: int, alerts: int) -> None:
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.FIFO_DATA, *bytes(level))
    assert bench.read(reg.STATUS1) & 3 == alerts
    assert bool(bench.read(reg.COM_IRQ) & reg.HI_ALERT_IRQ) == (alerts == reg.HI_ALERT)


def test_irq_bits_are_set_and_cleared_by_mask(bench: Bench) -> None:
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.COM_IRQ, reg.SET | reg.RX_IRQ | reg.TX_IRQ)
    bench.write(reg.COM_IRQ, reg.TX_IRQ)
    assert bench.read(reg.COM_IRQ) == reg.RX_IRQ
    bench.write(reg.DIV_IRQ, reg.SET | 0x14)
    bench.write(reg.DIV_IRQ, 0x10)
    assert bench.read(reg.DIV_IRQ) == reg.CRC_IRQ


def test_irq_pin_follows_the_enabled_requests(bench: Bench) -> None:
    bench.write(reg.COM_IRQ, 0x7F)
    assert bench.chip.irq_pin, "idle, inverted, pulled up"
    bench.write(reg.COM_I_EN, 0x80 | reg.RX_IRQ)
    bench.write(reg.COM_IRQ, reg.SET | reg.TX_IRQ)
    assert not bench.chip.irq
    bench.write(reg.COM_IRQ, reg.SET | reg.RX_IRQ)
    assert bench.chip.irq
    assert not bench.chip.irq_pin
    assert bench.read(reg.STATUS1) & reg.IRQ_PENDING
    bench.write(reg.COM_I_EN, reg.RX_IRQ)
    assert bench.chip.irq_pin, "not inverted any more"


# Check values of the catalogue of parametrised CRC algorithms for "123456789".
@pytest.mark.parametrize(("preset", "check"), [(0x0000, 0x2189), (0x6363, 0xBF05), (0xFFFF, 0x6F91)])
def test_crc_check_values(preset: int, check: int) -> None:
    assert crc16(b"123456789", preset) == check


@pytest.mark.parametrize(("bits", "check"), [(0x3C, 0x2189), (0x3D, 0xBF05), (0x3F, 0x6F91)])
def test_crc_coprocessor(bench: Bench, bits: int, check: int) -> None:
    bench.write(reg.MODE, bits)
    bench.write(reg.DIV_IRQ, 0x04)
    bench.write(reg.FIFO_DATA, *b"123456789")
    bench.write(reg.COMMAND, reg.CALC_CRC)
    assert bench.read(reg.DIV_IRQ) & reg.CRC_IRQ
    assert bench.read(reg.STATUS1) & (reg.CRC_READY | reg.CRC_OK) == reg.CRC_READY
    assert bench.read(reg.CRC_RESULT_H) << 8 | bench.read(reg.CRC_RESULT_L) == check
    bench.write(reg.FIFO_DATA, check & 0xFF, check >> 8)
    assert bench.read(reg.STATUS1) & reg.CRC_OK, "data followed by its own CRC leaves zero"
    assert bench.read(reg.COMMAND) & 0x0F == reg.CALC_CRC, "only another command ends it"


def test_internal_buffer(bench: Bench) -> None:
    bench.write(reg.FIFO_DATA, *range(25))
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.COMMAND, reg.MEM)
    assert bench.read(reg.FIFO_LEVEL) == 0
    assert bench.read(reg.COM_IRQ) & reg.IDLE_IRQ
    bench.write(reg.COMMAND, reg.SOFT_RESET)
    bench.write(reg.COMMAND, reg.MEM)
    assert bench.read_fifo() == bytes(range(25)), "survives a soft reset"


def test_random_id(bench: Bench, make_bench: type[Bench]) -> None:
    def draw(bench: Bench) -> bytes:
        bench.write(reg.COMMAND, reg.GENERATE_RANDOM_ID)
        bench.write(reg.COMMAND, reg.MEM)
        return bench.read_fifo()

    first = draw(bench)
    assert len(first) == 25
    assert len(set(first[:10])) > 3
    assert first[10:] == bytes(15)
    assert draw(make_bench()) == first, "same seed, same numbers"
    assert draw(make_bench(seed=1)) != first


def test_unknown_command_ends_at_once_and_idle_says_nothing(bench: Bench) -> None:
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.COMMAND, reg.IDLE)
    assert not bench.read(reg.COM_IRQ) & reg.IDLE_IRQ
    bench.write(reg.COMMAND, 0x5)
    assert bench.read(reg.COM_IRQ) & reg.IDLE_IRQ
    assert bench.read(reg.COMMAND) & 0x0F == reg.IDLE


def test_no_cmd_change_keeps_the_command(bench: Bench) -> None:
    bench.write(reg.COMMAND, reg.TRANSCEIVE)
    bench.write(reg.COMMAND, reg.RCV_OFF | reg.NO_CMD_CHANGE)
    assert bench.read(reg.COMMAND) == reg.RCV_OFF | reg.TRANSCEIVE


def test_crypto_bit_cannot_be_set_by_software(bench: Bench) -> None:
    bench.write(reg.STATUS2, reg.CRYPTO1_ON)
    assert not bench.read(reg.STATUS2) & reg.CRYPTO1_ON
