"""Slows down guessing of passwords, and nobody else.

| failures are counted for | which are | free | then a wait of | at most |
|---|---|---|---|---|
| a login at one address | wrong passwords | 5 | 5 s, doubling | 5 min |
| a login on a device where it was used before | wrong passwords | 5 | 5 s, doubling | 5 min |
| an address | logins that failed there | 20 | 5 s, doubling | 1 min |
| a login | addresses where it failed | 10 | its other addresses: 1 free, then 60 s, doubling | 1 h |

The first row stops who guesses one password from one place: colleagues behind the same address go on. The third stops
who tries one password on many logins, the last who guesses one login from many places. Nobody is locked out by them: a
device on which a login was used before is asked for its own failures alone, and the last row asks an address for its
own failures, too: one where nothing has failed yet is always heard.

An attempt counts as failed before it is made; success gives it back. So parallel attempts are no free ones.
In memory: a restart forgets it, which costs an attacker more than it gives.
"""

from dataclasses import dataclass
from threading import Lock

from backoffice.accounts.tally import Tally
from backoffice.errors import TooManyAttempts

DOUBLINGS_MAX = 16


@dataclass(frozen=True)
class Pace:
    """How many failures are free, and how long to wait after the next ones."""

    free: int
    first_s: int
    longest_s: int

    def wait_s(self, failures: int) -> int:
        """How long to wait after that many failures."""
        beyond = failures - self.free
        return 0 if beyond < 0 else min(self.first_s << min(beyond, DOUBLINGS_MAX), self.longest_s)


GUESSING = Pace(free=5, first_s=5, longest_s=300)
SPRAYING = Pace(free=20, first_s=5, longest_s=60)
BESIEGED = Pace(free=1, first_s=60, longest_s=3600)
SIEGE_ADDRESSES = 10
"""So many addresses have to fail at a login before it counts as besieged."""
FORGET_S = 2 * 3600
"""A failure is forgotten so long after the last one: longer than any wait."""


@dataclass(frozen=True)
class Caller:
    """Where an attempt comes from."""

    address: str
    device: str = ""
    """A device on which the login was used before; empty for any other."""

    @property
    def is_known(self) -> bool:
        return bool(self.device)


class Throttle:
    """Counts failures, in bounded memory."""

    def __init__(self) -> None:
        self._pairs = Tally(FORGET_S)
        self._addresses = Tally(FORGET_S)
        self._logins = Tally(FORGET_S)
        self._lock = Lock()

    def reserve(self, login: str, caller: Caller, now: int) -> "Attempt":
        """Count an attempt before it is made; raises TooManyAttempts, with the seconds to wait."""
        with self._lock:
            wait_s = self._wait_s(login, caller, now)
            if wait_s > 0:
                raise TooManyAttempts(f"too many failed logins: wait {wait_s} s", retry_after_s=wait_s)
            self._count(login, caller, now)
        return Attempt(self, login, caller, now)

    def _wait_s(self, login: str, caller: Caller, now: int) -> int:
        pair = _pair(login, caller)
        if caller.is_known:
            return self._pairs.wait_s(pair, GUESSING.wait_s, now)
        besieged = self._logins.failures(login, now) >= SIEGE_ADDRESSES
        pace = BESIEGED if besieged else GUESSING
        return max(
            self._pairs.wait_s(pair, pace.wait_s, now), self._addresses.wait_s(caller.address, SPRAYING.wait_s, now)
        )

    def _count(self, login: str, caller: Caller, now: int) -> None:
        """A login's first failure at an address is one more for both."""
        pair = _pair(login, caller)
        first = self._pairs.failures(pair, now) == 0
        self._pairs.add(pair, now)
        if first and not caller.is_known:
            self._addresses.add(caller.address, now)
            self._logins.add(login, now)

    def give_back(self, attempt: "Attempt", *, all_of_them: bool) -> None:
        """Take an attempt back, or every failure of its login and place."""
        pair, now = _pair(attempt.login, attempt.caller), attempt.made_at
        with self._lock:
            before = self._pairs.failures(pair, now)
            self._pairs.take_back(pair, now, before if all_of_them else 1)
            if before and not self._pairs.failures(pair, now) and not attempt.caller.is_known:
                self._addresses.take_back(attempt.caller.address, now, 1)
                self._logins.take_back(attempt.login, now, 1)


@dataclass(frozen=True)
class Attempt:
    """One attempt that counts as failed until it is known better."""

    throttle: Throttle
    login: str
    caller: Caller
    made_at: int

    def succeeded(self) -> None:
        """The password was right: what failed here before was the same person's typing."""
        self.throttle.give_back(self, all_of_them=True)

    def was_not_made(self) -> None:
        """Nothing was tried after all."""
        self.throttle.give_back(self, all_of_them=False)


def _pair(login: str, caller: Caller) -> str:
    place = f"device {caller.device}" if caller.is_known else f"address {caller.address}"
    return f"{place}\0{login}"
