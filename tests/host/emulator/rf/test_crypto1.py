"""Crypto1 against conversations that were recorded on real cards and published (the test traces of the Proxmark tools
and a libnfc forum thread, of which the last one shows the encrypted parity bits too)."""

from __future__ import annotations

import pytest

from emulator.air import ODD_PARITY, parity_bits
from emulator.cards.crypto1 import Crypto1, nonce_from, successor
from emulator.cards.iso14443a import crc_ok

# uid, key, card nonce, then as on the air: reader nonce, reader's proof, card's proof
RECORDED = [
    ("9c599b32", "ffffffffffff", "82a4166c", "a1e458ce", "6eea41e0", "5cadf439"),
    ("14579f69", "091e639cb715", "ce844261", "f8049ccb", "0525c84f", "9431cc40"),
    ("2a698d43", "ffffffffffff", "3bae032d", "c494a1d2", "6e968642", "8466059e"),
]
# what followed the second one: READ commands and answers, each with its CRC
FOLLOWING = [
    "7093df99",
    "9972428ce2e8523f456b99c831e769dced09",
    "8ca6827b",
    "ab797fd369e8b93a86776b40dae3ef686efd",
    "c3c381ba",
    "49e2c9def4868d1777670e584c27230286f4",
    "fbdcd7c1",
    "4abd964b07d3563aa066ed0a2eac7f6312bf",
]
# {nR} {aR} {aT} of the third: which bytes went over the air with a parity bit that is wrong for the encrypted byte
WRONG_PARITY = "1000 1010 0111"


def word(text: str) -> int:
    return int.from_bytes(bytes.fromhex(text), "little")


def start(uid: str, key: str, nonce: str) -> Crypto1:
    cipher = Crypto1(bytes.fromhex(key))
    cipher.feed(word(uid) ^ word(nonce))
    return cipher


@pytest.mark.parametrize(("uid", "key", "nonce", "reader_nonce", "reader_proof", "card_proof"), RECORDED)
def test_recorded_authentications(
    uid: str, key: str, nonce: str, reader_nonce: str, reader_proof: str, card_proof: str
) -> None:
    cipher = start(uid, key, nonce)
    cipher.feed(word(reader_nonce), encrypted=True)
    assert word(reader_proof) ^ cipher.keystream(32)[0] == successor(word(nonce), 64)
    assert word(card_proof) ^ cipher.keystream(32)[0] == successor(word(nonce), 96)


def test_recorded_reads_decrypt_to_frames_with_a_right_crc() -> None:
    uid, key, nonce, reader_nonce, *_ = RECORDED[1]
    cipher = start(uid, key, nonce)
    cipher.feed(word(reader_nonce), encrypted=True)
    cipher.keystream(64)
    plain = [_decrypt(cipher, bytes.fromhex(frame)) for frame in FOLLOWING]
    assert all(crc_ok(frame) for frame in plain)
    assert [frame[:2].hex() for frame in plain[::2]] == ["3014", "3015", "3016", "3017"]
    assert plain[-1][:6] == bytes(6)  # the trailer hides key A


def _decrypt(cipher: Crypto1, frame: bytes) -> bytes:
    stream, _ = cipher.keystream(len(frame) * 8)
    return (int.from_bytes(frame, "little") ^ stream).to_bytes(len(frame), "little")


def test_recorded_parity_bits() -> None:
    uid, key, nonce, reader_nonce, reader_proof, card_proof = RECORDED[2]
    cipher = start(uid, key, nonce)
    sealed = [bytes.fromhex(text) for text in (reader_nonce, reader_proof, card_proof)]
    stream, covers = cipher.feed(word(reader_nonce), encrypted=True)
    streams = [(stream, covers), cipher.keystream(32), cipher.keystream(32)]
    wrong = []
    for frame, (stream, covers) in zip(sealed, streams, strict=True):
        plain = (int.from_bytes(frame, "little") ^ stream).to_bytes(4, "little")
        differs = parity_bits(plain) ^ covers ^ parity_bits(frame)
        wrong.append("".join(str(differs >> i & 1) for i in range(4)))
    assert " ".join(wrong) == WRONG_PARITY


def test_both_ends_stay_in_step() -> None:
    reader, card = Crypto1(b"\x01\x02\x03\x04\x05\x06"), Crypto1(b"\x01\x02\x03\x04\x05\x06")
    stream, _ = reader.feed(0x12345678)
    card.feed(0x12345678 ^ stream, encrypted=True)
    assert reader.keystream(100) == card.keystream(100)


def test_keystream_in_pieces_is_the_same_keystream() -> None:
    whole, pieces = Crypto1(bytes(range(6))), Crypto1(bytes(range(6)))
    stream, covers = whole.keystream(48)
    first, second = pieces.keystream(16), pieces.keystream(32)
    assert stream == first[0] | second[0] << 16
    assert covers == first[1] | second[1] << 2


def test_nonces_come_from_sixteen_bits() -> None:
    assert successor(nonce_from(0xBEEF), 16) >> 16 == successor(successor(nonce_from(0xBEEF), 16), 0) >> 16
    assert nonce_from(0xBEEF) & 0xFFFF == 0xBEEF
    assert successor(nonce_from(1), 65_535) == nonce_from(1)
    assert nonce_from(0) == nonce_from(1), "the generator's zero state would stand still"


def test_odd_parity() -> None:
    assert ODD_PARITY[0x00] == 1
    assert ODD_PARITY[0x01] == 0
    assert parity_bits(b"\x00\x01\x03") == 0b101


@pytest.mark.parametrize("key", [b"", bytes(5), bytes(7)])
def test_a_key_has_six_bytes(key: bytes) -> None:
    with pytest.raises(ValueError, match="6 bytes"):
        Crypto1(key)
