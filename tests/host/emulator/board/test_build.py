"""What tools/flash/build.py makes of the sources: the files of a board."""

import pytest

from tools.flash.build import BuildError, compile_source, firmware_files
from tools.flash.needs import lists_of


def test_the_boards_files_are_bytecode_but_for_the_two_that_run_by_path() -> None:
    files = firmware_files()
    assert {path for path in files if path.endswith(".py")} <= {"boot.py", "main.py"}
    assert "main.py" in files
    assert all(data[:1] == b"M" for path, data in files.items() if path.endswith(".mpy"))


def test_libraries_and_protocol_are_where_the_board_looks() -> None:
    files = firmware_files()
    assert "tap.mpy" in files
    assert "lib/mfrc522/chip.mpy" in files
    assert "lib/protocol/records.mpy" in files
    assert not any("vectors" in path or "__pycache__" in path for path in files)


def test_the_same_sources_give_the_same_files() -> None:
    assert list(firmware_files().items()) == list(firmware_files().items())


def test_what_a_module_needs_is_listed_one_loadable_after_the_other() -> None:
    sources = {
        "a": b"import gc, b\nfrom c import d\nif TYPE_CHECKING:\n    import e\ndef f():\n    import e\n",
        "b": b"from e import x\n",
        "c": b"",
        "c.d": b"import b\n",
        "e": b"",
    }
    assert lists_of(sources) == {"needs/a": b"e\nb\nc.d\na\n", "needs/b": b"e\nb\n", "needs/c.d": b"e\nb\nc.d\n"}


def test_every_module_that_needs_others_has_its_list() -> None:
    files = firmware_files()
    assert files["needs/report"].split()[-1] == b"report"
    assert b"protocol.cbor" in files["needs/protocol.cose"].split()
    assert {"modem_rest.mpy", "needs/modem_rest"} & files.keys() == {"modem_rest.mpy"}


def test_a_source_that_does_not_compile_is_named() -> None:
    with pytest.raises(BuildError, match=r"broken\.py"):
        compile_source(b"def f(:", "broken.py")


def test_a_traceback_on_the_board_names_file_and_line() -> None:
    assert b"pack/module.py" in compile_source(b"x = 1\n", "pack/module.py")
