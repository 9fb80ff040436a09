"""Run test files under MicroPython: micropython tests/firmware/run.py FILE ... (pytest collects the same files).

A test is a function test_* without arguments that raises nothing. Every failure is shown; any failure ends in exit 1.
"""

import sys

ROOT = __file__.rsplit("/", 3)[0] if __file__.count("/") >= 3 else "."
FOLDERS = ("", "/shared", "/firmware", "/firmware/lib")


def main(paths: list[str]) -> int:
    for folder in reversed(FOLDERS):
        sys.path.insert(0, ROOT + folder)
    failures = 0
    for path in paths:
        failures += run_file(path)
    return 1 if failures else 0


def run_file(path: str) -> int:
    module = _imported(path)
    names = sorted([name for name in dir(module) if name.startswith("test_")])
    failures = 0
    for name in names:
        try:
            getattr(module, name)()
        except Exception as error:  # noqa: BLE001 (a runner reports whatever a test raises)
            failures += 1
            print("FAILED", path, name)
            sys.print_exception(error)  # type: ignore[attr-defined]
    print(path + ":", len(names) - failures, "passed,", failures, "failed")
    if not names:
        print("FAILED", path, "holds no test")
        return 1
    return failures


def _imported(path: str) -> object:
    """By its dotted name below the root; what lies beside it can be imported by name."""
    sys.path.insert(0, path.rsplit("/", 1)[0])
    if path.startswith(ROOT + "/"):
        path = path[len(ROOT) + 1 :]
    name = path[: -len(".py")].replace("/", ".")
    __import__(name)
    return sys.modules[name]


sys.exit(main(sys.argv[1:]))
