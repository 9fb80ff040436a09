"""The store of a service card on a MIFARE Classic 1K (layout: protocol.classic). Borrowed code, when one comes."""

from errors import Refused
from media_classic import ClassicMedium, put
from media_store import Store
from mfrc522.errors import CardRefused, WrongKey
from picc.classic import KEY_A, Classic
from protocol import classic as layout
from protocol import classic_making as making
from protocol import reasons
from protocol.records import ServiceRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from media import Progress

_UNIT_BYTES = layout.BLOCK_BYTES


class ClassicStore(Store):
    """The data blocks of sectors 2 to 15."""

    size_bytes = making.STORE_BYTES

    def __init__(self, card: Classic) -> None:
        self._card = card

    def read(self) -> bytes:
        content = bytearray(self.size_bytes)
        for unit in range(self.size_bytes // _UNIT_BYTES):
            content[unit * _UNIT_BYTES : (unit + 1) * _UNIT_BYTES] = self._read(unit)
        return bytes(content)

    def write(self, unit: int, data: bytes) -> None:
        for index in range(len(data) // _UNIT_BYTES - 1, -1, -1):
            wanted = data[index * _UNIT_BYTES : (index + 1) * _UNIT_BYTES]
            if self._read(unit + index) != wanted:
                try:
                    put(self._card, making.store_block(unit + index), wanted)
                except CardRefused as error:
                    raise _damaged(error) from None

    def format(self, progress: "Progress") -> None:
        from media_classic_making import Maker

        record = ServiceRecord(self.size_bytes).encode()
        try:
            Maker(self._card, layout.SERVICE_KEY).personalise("service", record, layout.SERVICE_KEY, progress)
        except CardRefused as error:
            raise _damaged(error) from None
        self.write(0, bytes(self.size_bytes))

    def _read(self, unit: int) -> bytes:
        block = making.store_block(unit)
        try:
            self._card.authenticate(block, layout.SERVICE_KEY, KEY_A)
            return self._card.read(block)
        except (WrongKey, CardRefused) as error:
            raise _damaged(error) from None


def open_store(medium: ClassicMedium) -> ClassicStore:
    """The room of a service card, also of one that is still to be made."""
    return ClassicStore(medium.card)


def _damaged(error: CardRefused) -> Refused:
    """Both keys of a service card are known to everybody: a sector that does not open is broken, or somebody's."""
    return Refused(reasons.DAMAGED, detail="%s of a service card" % error)
