"""What the reader driver computes by itself, against the numbers of the standards."""

from mfrc522.chip import airtime_us, crc_a, frame_waiting_time_us, version_name


def test_a_frame_on_air():
    # ISO/IEC 14443-3 6.1: a start bit, nine bits a byte, an end, 9.44 us each; then the card's 86 us.
    assert airtime_us(1) == 113 + 86
    assert airtime_us(18) == 1557 + 86
    assert airtime_us(64) == 5465 + 86


def test_the_frame_waiting_time():
    # ISO/IEC 14443-4 7.2; NTAG 424 DNA has 7, DESFire EV3 has 8.
    assert frame_waiting_time_us(0) == 302
    assert frame_waiting_time_us(4) == 4833
    assert frame_waiting_time_us(7) == 38664
    assert frame_waiting_time_us(8) == 77328
    assert 4_900_000 < frame_waiting_time_us(14) < 5_000_000


def test_the_crc_of_a_frame():
    # ISO/IEC 14443-3 annex B: two frames and what follows them on air, low byte first.
    assert crc_a(b"\x00\x00", 2) == 0x1EA0
    assert crc_a(b"\x12\x34", 2) == 0xCF26
    assert crc_a(b"\x12\x34\x26\xcf\xff", 4) == 0
    assert crc_a(b"\x12\x35\x26\xcf", 4) != 0


def test_whose_silicon():
    assert [version_name(v) for v in (0x90, 0x91, 0x92)] == ["MFRC522"] * 3
    assert [version_name(v) for v in (0x88, 0x89, 0xB2)] == ["FM17522"] * 3
    assert version_name(0x12) == "counterfeit"
    assert version_name(0x00) == "unknown"
