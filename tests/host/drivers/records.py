"""One record of each kind, with bytes that could not come from anywhere else."""

from protocol import records


def record_of(kind: str) -> bytes:
    white = records.WhiteCertificate(7, 1000, 500, 0, bytes(range(64)), bytes(range(64, 128)))
    if kind == "one_time":
        return records.OneTimeRecord(9, 1005, bytes(range(0xA0, 0xB0))).encode()
    if kind == "white":
        return records.WhiteRecord(white, bytes(range(100))).encode()
    if kind == "master":
        return records.MasterRecord(1, bytes(range(64)), bytes(range(200))).encode()
    batch = records.BatchCertificate(3, 7, 5, 1, 1000, 100, 11, 1, 0, bytes(range(64)))
    return records.BatchRecord(white, batch, bytes(range(40)), bytes(range(100))).encode()


ALL_KINDS = ("master", "white", "batch", "one_time")
