"""In which language the client speaks: Chinese where the person's environment asks for it, else English."""

import os
from collections.abc import Mapping

from client.chinese import SENTENCES

VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first that is set decides (POSIX, XBD 8.2)."""


def is_chinese(environment: Mapping[str, str]) -> bool:
    """Whether messages are wanted in Chinese."""
    chosen = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    return chosen.lower().startswith("zh")


def say(sentence: str, **values: object) -> str:
    """A sentence in the person's language; ``values`` fill its places. What programs read is not said but printed."""
    spoken = SENTENCES[sentence] if is_chinese(os.environ) and sentence in SENTENCES else sentence
    return spoken.format(**values)
