"""The keyring: sealed values open for their purpose only, and the file is nobody else's business."""

import json
from pathlib import Path

import pytest

from backoffice.errors import CannotUnseal, KeyringError, KeyringExposed
from backoffice.keyring import Keyring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keyring.json"


@pytest.fixture
def keyring(path: Path) -> Keyring:
    return Keyring.load_or_create(path)


def test_what_is_sealed_opens_again_after_a_restart(keyring: Keyring, path: Path) -> None:
    sealed = keyring.seal("machine-key:1:1", b"secret")
    assert b"secret" not in sealed
    assert Keyring.load(path).open("machine-key:1:1", sealed) == b"secret"


def test_a_value_opens_for_its_purpose_only(keyring: Keyring) -> None:
    sealed = keyring.seal("machine-key:1:1", b"secret")
    with pytest.raises(CannotUnseal):
        keyring.open("machine-key:2:1", sealed)


def test_sealing_twice_gives_different_bytes(keyring: Keyring) -> None:
    assert keyring.seal("x", b"secret") != keyring.seal("x", b"secret")


@pytest.mark.parametrize("position", range(0, 36, 5))
def test_an_altered_value_does_not_open(keyring: Keyring, position: int) -> None:
    sealed = bytearray(keyring.seal("x", b"secret"))
    sealed[position] ^= 1
    with pytest.raises(CannotUnseal):
        keyring.open("x", bytes(sealed))


@pytest.mark.parametrize(
    "sealed", [b"", b"\x01", b"\x01\x01" + bytes(27), b"\x02" + bytes(60), b"\x01\x07" + bytes(60)]
)
def test_garbage_does_not_open(keyring: Keyring, sealed: bytes) -> None:
    with pytest.raises(CannotUnseal):
        keyring.open("x", sealed)


def test_another_keyring_does_not_open_it(keyring: Keyring, tmp_path: Path) -> None:
    other = Keyring.load_or_create(tmp_path / "other" / "keyring.json")
    with pytest.raises(CannotUnseal):
        other.open("x", keyring.seal("x", b"secret"))


def test_card_keys_are_stable_and_differ_by_card_and_purpose(keyring: Keyring, path: Path) -> None:
    key = keyring.card_key("white-read", b"\1\2\3\4")
    assert len(key) == 6
    assert Keyring.load(path).card_key("white-read", b"\1\2\3\4") == key
    others = {keyring.card_key("white-read", b"\1\2\3\5"), keyring.card_key("white-writ", b"\1\2\3\4")}
    assert key not in others


def test_the_file_is_private(keyring: Keyring, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_may_touch_is_refused(keyring: Keyring, path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyringExposed):
        Keyring.load_or_create(path)


def test_a_folder_that_anybody_may_change_is_refused(keyring: Keyring, path: Path) -> None:
    path.parent.chmod(0o777)
    with pytest.raises(KeyringExposed):
        Keyring.load(path)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"version": 2}', '{"version": 1, "keys": {"1": "00"}, "active": 1, "card_root": "00"}', "\x00"],
)
def test_a_damaged_file_is_refused_and_never_replaced(path: Path, keyring: Keyring, content: str) -> None:
    path.write_text(content)
    with pytest.raises(KeyringError):
        Keyring.load_or_create(path)
    assert path.read_text() == content


def test_an_older_key_still_opens(keyring: Keyring, path: Path) -> None:
    sealed = keyring.seal("x", b"secret")
    content = json.loads(path.read_text())
    content["keys"]["2"] = "ab" * 32
    content["active"] = 2
    path.write_text(json.dumps(content))
    newer = Keyring.load(path)
    assert newer.open("x", sealed) == b"secret"
    assert newer.seal("x", b"secret")[1] == 2
