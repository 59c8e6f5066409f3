"""Breaks in every way, on demand: what the harness itself is tested with."""

import ctypes
import os

from tests.fuzz.target import Target

FINE, WORD = "fine", b"plain words"
CRASH, HANG, RAISE, LEAVE = b"crash", b"hang", b"raise", b"leave"


def prepare() -> None:
    """Need nothing."""


def run(data: bytes) -> str:
    """Do what the input says."""
    if data == CRASH:
        ctypes.string_at(0)
    if data == LEAVE:
        os._exit(3)
    while data == HANG:
        pass
    if data == RAISE:
        raise KeyError("planted")
    return FINE


def seeds() -> list[bytes]:
    """Return what the environment variable PLANTED names, beside a harmless input."""
    return [WORD, *os.environ.get("PLANTED", "").encode().split()]


TARGET = Target("planted", run, seeds, (FINE,))
