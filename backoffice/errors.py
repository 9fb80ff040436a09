"""Every error that leaves the back office, in one tree.

Each class has a stable ``code`` that a person can look up, the HTTP ``status`` it is answered with, and a docstring
that says when it is raised. The docstring's first line is also the message when the raiser has nothing better to say.
``docs/errors.md`` is generated from this file. Codes are append-only: a retired one is never reused.
"""

import random
from typing import Any, ClassVar

RETRY_LEAST_S = 3
RETRY_MOST_S = 9


class BackOfficeError(Exception):
    """Something went wrong inside the back office."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, message: str | None = None, **detail: Any) -> None:
        self.message = message or _first_line(type(self))
        self.detail = detail
        super().__init__(self.message)

    def headers(self) -> dict[str, str]:
        """HTTP headers that go with the answer."""
        return {}


def _soon() -> str:
    """Seconds until the next attempt, not the same for everybody: what failed together does not come together."""
    return str(random.randint(RETRY_LEAST_S, RETRY_MOST_S))  # noqa: S311 (spreads load, guards nothing)


def _first_line(kind: type[BackOfficeError]) -> str:
    return (kind.__doc__ or kind.code).strip().splitlines()[0]


# What the caller sent is wrong: sending it again will not help.


class InvalidInput(BackOfficeError):
    """A field is missing, of the wrong kind or out of bounds."""

    code = "invalid_input"
    status = 422


class InvalidCursor(InvalidInput):
    """The cursor is not one that this list gave: begin again without it."""

    code = "invalid_cursor"


class OffsetRetired(InvalidInput):
    """This list grows while it is read: an offset would give rows twice. Pass `next` of a page as `cursor`."""

    code = "offset_retired"


class TooLarge(BackOfficeError):
    """The body is longer than this address accepts."""

    code = "too_large"
    status = 413


class HeadTooLarge(BackOfficeError):
    """The head of the request has more lines than any browser or machine sends."""

    code = "head_too_large"
    status = 431


class NotFound(BackOfficeError):
    """It does not exist, or this user may not see it."""

    code = "not_found"
    status = 404


class MethodNotAllowed(BackOfficeError):
    """This address does not know this HTTP method."""

    code = "method_not_allowed"
    status = 405


class Conflict(BackOfficeError):
    """It contradicts what is stored already."""

    code = "conflict"
    status = 409


class AlreadyExists(Conflict):
    """Something with this name or number exists already."""

    code = "already_exists"


class WrongState(Conflict):
    """It is not in a state in which this can be done."""

    code = "wrong_state"


# Who the caller is, or what the caller may do.


class NotLoggedIn(BackOfficeError):
    """No valid login session or API token came with the request."""

    code = "not_logged_in"
    status = 401

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class BadCredentials(NotLoggedIn):
    """The login name or the password is wrong, or the user is not active."""

    code = "bad_credentials"


class BadSetupToken(NotLoggedIn):
    """The one-time setup link is wrong or was used already."""

    code = "bad_setup_token"


class Forbidden(BackOfficeError):
    """This user's role does not allow it."""

    code = "forbidden"
    status = 403


class PersonRequired(Forbidden):
    """An API token may not do this: it takes a person who has logged in."""

    code = "person_required"


class PasswordChangeRequired(Forbidden):
    """The one-time password has to be changed before anything else."""

    code = "password_change_required"


class ForeignOrigin(Forbidden):
    """A browser sent this request from another site's page."""

    code = "foreign_origin"


class TooManyAttempts(BackOfficeError):
    """Too many failed logins: wait before the next one."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, message: str | None = None, *, retry_after_s: int = 60, **detail: Any) -> None:
        super().__init__(message, retry_after_s=retry_after_s, **detail)
        self.retry_after_s = retry_after_s

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_s)}


class Crowded(BackOfficeError):
    """Too many requests from this address are waiting already: send fewer at a time."""

    code = "crowded"
    status = 429

    def headers(self) -> dict[str, str]:
        return {"Retry-After": _soon()}


# A machine's report cannot be accepted.


class UplinkMalformed(BackOfficeError):
    """The report is not a sealed report, or its content breaks the format."""

    code = "uplink_malformed"
    status = 400


class UplinkUnknownMachine(BackOfficeError):
    """The report names a machine that is not registered or was never provisioned."""

    code = "uplink_unknown_machine"
    status = 404


class UplinkNotAuthentic(BackOfficeError):
    """The report was not sealed with a key of the machine it names, or was altered."""

    code = "uplink_not_authentic"
    status = 403


class UplinkChainBroken(BackOfficeError):
    """The entries of the report do not chain to the head that the report itself states."""

    code = "uplink_chain_broken"
    status = 400


# The back office cannot do it now: trying again later may help.


class Unavailable(BackOfficeError):
    """The back office is too busy or is shutting down: try again."""

    code = "unavailable"
    status = 503

    def headers(self) -> dict[str, str]:
        return {"Retry-After": _soon()}


class HashingBusy(Unavailable):
    """Too many passwords and PINs wait to be checked: try again in a moment."""

    code = "hashing_busy"


class StorageFull(BackOfficeError):
    """The disk or the database's quota is full: nothing was stored, nothing was acknowledged."""

    code = "storage_full"
    status = 507


class StorageFailed(BackOfficeError):
    """The database could not be read or written: nothing was stored, nothing was acknowledged."""

    code = "storage_failed"
    status = 503

    def headers(self) -> dict[str, str]:
        return {"Retry-After": _soon()}


# Cards, PINs and the devices that read and write them.


class WrongPin(BackOfficeError):
    """The PIN is not the one with which this card was sealed."""

    code = "wrong_pin"
    status = 403


class PinLocked(TooManyAttempts):
    """The PIN of this card was wrong too often: wait before the next attempt."""

    code = "pin_locked"


class AuthorityClosed(WrongState):
    """No authority session is open: present the master card and its PIN first."""

    code = "authority_closed"


class SecondMaster(Conflict):
    """There is a master card already: retire it before another one is made."""

    code = "second_master"


class WeakMedium(Conflict):
    """This kind of card can be copied: it is refused for this use unless that is accepted explicitly."""

    code = "weak_medium"


class WrongCard(Conflict):
    """The card on the reader is not the one that is needed here."""

    code = "wrong_card"


class CardNotGenuine(WrongCard):
    """The card's content is not what was signed and registered."""

    code = "card_not_genuine"


class NotOfThisMachine(Conflict):
    """No such card was issued for this machine."""

    code = "not_of_this_machine"


class QuotaExhausted(Conflict):
    """The range that was signed does not have that many credits left."""

    code = "quota_exhausted"


class DrawBehind(Conflict):
    """The white card's own draw counter is ahead of the database: those credits were drawn before."""

    code = "draw_behind"


class ConfirmationStale(Conflict):
    """What was confirmed is not what would be issued now: look at the machine again and confirm anew."""

    code = "confirmation_stale"


class CardInUse(Conflict):
    """The card was debited, or is not in a state in which it can be erased."""

    code = "card_in_use"


class WrongDevice(Conflict):
    """Another board than the expected one answers at this port."""

    code = "wrong_device"


class ServiceCardFull(Conflict):
    """The service card has no room for this machine's answer."""

    code = "service_card_full"


class DeviceBusy(Conflict):
    """Somebody else is working with this device."""

    code = "device_busy"


class DeviceRefused(Conflict):
    """The device refused; `reason` in the detail says why."""

    code = "device_refused"


class DeviceUnreachable(BackOfficeError):
    """The device's port cannot be opened, or it was unplugged."""

    code = "device_unreachable"
    status = 503


class DeviceSilent(BackOfficeError):
    """The device did not answer in time: it may still have done the work."""

    code = "device_silent"
    status = 504


class DeviceAnswerWrong(BackOfficeError):
    """The device answered, but not what the host link promises."""

    code = "device_answer_wrong"
    status = 502


# Short messages: what a platform hands in, and what becomes of what goes out. The last group is found in the lists of
# short messages rather than in answers.


class SmsOff(BackOfficeError):
    """No SMS platform is configured, or another one than this address is for."""

    code = "sms_off"
    status = 404


class SmsNotAuthentic(BackOfficeError):
    """The request did not prove that it comes from the SMS platform."""

    code = "sms_not_authentic"
    status = 401

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Perscan-SMS"}


class SmsStale(SmsNotAuthentic):
    """The request is signed, but its time is too far from ours: it may be an old one sent again."""

    code = "sms_stale"


class SmsMalformed(BackOfficeError):
    """What the SMS platform handed in is no short message."""

    code = "sms_malformed"
    status = 400


class SmsTooMany(TooManyAttempts):
    """More short messages than this back office takes in a minute: hand it in later."""

    code = "sms_too_many"


class SmsPlatformUnreachable(BackOfficeError):
    """The SMS platform cannot be reached, is busy or refuses our credentials: it is tried again."""

    code = "sms_platform_unreachable"
    status = 503


class SmsPlatformRefused(BackOfficeError):
    """The SMS platform refuses this short message."""

    code = "sms_platform_refused"
    status = 502


class SmsNoNumber(Conflict):
    """The machine never sent an authentic short message: its number is not known."""

    code = "sms_no_number"


class SmsBadSender(BackOfficeError):
    """The sender of the short message is no phone number."""

    code = "sms_bad_sender"
    status = 400


class SmsReplayed(Conflict):
    """A genuine report that is stored already came from another number: it proves nothing about who sent it."""

    code = "sms_replayed"


class SmsUndelivered(BackOfficeError):
    """The phone network could not deliver the short message."""

    code = "sms_undelivered"
    status = 502


class SmsSuperseded(Conflict):
    """A newer short message says what this one was to say."""

    code = "sms_superseded"


class SmsCapReached(BackOfficeError):
    """The machine got as many short messages today as it may cost."""

    code = "sms_cap_reached"
    status = 429


class SmsTooOld(BackOfficeError):
    """It waited so long that it is not worth sending or taking any more."""

    code = "sms_too_old"
    status = 410


# The back office refuses to start.


class SettingsError(BackOfficeError):
    """A PERSCAN_* environment variable has a value that makes no sense."""

    code = "bad_settings"


class TlsUnusable(SettingsError):
    """A certificate or key cannot be read, or is not what it should be."""

    code = "tls_unusable"


class TlsKeyExposed(TlsUnusable):
    """A private key or its folder may be read or changed by somebody else."""

    code = "tls_key_exposed"


class TlsFileExists(TlsUnusable):
    """The folder has certificates already: they are never overwritten."""

    code = "tls_file_exists"


class KeyringError(BackOfficeError):
    """The keyring file is missing, damaged or of an unknown version."""

    code = "keyring_unusable"


class KeyringExposed(KeyringError):
    """The keyring file or its folder may be read or changed by somebody else."""

    code = "keyring_exposed"


class SmsSecretError(BackOfficeError):
    """The file with the SMS platform's secrets is missing, damaged or of an unknown version."""

    code = "sms_secret_unusable"


class SmsSecretExposed(SmsSecretError):
    """The file with the SMS platform's secrets, or its folder, may be read or changed by somebody else."""

    code = "sms_secret_exposed"


class CannotUnseal(BackOfficeError):
    """A sealed value does not open: it was altered, or sealed by another keyring or for another purpose."""

    code = "cannot_unseal"
