"""Batches and credits that were revoked: what a machine debits after it obeyed, and orders that it did not obey.

A machine that has not heard of the order yet is innocent. When it obeyed stands in its own journal, so the order of
entries there decides, no clock.
"""

from typing import Any

from protocol import cbor, uplink

from backoffice.alerts.kinds import Kind
from backoffice.commands.results import Result
from backoffice.ingest import repository
from backoffice.ingest.group import Debit, Group, Reporter

REVOKE_KINDS = (uplink.REVOKE_BATCH, uplink.REVOKE_CREDIT)


def look_at_debits(group: Group) -> None:
    """Raise an alert for debits that come after the same journal's answer that their batch or credit is revoked."""
    machine_ids = {debit.reporter.machine_id for debit in group.debits}
    obeyed: dict[tuple[int, int, bytes], int] = {}
    for row in repository.obeyed_revocations(group.session, machine_ids, REVOKE_KINDS):
        obeyed[row.machine_id, row.sent_epoch, row.args] = row.answer_seq
    if not obeyed:
        return
    for debit in group.debits:
        if any(_comes_after(debit, encoded, obeyed) for encoded in _orders_against(debit)):
            _alert(group, debit.reporter, debit.entry.batch, debit.entry.credit, debit.entry.seq)


def look_at_answer(group: Group, reporter: Reporter, kind: int, args: list[Any], result: Result, seq: int) -> None:
    """The machine says what became of a revocation: not obeyed, or debits of later entries are stored already."""
    if kind not in REVOKE_KINDS or not all(isinstance(value, int) for value in args):
        return
    what = " ".join(f"{name} {value}" for name, value in zip(("batch", "card"), args, strict=False))
    subject = ":".join(str(value) for value in args)
    if result is not Result.DONE:
        message = f"The machine did not revoke {what}: {result.value}."
        detail = {"result": result.value, "seq": seq}
        group.alert(reporter, Kind.REVOCATION_FAILED, message, subject=subject, detail=detail)
        return
    group.settle(reporter, Kind.REVOCATION_FAILED, subject=subject)
    later = repository.debit_after(group.session, reporter.machine_id, reporter.epoch, seq, args)
    if later is not None:
        _alert(group, reporter, *later)


def _orders_against(debit: Debit) -> tuple[bytes, bytes]:
    entry = debit.entry
    return cbor.encode([entry.batch]), cbor.encode([entry.batch, entry.credit])


def _comes_after(debit: Debit, encoded: bytes, obeyed: dict[tuple[int, int, bytes], int]) -> bool:
    answer_seq = obeyed.get((debit.reporter.machine_id, debit.reporter.epoch, encoded))
    return answer_seq is not None and debit.entry.seq > answer_seq


def _alert(group: Group, reporter: Reporter, batch: int, credit: int, seq: int) -> None:
    message = f"Batch {batch}, card {credit} was debited although the machine had confirmed that it is revoked."
    detail = {"batch": batch, "credit": credit, "seq": seq}
    group.alert(reporter, Kind.DEBIT_REVOKED, message, subject=str(batch), detail=detail)
