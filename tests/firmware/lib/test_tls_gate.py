"""How mbedtls sees a pipe: a record passes at the second look only, so a handshake takes turns with other tasks."""

from tls_pipe.client import Gate


class Pipe:
    """Has bytes, or nothing now."""

    def __init__(self, data):
        self.data = data
        self.looks = 0

    def readinto(self, buffer):
        self.looks += 1
        if not self.data:
            return None
        count = min(len(buffer), len(self.data))
        buffer[:count] = self.data[:count]
        self.data = self.data[count:]
        return count

    def write(self, data):
        return len(data)


def test_a_header_passes_at_the_second_look_and_its_content_at_once():
    pipe = Pipe(b"header" * 3)
    gate = Gate(pipe)
    header, content = bytearray(5), bytearray(4)
    for _ in range(2):
        assert gate.readinto(header) is None
        assert gate.readinto(header) == 5
        assert gate.readinto(content) == 4
    assert pipe.looks == 4


def test_a_header_that_has_not_come_keeps_its_turn():
    pipe = Pipe(b"")
    gate = Gate(pipe)
    header = bytearray(5)
    assert [gate.readinto(header) for _ in range(3)] == [None, None, None]
    pipe.data = b"header"
    assert gate.readinto(header) == 5


def test_writing_is_not_held_up():
    assert Gate(Pipe(b"")).write(b"abc") == 3
    assert Gate(Pipe(b"")).ioctl(4, 0) == 0
