"""Signals that come while processes are started arrive afterwards, and none is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest
from ending_signals import signals

from matcher.synthetic.interrupts import interrupts_held_back


class Came(BaseException):
    """What the handler of a test raises."""


def raise_came(number: int, _frame: object) -> None:
    raise Came(number)


def held_back_through(number: int, done: list[str]) -> None:
    with interrupts_held_back():
        signal.raise_signal(number)
        done.append("all of the block")


@pytest.mark.parametrize("number", signals("SIGINT", "SIGTERM", "SIGHUP"))
def test_a_signal_comes_after_the_block_and_the_handler_is_as_before(number: int) -> None:
    before = signal.signal(number, raise_came)
    done: list[str] = []
    try:
        with pytest.raises(Came):
            held_back_through(number, done)
        assert done == ["all of the block"]
        assert signal.getsignal(number) is raise_came
    finally:
        signal.signal(number, before)


def test_an_error_of_the_block_is_raised_and_the_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), interrupts_held_back():
        _ = 1 / 0
    assert signal.getsignal(signal.SIGINT) is before


def test_it_can_be_used_in_a_thread_that_may_not_set_handlers() -> None:
    done: list[str] = []

    def work() -> None:
        with interrupts_held_back():
            done.append("yes")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["yes"]


@pytest.mark.skipif(sys.platform == "win32", reason="a process has no mask of signals there")
def test_a_process_that_is_started_meanwhile_inherits_that_ctrl_c_is_held_back() -> None:
    program = (
        "import os, signal; os.kill(os.getpid(), signal.SIGINT); "
        "print(signal.SIGINT in signal.sigpending())"
    )
    with interrupts_held_back():
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
