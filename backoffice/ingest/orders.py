"""Orders on their way: what an answer to a report carries, and what machines say became of what they were ordered."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol import fitting, journal, uplink
from protocol.journal import Entry

from backoffice.alerts.kinds import Kind
from backoffice.commands import repository as rows
from backoffice.commands import service as commands
from backoffice.commands.results import Result, of_number
from backoffice.commands.schemas import CommandState
from backoffice.ingest import revocations
from backoffice.ingest.group import Group, Reporter
from backoffice.ingest.incoming import Incoming
from backoffice.keyring import Keyring
from backoffice.machines import configuration
from backoffice.models import MachineCommand

ANSWER_BYTES = 5


@dataclass(frozen=True)
class Answer:
    """A COMMAND entry."""

    command_id: int
    kind: int
    result: Result
    seq: int


def read_answer(entry: Entry) -> Answer | None:
    """A COMMAND entry's detail: id u32, kind u8, result u8 (left out: done); None when it is too short."""
    if entry.kind != journal.COMMAND or len(entry.detail) < ANSWER_BYTES:
        return None
    result = of_number(entry.detail[5]) if len(entry.detail) > ANSWER_BYTES else Result.DONE
    return Answer(int.from_bytes(entry.detail[:4], "big"), entry.detail[4], result, entry.seq)


def put_in(group: Group, keyring: Keyring, answers: Sequence[tuple[Incoming, uplink.Ack]]) -> None:
    """Put what waits into the acks, as far as there is room, and mark it as sent.

    Commands are for the machine as it is now, not for what is left of an earlier epoch.
    """
    current = [(incoming, ack) for incoming, ack in answers if _is_current(group, incoming)]
    waiting = commands.waiting(group.session, {incoming.machine_id for incoming, _ack in current})
    for incoming, ack in current:
        found = waiting.get(incoming.machine_id, [])
        new = [row for row in found if row.state == CommandState.QUEUED.value]
        at_once = not incoming.answer_bytes
        at_once = at_once and bool(ack.server_time)  # no order sets a clock while ours is not believed
        ack.commands = commands.send(found, keyring, incoming.epoch, group.now, _room(incoming, ack), at_once=at_once)
        _tell_of(group, incoming, [row for row in new if row.state == CommandState.SENT.value])


def take_answers(group: Group, reporter: Reporter, answers: Sequence[Answer]) -> None:
    """Note how orders ended. What an earlier epoch obeyed is gone with it: such an order goes out again."""
    if not answers or not _is_current(group, reporter):
        return
    found = rows.by_ids(group.session, reporter.machine_id, [answer.command_id for answer in answers])
    for answer in answers:
        command = found.get(answer.command_id)
        if command is not None and _is_asked(command, answer, reporter):
            commands.answered(group.session, command, answer.result, answer.seq, group.now)
            _tell_of(group, reporter, [command])
            _judge(group, reporter, command, answer)


def _is_current(group: Group, reporter: Reporter) -> bool:
    return reporter.epoch == group.machine_of(reporter).epoch


def _is_asked(command: MachineCommand, answer: Answer, reporter: Reporter) -> bool:
    """Whether the answer is to this command, which this provisioning of the machine was sent and nothing answered."""
    sent = command.state == CommandState.SENT.value and command.sent_epoch == reporter.epoch
    return sent and command.kind == answer.kind


def _room(incoming: Incoming, ack: uplink.Ack) -> commands.Fits:
    if not incoming.answer_bytes:
        return lambda carried: carried

    def fits(carried: list[uplink.Command]) -> list[uplink.Command]:
        wanted = uplink.Ack(ack.ack_seq, ack.server_time, carried, ack.alert)
        return fitting.commands_that_fit(wanted, incoming.answer_bytes, incoming.alone_bytes)

    return fits


def _tell_of(group: Group, reporter: Reporter, changed: Sequence[MachineCommand]) -> None:
    machine = group.machine_of(reporter)
    group.broker.publish_after_commit(group.session, *(commands.changed(machine, command) for command in changed))


def _judge(group: Group, reporter: Reporter, command: MachineCommand, answer: Answer) -> None:
    """What a person should hear of."""
    done = answer.result is Result.DONE
    args = commands.arguments_of(command)
    revocations.look_at_answer(group, reporter, answer.kind, args, answer.result, answer.seq)
    if answer.kind in rows.SIGNED_KINDS:
        _judge_signed(group, reporter, answer)
    elif answer.kind == uplink.SETTINGS and configuration.goes_on_trial(commands.settings_of(command)):
        if answer.result is Result.RETURNED:
            names = ", ".join(sorted(commands.settings_of(command)))
            group.alert(reporter, Kind.TRIAL_FAILED, f"The new connection did not work; the old one is back ({names}).")
        elif done:
            group.settle(reporter, Kind.TRIAL_FAILED)


def _judge_signed(group: Group, reporter: Reporter, answer: Answer) -> None:
    word = "lock" if answer.kind == uplink.LOCK else "unlock"
    detail = {"command_id": answer.command_id, "result": answer.result.value}
    if answer.result is not Result.DONE:
        message = f"The machine did not obey the order to {word}: {answer.result.value}."
        group.alert(reporter, Kind.ORDER_REFUSED, message, subject=word, detail=detail)
        return
    group.settle(reporter, Kind.ORDER_REFUSED, subject=word)
    if answer.kind == uplink.LOCK:
        group.settle(reporter, Kind.MACHINE_UNLOCKED)
        group.alert(reporter, Kind.MACHINE_LOCKED, "The machine is locked: it grants no exams.", detail=detail)
    else:
        group.settle(reporter, Kind.MACHINE_LOCKED)
        group.alert(reporter, Kind.MACHINE_UNLOCKED, "The machine was unlocked: it grants exams again.", detail=detail)
