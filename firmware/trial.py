"""New connection settings have to show that they work, or the old ones return by themselves. Borrowed code.

A machine that was told a wrong server or APN could never be told a right one. So the old settings stay in the
configuration file until a sealed acknowledgement has come over a link that uses each changed setting. A trial is
bounded by time and by starts, so that power cuts do not prolong it. The command is answered at its end.

Law of the file's field "trial": empty, or [command id, old settings, links that have to work, starts left]; the links
are a list of lists, of each of which one has to. Members are only ever appended.
"""

from config import DEFAULTS, Config
from errors import Refused
from journal import Journal
from links import order_of
from micropython import const
from protocol import journal as codec
from protocol import results, uplink

STARTS = const(4)  # of the machine, or of its services, that one trial survives
_AT_ONCE_MS = const(600000)  # of uptime, each start
_SMS_MS = const(3600000)

KEPT = "kept"  # in use from now on, nothing has to be shown
TRIED = "trial"  # in use on trial: the answer to the command comes at its end
BUSY = "busy"  # a trial is on, maybe this very one
FAILED = "failed"  # the flash refused

# Which links use a setting. Of those only the enabled ones can show that it works.
_USERS = (
    ("wifi_", ("wifi",)),
    ("apn", ("gprs",)),
    ("sms_number", ("sms",)),
    ("sim_pin", ("gprs", "sms")),
    ("server_", ("wifi", "gprs")),
    ("transport", ("wifi", "gprs", "sms")),
)


def begin(config: Config, wanted: dict[str, object], command: int) -> str:
    """Use these settings; on trial when the way to the back office depends on them."""
    if config.trial:
        return BUSY
    present = config.settings
    new = dict(present)
    new.update(wanted)
    needs = _needs(present, new)
    config.settings = new
    config.trial = [command, present, needs, STARTS] if needs else []
    try:
        config.save()
    except OSError:
        config.settings, config.trial = present, []
        return FAILED
    return TRIED if needs else KEPT


def resume(config: Config, journal: Journal) -> int:
    """The services begin with settings on trial: count it. How many ms they have; 0: none, the trial is over."""
    command, _old, needs, starts = config.trial[:4]
    if starts <= 0 or command in journal.state.commands:
        return 0
    config.trial[3] = starts - 1
    try:
        config.save()
    except OSError:
        return 0  # what is not counted could go on for ever
    return _SMS_MS if ["sms"] in needs else _AT_ONCE_MS


def links_on_trial(config: Config) -> tuple[str, ...]:
    """The links that have yet to work."""
    names: list[str] = []
    for group in config.trial[2] if config.trial else []:
        names += [name for name in group if name not in names]
    return tuple(names)


def proven(config: Config, journal: Journal, name: str) -> bool:
    """A sealed acknowledgement came over this link. True: that was all there was to show, the settings stay."""
    left = [group for group in config.trial[2] if name not in group]
    if left:
        config.trial[2] = left
        return False
    trial, config.trial = config.trial, []
    try:
        config.save()
    except OSError:
        config.trial = trial
        return False
    # After the file: if the power goes in between, the command comes again, finds nothing to change, and is done.
    _answer(journal, trial[0], results.DONE)
    return True


def give_up(config: Config, journal: Journal) -> None:
    """It did not work: the old settings are back."""
    # Before the file: if the power goes in between, the next start finds the answer and restores the old ones.
    if config.trial[0] not in journal.state.commands:
        _answer(journal, config.trial[0], results.RETURNED)
    config.settings = config.trial[1]
    config.trial = []
    config.returned = True
    try:
        config.save()
    except OSError:
        pass  # the next start gives up again


def _answer(journal: Journal, command: int, result: int) -> None:
    try:
        journal.append(codec.COMMAND, detail=command.to_bytes(4, "big") + bytes([uplink.SETTINGS, result]))
    except Refused:
        pass  # the back office sends the command again


def _needs(present: dict[str, object], new: dict[str, object]) -> list[list[str]]:
    enabled = order_of(str(_value(new, "transport")))
    needs: list[list[str]] = []
    for prefix, users in _USERS:
        able = [name for name in enabled if name in users]
        changed = [name for name in new if name.startswith(prefix) and new[name] != _value(present, name)]
        if able and changed and able not in needs:
            needs.append(able)
    return needs


def _value(settings: dict[str, object], name: str) -> object:
    return settings.get(name, DEFAULTS[name])
