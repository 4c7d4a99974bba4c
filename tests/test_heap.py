"""Where the memory of a process comes from."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKS = """
import ctypes
from matcher.heap import use_one_heap

class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.mallinfo2.restype = Info

def asked_of_the_system_for_one_more():
    before = libc.mallinfo2()
    block = libc.malloc(ctypes.c_size_t(64 << 20))
    during = libc.mallinfo2()
    libc.free(block)
    kept = libc.mallinfo2().arena - before.arena + before.keepcost  # it takes the free top first
    return during.hblks - before.hblks, kept >> 20

print(*asked_of_the_system_for_one_more(), use_one_heap(), *asked_of_the_system_for_one_more())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_large_blocks_come_from_the_heap_and_stay_there() -> None:
    ended = subprocess.run([sys.executable, "-c", BLOCKS], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    before, kept_before, done, after, kept_after = ended.stdout.split()
    if done == "False":
        pytest.skip("another C library than glibc")
    assert (before, kept_before) == ("1", "0")
    assert (after, kept_after) == ("0", "64")
