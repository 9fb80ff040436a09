# What a board seldom asks of its os module.
from _host_os import chdir, getcwd, mkdir, rmdir, statvfs, unlink
from vfs import VfsLfs2, mount, umount

sep = "/"


def uname() -> tuple:
    return ("esp32", "esp32", "1.29.0", "emulated board", "Generic ESP32 module with ESP32")


def dupterm(stream: object, index: int = 0) -> None:
    return None
