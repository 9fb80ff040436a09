"""How many connections a process has room for: each is an open file, and so is much else."""

import resource

FILES_WANTED = 8192
FILES_FOR_THE_REST = 256
"""Connections to the database (three files each), serial ports, static files, logs."""
CONNECTIONS_MAX = 1500


def room_for_connections() -> int:
    """How many connections fit below the limit of open files, which is raised as far as it may go."""
    return connections_below(raise_limit(FILES_WANTED))


def raise_limit(wanted: int) -> int:
    """Let this process open so many files, or as many as it may; how many that are, at most ``wanted``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections_below(files: int) -> int:
    """How many connections leave room for the rest below a limit of files."""
    return min(CONNECTIONS_MAX, max(files - FILES_FOR_THE_REST, files // 4))
