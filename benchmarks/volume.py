"""A back office with as many exams as are wanted, as years of use would leave it. Nothing is random: the same rows
every time.

The rows are made by SQL, in the shape that the database had before it kept counters, and then brought to the newest
shape by the product's own migrations: as an office in the field that is brought up to date. A database is made once and
kept under build/ for as long as what it is made from stays the same.
"""
# ruff: noqa: S608 (every part of these statements stands in this file)

import hashlib
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path

from alembic import command
from protocol import cbor, uplink

from backoffice import migrations
from backoffice.db import make_engine
from backoffice.settings import Settings

BEFORE_COUNTERS = "0005"
NOW = 1_795_445_000
DAY_S = 86_400
DAYS = 730
CREDITS_A_BATCH = 100
FAILED_EACH = 50
"""One card in so many failed before it was written."""
EXAMS_A_REFUSAL = 8


@dataclass(frozen=True)
class Volume:
    """How much there is of what decides over the rest."""

    exams: int
    institutions: int = 60
    machines: int = 300

    @property
    def exams_a_machine(self) -> int:
        return self.exams // self.machines

    @property
    def batches_a_machine(self) -> int:
        """The last of them is not used up."""
        return self.exams_a_machine // CREDITS_A_BATCH + 1

    @property
    def span_s(self) -> int:
        """Between two exams at one machine."""
        return DAYS * DAY_S // self.exams_a_machine


def database(folder: Path, volume: Volume) -> Path:
    """The file of an office of that size; made if there is none, or if it was made otherwise."""
    path = folder / f"{volume.exams}-{_recipe(volume)}.db"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{volume.exams}-*"):
            old.unlink()
        making = path.with_suffix(".making")
        make(making, volume)
        making.rename(path)
    return path


def make(path: Path, volume: Volume) -> None:
    """Write such an office to a new file."""
    engine = make_engine(Settings(database_url=f"sqlite:///{path}"))
    with engine.begin() as connection:
        config = migrations.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE_COUNTERS)
    engine.dispose()
    _fill(path, volume)
    engine = make_engine(Settings(database_url=f"sqlite:///{path}"))
    migrations.upgrade(engine)
    engine.dispose()


def _recipe(volume: Volume) -> str:
    """What it is made from: this file, the shape of the database, and how much is wanted."""
    digest = hashlib.sha256(repr(asdict(volume)).encode())
    for source in (Path(__file__), *sorted(Path(migrations.__file__).parent.rglob("*.py"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _fill(path: Path, volume: Volume) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=OFF")  # a file that is not finished is thrown away
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-200000")
    numbers = {
        **asdict(volume),
        "each": volume.exams_a_machine,
        "batches": volume.batches_a_machine,
        "span": volume.span_s,
        "size": CREDITS_A_BATCH,
        "now": NOW,
        "begun": NOW - DAYS * DAY_S,
        "order": cbor.encode([{"report_s": 3600}]),
        "settings": uplink.SETTINGS,
    }
    connection.execute("BEGIN")
    for statement in _STATEMENTS:
        connection.execute(statement, numbers)
    connection.execute("COMMIT")
    connection.close()


def _numbers(table: str, upto: str) -> str:
    """A table of the numbers from 0 below ``upto``."""
    return f"{table}(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM {table} WHERE n + 1 < {upto})"


# One row for each exam, machine by machine in the order of its journal: m is the machine, k counts its exams.
_EXAMS = (
    f"WITH RECURSIVE {_numbers('machines', ':machines')}, {_numbers('exams', ':each')}, "
    "exam AS (SELECT machines.n + 1 AS m, exams.n AS k, machines.n * :batches + exams.n / :size + 1 AS b, "
    ":begun + exams.n * :span + (machines.n * 7919 + exams.n * 104729) % :span AS t "
    "FROM machines CROSS JOIN exams) "
)
_CREDIT = "((b - 1) * :size + k % :size + 1)"
_SEQ = f"(4 * k + k / {EXAMS_A_REFUSAL} + 1)"
_BATCHES = f"WITH RECURSIVE {_numbers('batches', ':machines * :batches')} "
_PLASTIC = f"WITH RECURSIVE {_numbers('cards', ':machines * :batches * :size')} "
_CARD_COLUMNS = (
    "INSERT INTO card (level, master_id, white_id, batch_id, credit, attempt, uid, medium, state, reason, outcome, "
    "warning, job_id, created_at, changed_at) "
)

_STATEMENTS = (
    f"WITH RECURSIVE {_numbers('agents', '10')} "
    "INSERT INTO agent (id, name, contact, active, created_at) "
    "SELECT n + 1, printf('Agent %03d', n), '', 1, :begun FROM agents",
    f"WITH RECURSIVE {_numbers('places', ':institutions')} "
    "INSERT INTO institution (id, code, name, city, contact, timezone, agent_id, active, created_at) "
    "SELECT n + 1, n + 1, printf('Clinic %03d', n * 37 % :institutions), 'Harbin', '', 'Asia/Shanghai', n % 10 + 1, 1, "
    ":begun FROM places",
    f"WITH RECURSIVE {_numbers('machines', ':machines')} "
    "INSERT INTO machine (id, name, role, state, epoch, institution_id, unique_id, report_interval_s, registered_at, "
    "last_seen_at, firmware, transport, sms_number, reader_healthy, reader_reinits, pending_entries, switch_reason) "
    "SELECT n + 1, printf('OCT %04d', n * 101 % :machines), 'swipe', 'active', 1, n % :institutions + 1, "
    "printf('%012x', n), 3600, :begun, :now - n * 53 % 9000, '0.1.0', 'wifi', '', 1, 0, 0, '' FROM machines",
    "INSERT INTO user (id, login, name, role, agent_id, institution_id, password_hash, password_change_required, "
    "active, created_at) VALUES (1, 'admin', 'Admin', 'administrator', NULL, NULL, '', 0, 1, :begun), "
    "(2, 'agent', 'Agent', 'agent', 1, NULL, '', 0, 1, :begun), "
    "(3, 'clinic', 'Clinic', 'institution', NULL, 1, '', 0, 1, :begun)",
    "INSERT INTO device (id, name, url, role, unique_id, active, created_at) "
    "VALUES (1, 'Desk', '/dev/ttyNOWHERE', 'child_issuer', '', 1, :begun)",
    "INSERT INTO master (id, state, current, authority_key, kdf, next_credit, created_at, retired_reason) "
    "VALUES (1, 'active', 1, zeroblob(64), 'scrypt', 4000000001, :begun, '')",
    "INSERT INTO white (id, master_id, first_credit, quota, next_credit, expires, issuer_key, certificate, created_at) "
    "VALUES (1, 1, 1, 4000000000, 4000000001, 0, zeroblob(64), zeroblob(300), :begun)",
    _BATCHES + "INSERT INTO batch (id, white_id, institution_code, batch_number, first_credit, count, machine_id, "
    "epoch, expires, state, certificate, created_at) "
    "SELECT n + 1, 1, n / :batches % :institutions + 1, n + 1, n * :size + 1, :size, n / :batches + 1, 1, 0, 'signed', "
    "zeroblob(300), :begun + n % :batches * :size * :span FROM batches",
    _BATCHES + "INSERT INTO issuing_job (id, kind, device_id, state, total, master_id, white_id, batch_id, step, "
    "error_code, error_message, warning, created_at, changed_at) "
    "SELECT n + 1, 'one_time', 1, CASE WHEN n < 60 THEN 'paused' ELSE 'done' END, :size, 1, 1, n + 1, '', '', '', "
    "'', :begun + n % :batches * :size * :span, :begun + n % :batches * :size * :span + 3000 FROM batches",
    _CARD_COLUMNS + "VALUES ('master', 1, NULL, NULL, NULL, 1, '04a1b2c3', 'desfire', 'written', '', '', '', NULL, "
    ":begun, :begun), ('white', 1, 1, NULL, NULL, 1, '04a1b2c4', 'desfire', 'written', '', '', '', NULL, :begun, "
    ":begun)",
    _BATCHES + _CARD_COLUMNS + "SELECT 'batch', 1, 1, n + 1, NULL, 1, printf('06%08x', n), 'desfire', 'written', '', "
    "'', '', NULL, :begun + n % :batches * :size * :span, :begun + n % :batches * :size * :span FROM batches",
    _PLASTIC + _CARD_COLUMNS + "SELECT 'one_time', 1, 1, n / :size + 1, n + 1, 1, printf('08%08x', n), 'classic1k', "
    "'written', '', '', 'weak_medium', n / :size + 1, :begun + n / :size % :batches * :size * :span, "
    ":begun + n / :size % :batches * :size * :span + n % :size * 5 FROM cards",
    _PLASTIC + _CARD_COLUMNS + "SELECT 'one_time', 1, 1, n / :size + 1, n + 1, 1, printf('0a%08x', n), 'classic1k', "
    "'failed', 'removed_early', 'reissued', '', n / :size + 1, :begun + n / :size % :batches * :size * :span, "
    f":begun + n / :size % :batches * :size * :span + n % :size * 5 FROM cards WHERE n % {FAILED_EACH} = 3",
    "INSERT INTO card_event (card_id, at, state, uid, reason) SELECT card.id, changed_at, word.state, uid, '' "
    "FROM card CROSS JOIN (SELECT 'writing' AS state UNION ALL SELECT 'written') AS word",
    _EXAMS + "INSERT INTO usage (machine_id, epoch, seq, institution_id, batch, credit, time, time_quality, day, "
    f"disputed, received_at) SELECT m, 1, {_SEQ} + 1, (m - 1) % :institutions + 1, b, {_CREDIT}, t, 'trusted', "
    "date(t + 28800, 'unixepoch'), k % 3000 = 17, t + 40 FROM exam",
    _EXAMS + "INSERT INTO journal_entry (machine_id, epoch, seq, kind, time, clock, batch, credit, detail, mac, "
    f"received_at) SELECT m, 1, {_SEQ} + step, step + 2, t + step, 2, b, {_CREDIT}, x'', zeroblob(8), t + 40 "
    "FROM exam CROSS JOIN (SELECT 0 AS step UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)",
    _EXAMS + "INSERT INTO journal_entry (machine_id, epoch, seq, kind, time, clock, batch, credit, detail, mac, "
    f"received_at) SELECT m, 1, {_SEQ} + 4, 8, t + 60, 2, 0, 0, x'0308000001', zeroblob(8), t + 90 "
    f"FROM exam WHERE k % {EXAMS_A_REFUSAL} = {EXAMS_A_REFUSAL - 1}",
    "INSERT INTO journal_chain (machine_id, epoch, contiguous_seq, contiguous_mac, highest_seq, forked) "
    "SELECT machine_id, 1, max(seq), zeroblob(8), max(seq), 0 FROM journal_entry GROUP BY machine_id",
    _EXAMS + "INSERT INTO alert (kind, severity, dedupe_key, machine_id, institution_id, message, detail, count, "
    "raised_at, last_at, acknowledged_at, cleared_at) SELECT 'machine_fault', 1 + k % 3, printf('fault:%d:%d', m, k), "
    "m, (m - 1) % :institutions + 1, 'A part of this machine failed and was restarted.', '{}', 1, t, t, "
    "CASE WHEN k = 7 THEN NULL ELSE t + 60 END, CASE WHEN k < 30 THEN NULL ELSE t + 90 END "
    "FROM exam WHERE k % 20 = 7",
    _EXAMS + "INSERT INTO in_doubt (machine_id, credit, batch, epoch, seq, time, received_at) "
    f"SELECT m, 4000000000 + k, b, 1, {_SEQ}, t, t + 40 FROM exam WHERE k % 300 = 100",
    _EXAMS + "INSERT INTO machine_command (machine_id, kind, args, state, created_at, sent_at, sent_count, done_at, "
    "result, sent_epoch) SELECT m, :settings, :order, 'done', t, t + 60, 1, t + 90, 'done', 1 "
    "FROM exam WHERE k % 20 = 5",
    _EXAMS + "INSERT INTO sms_in (platform, provider_id, sender, received_at, size_bytes, digest, state, machine_id, "
    "repeats, error) SELECT 'kannel', printf('%d-%d', m, k), '+8613800000000', t, 120, zeroblob(32), "
    "CASE WHEN k % 60 = 20 THEN 'refused' ELSE 'taken' END, m, 0, '' FROM exam WHERE k % 20 = 0",
    _EXAMS + "INSERT INTO sms_out (machine_id, number, kind, body, parts, state, created_at, changed_at, next_at, "
    "attempts, platform, error) SELECT m, '+8613800000000', 'ack', zeroblob(100), 1, 'delivered', t, t, t, 1, "
    "'kannel', '' FROM exam WHERE k % 20 = 0",
)
