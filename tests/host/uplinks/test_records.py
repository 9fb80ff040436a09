"""TLS seen from the line: a real handshake, and what is and is not application data in it."""

import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from backoffice.tls import certificates
from tools.uplinks.records import Plain, Records

NAME = "office.perscan.test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    certificates.make(folder, [NAME])
    return folder


class Talk:
    """A client and a server with the line between them in our hands."""

    def __init__(self, folder: Path) -> None:
        self.to_client, self.to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        serving = certificates.server_context(folder / certificates.SERVER_FILE, folder / certificates.SERVER_KEY_FILE)
        asking = ssl.create_default_context(cafile=str(folder / certificates.AUTHORITY_FILE))
        asking.maximum_version = ssl.TLSVersion.TLSv1_2  # what the machine speaks
        self.server = serving.wrap_bio(self.to_server, self.to_client, server_side=True)
        self.client = asking.wrap_bio(self.to_client, self.to_server, server_hostname=NAME)
        self.up = self.down = b""

    def shake_hands(self) -> None:
        for _ in range(4):
            for end, line in ((self.client, "up"), (self.server, "down")):
                with suppress(ssl.SSLWantReadError):
                    end.do_handshake()
                self._note(line)

    def _note(self, line: str) -> None:
        bio = self.to_server if line == "up" else self.to_client
        sent = bio.read()
        setattr(self, line, getattr(self, line) + sent)
        bio.write(sent)

    def ask(self, data: bytes) -> bytes:
        self.client.write(data)
        sent = self.to_server.read()
        self.to_server.write(sent)
        return sent


def test_a_handshake_carries_no_data(folder: Path) -> None:
    talk = Talk(folder)
    talk.shake_hands()
    assert talk.client.version() == "TLSv1.2"
    assert len(talk.down) > 500
    assert not Records().carries_data(talk.up)
    assert not Records().carries_data(talk.down)


@pytest.mark.parametrize("step", [1, 4, 5, 6, 100, 10_000])
def test_a_request_is_data_in_whatever_pieces_it_comes(folder: Path, step: int) -> None:
    talk = Talk(folder)
    talk.shake_hands()
    records = Records()
    handshake = len(talk.up)
    line = talk.up + talk.ask(b"POST / HTTP/1.1\r\n\r\n")
    found = [start for start in range(0, len(line), step) if records.carries_data(line[start : start + step])]
    assert found
    assert found[0] + step > handshake + 5, "nothing of the handshake is data"


def test_without_tls_everything_is_data() -> None:
    assert Plain().carries_data(b"x")
    assert not Plain().carries_data(b"")
