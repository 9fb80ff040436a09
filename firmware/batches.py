"""The batches this machine was initialised with: range, expiry, key. What is spent of them stands in the journal.

Law of a file (its name is the batch's number): the sealed key as it was on the batch card, then the batch certificate.
The key is opened with the certificate as associated data under the machine's own key, so a file that opens is intact.
"""

import os
from errno import EEXIST

from borrowed import Borrowed
from errors import StorageFailed
from protocol import keys
from protocol.errors import ProtocolError

CACHED_MAX = 3  # batches whose keys are kept at hand: a clinic uses up one batch before it begins the next


class Batch:
    """One batch, its key opened."""

    def __init__(self, certificate: "BatchCertificate", key: bytes) -> None:
        self.batch_id = certificate.batch_id
        self.first_credit = certificate.first_credit
        self.count = certificate.count
        self.expires = certificate.expires
        self.key = key


class Batches:
    """The folder of batch files."""

    def __init__(self, directory: str, machine_key: bytes) -> None:
        self._directory = directory
        self._machine_key = machine_key
        self._cache: list[Batch] = []
        self.unfinished: list[int] = []  # journalled, but the card left before its burn was seen to be done
        try:
            os.mkdir(directory)
        except OSError as error:
            if error.errno != EEXIST:
                raise

    def get(self, batch_id: int) -> Batch:
        """The batch, which the journal says is there. Raises StorageFailed when its file is not what was written."""
        for batch in self._cache:
            if batch.batch_id == batch_id:
                return batch
        batch = self._read(batch_id)
        del self._cache[CACHED_MAX - 1 :]
        self._cache.insert(0, batch)
        return batch

    def keep_at_hand(self, batch_ids: list[int]) -> None:
        """Read these now: the first tap has neither the time nor, while a modem talks, the heap for it."""
        for batch_id in batch_ids[:CACHED_MAX]:
            try:
                self.get(batch_id)
            except StorageFailed:
                pass  # said when a card of it is tapped

    def save(self, record: "BatchRecord") -> None:
        """Keep the batch, before the journal says that it is there. Raises StorageFailed."""
        path = self._path(record.batch.batch_id)
        try:
            with open(path + ".new", "wb") as file:
                file.write(record.machine_sealed)
                file.write(record.batch.encode())
                file.flush()
            os.rename(path + ".new", path)
        except OSError as error:
            raise StorageFailed("flash error %s" % error.errno) from None

    def tidy(self, known: "Container[int]") -> None:
        """Files of batches that the journal does not know, or not any more, go. Raises StorageFailed."""
        try:
            for name in os.listdir(self._directory):
                if not name.isdigit() or int(name) not in known:
                    os.remove(self._directory + "/" + name)
        except OSError as error:
            raise StorageFailed("flash error %s" % error.errno) from None

    def _read(self, batch_id: int) -> Batch:
        try:
            with open(self._path(batch_id), "rb") as file:
                sealed = file.read(keys.SEALED_BATCH_KEY_BYTES)
                body = file.read()
            with Borrowed("protocol.certificates") as code, Borrowed("protocol.ccm"):
                certificate = code.BatchCertificate.decode(body)
                key = keys.open_batch_key(self._machine_key, certificate.body(), sealed)
            return Batch(certificate, key)
        except (ProtocolError, OSError) as error:
            raise StorageFailed("batch %d cannot be read: %s" % (batch_id, error)) from None

    def _path(self, batch_id: int) -> str:
        return "%s/%010d" % (self._directory, batch_id)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from protocol.records import BatchCertificate, BatchRecord
