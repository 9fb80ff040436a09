"""Every kind of attack, in the order in which they are played."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tools.load.address import ATTACKERS
from tools.load.hostile import floods, heavy, quiet
from tools.load.hostile.line import Line
from tools.load.hostile.loot import Loot

Make = Callable[[Loot, int, Counter[str]], Line]
"""(what attackers know, which of the connections, where to count) -> one connection."""


@dataclass(frozen=True)
class Kind:
    """One kind."""

    name: str
    words: str
    make: Make
    addresses: int = ATTACKERS
    """From how many they come: the fewer, the more connections each of them has."""


_KINDS: Final = (
    Kind("cookies", "GETs with a garbage cookie, the next as soon as one is answered", floods.cookies),
    Kind("bearers", "GETs with a garbage API token", floods.bearers),
    Kind("many-logins", "wrong log-ins, of thousands of names", floods.many_logins),
    Kind("one-login", "wrong log-ins, of an administrator", floods.one_login),
    Kind("silent", "connections that say nothing", quiet.silent),
    Kind("half-head", "half a head, then a byte a second", quiet.half_head),
    Kind("half-body", "half a body, then a byte a second", quiet.half_body),
    Kind("big-body", "JSON bodies of 150 MiB, without a log-in", heavy.big_body),
    Kind("slow-reader", "big answers, asked for in advance and not read", heavy.slow_reader, addresses=8),
    Kind("streams", "event streams of one user of a clinic", heavy.stream),
    Kind("garbage", "reports of noise, some in a real machine's envelope", floods.garbage_reports),
    Kind("replay", "genuine reports, sent again", floods.replayed_reports),
    Kind("sms", "SMS webhooks with a false signature", floods.garbage_sms),
    Kind("hogs", "connections kept with a cheap request now and then", quiet.hog),
    Kind("pipeline", "64 requests in one piece, again and again", floods.pipeline),
    Kind("backslashes", "cookies of 60,000 backslashes in quotes", floods.backslashes),
    Kind("head-lines", "heads of 15,000 lines", floods.head_lines),
    Kind("tiny-chunks", "bodies in chunks of one byte", floods.tiny_chunks),
    Kind("early", "bad chunks after an answer that came before the body was read", floods.early_answers),
    Kind("passwords", "changes of password and guesses at it, by users of a clinic", floods.passwords),
)
KINDS: Final = {kind.name: kind for kind in _KINDS}
