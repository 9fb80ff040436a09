"""Short messages in words: their states, kinds and errors."""

from collections.abc import Mapping

from backoffice.sms.schemas import InState, OutKind, OutState
from backoffice.web.i18n import mark

STATES: Mapping[str, tuple[str, str]] = {
    InState.RECEIVED: ("info", mark("Being read")),
    InState.TAKEN: ("good", mark("Taken")),
    InState.REFUSED: ("bad", mark("Refused")),
    InState.DUPLICATE: ("", mark("Duplicate")),
    OutState.QUEUED: ("", mark("Waiting")),
    OutState.SUBMITTED: ("info", mark("At the platform")),
    OutState.SENT: ("info", mark("In the network")),
    OutState.DELIVERED: ("good", mark("Delivered")),
    OutState.FAILED: ("bad", mark("Failed")),
    OutState.EXPIRED: ("warn", mark("Not sent")),
}

KINDS: Mapping[str, str] = {
    "report": mark("Report"),
    OutKind.ACK: mark("Answer"),
    OutKind.PUSH: mark("Orders"),
}

PLATFORMS: Mapping[str, str] = {
    "none": mark("none"),
    "webhook": mark("Forwarding platform"),
    "kannel": mark("Kannel"),
    "modem": mark("Own modem"),
}

ERRORS: Mapping[str, str] = {
    "sms_platform_unreachable": mark("The platform cannot be reached: it is tried again."),
    "sms_platform_refused": mark("The platform refused it."),
    "sms_bad_sender": mark("Its sender is no phone number."),
    "sms_replayed": mark("A copy of an old report, from another number."),
    "sms_undelivered": mark("The network could not deliver it."),
    "sms_superseded": mark("A newer message says the same."),
    "sms_cap_reached": mark("The machine has had all its short messages of the day."),
    "sms_too_old": mark("It waited too long to be worth it."),
    "sms_malformed": mark("It is no short message of ours."),
    "uplink_malformed": mark("It is no report of a machine."),
    "uplink_unknown_machine": mark("It names a machine that is not registered."),
    "uplink_not_authentic": mark("It was not sealed by the machine that it names."),
    "uplink_chain_broken": mark("Its entries contradict each other."),
    "unavailable": mark("The server was busy: it is tried again."),
    "storage_full": mark("No room was left on the server's disk."),
    "storage_failed": mark("The server's database failed: it is tried again."),
}
