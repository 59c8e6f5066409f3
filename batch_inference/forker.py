"""The fork server: a process that has imported all that a decode worker needs, and forks them.

Started by :mod:`batch_inference.fork_server` as ``python -m batch_inference.forker FD``. On the
socket FD comes a message for each worker, with three descriptors: what it reads, what it writes,
and a socket of its own, on which the server tells of its life and is told to end it
(:mod:`batch_inference.fork`). A worker keeps none of the server's descriptors, so that one that is
hijacked has nobody to talk to but the scorer.
"""

import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from batch_inference.fork import ASK, NUMBER

DESCRIPTORS = 3
PR_SET_PDEATHSIG = 1


class Forker:
    """Forks processes that do ``work`` over descriptors 0 and 1, and ends them.

    The calling process must have one thread: a fork has no other, and locks that others held stay
    locked in it.

    Parameters
    ----------
    scorer
        Where requests come from. When its other end is closed, everything ends.
    work
        What a forked process does; it exits when that returns.
    """

    def __init__(self, scorer: socket.socket, work: Callable[[], None]) -> None:
        self._scorer = scorer
        self._work = work
        self._prctl = ctypes.CDLL(None).prctl
        # Of the processes that have not been waited for. Their ids are nobody else's so long.
        self._controls: dict[int, socket.socket] = {}
        # Not epoll: that would be one object for this process and all forks of it.
        self._selector = selectors.PollSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def run(self) -> None:
        """Serve until the scorer is gone."""
        # With a handler of Python's, the number of the signal goes to the waker.
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._scorer, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ, self._reap)
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.fileobj is not self._scorer:
                        key.data()
                    elif not self._take():
                        return
        finally:
            for pid in self._controls:
                os.kill(pid, signal.SIGKILL)
            for pid in self._controls:
                os.waitpid(pid, 0)

    def _take(self) -> bool:
        """Take a request; False when there will be no more."""
        word, descriptors, _, _ = socket.recv_fds(self._scorer, len(ASK), DESCRIPTORS)
        if not word:
            return False
        # Fewer where this process may open no more: the scorer sees that its socket was closed.
        if len(descriptors) == DESCRIPTORS:
            control = socket.socket(fileno=descriptors.pop())
            self._fork(descriptors[0], descriptors[1], control)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _fork(self, requests: int, replies: int, control: socket.socket) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            _tell(control, -(error.errno or 1))
            control.close()
            return
        if pid == 0:
            self._become_worker(parent, requests, replies)
        control.setblocking(False)
        self._controls[pid] = control
        self._selector.register(control, selectors.EVENT_READ, partial(self._kill, pid, control))
        _tell(control, pid)

    def _become_worker(self, parent: int, requests: int, replies: int) -> NoReturn:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Nobody could end it any more; and the scorer is to see at once that it is lost.
            self._prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() == parent:
                os.dup2(requests, 0)
                os.dup2(replies, 1)
                _close_others()
                gc.enable()
                self._work()
                status = 0
        except BaseException:  # noqa: BLE001 - a fork must not go on with what its parent is at
            traceback.print_exc()
        finally:
            # Not sys.exit: the objects on this stack are the parent's.
            os._exit(status)

    def _kill(self, pid: int, control: socket.socket) -> None:
        # The scorer never says anything on it: that it can be read means its end.
        if self._controls.get(pid) is control:
            self._selector.unregister(control)
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        while self._controls:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            control = self._controls.pop(pid)
            with suppress(KeyError):
                self._selector.unregister(control)
            _tell(control, os.waitstatus_to_exitcode(status))
            control.close()


def _tell(control: socket.socket, number: int) -> None:
    with suppress(OSError):
        control.send(NUMBER.pack(number))


def _close_others() -> None:
    for number in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if number > 2:
            # One of them was the listing's own.
            with suppress(OSError):
                os.close(number)


def main() -> None:
    """Import what workers need, and fork them."""
    # Meant for the scorer's whole process group; it ends its workers itself. Before the imports,
    # which take long.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    # No collector goes through what is imported here, then the pages stay shared with all forks.
    gc.disable()
    from batch_inference.decode_worker import main as work
    from batch_inference.decoding import load_formats

    load_formats()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as scorer:
        Forker(scorer, work).run()


if __name__ == "__main__":
    main()
