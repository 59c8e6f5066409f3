"""A process that the fork server starts, seen from the scorer: two pipes, and how it ends."""

import os
import socket
import struct
import time
from contextlib import suppress

# On the socket of each process comes first its id, or what error the fork met, negative; then,
# when it has ended, its exit status, negative for a signal.
NUMBER = struct.Struct("!i")
# Asks the server for a process; the three descriptors that it gets come along.
ASK = b"f"


class Fork:
    """One process, asked of a server by its creation; :meth:`begin` waits for it.

    It gets ends of two pipes. With the other end of the third descriptor, a socket, the server
    tells of its life, and takes it when this end is shut. Not safe to share between threads, but
    for :meth:`kill`.

    Parameters
    ----------
    server
        The server's socket. Where nobody is at its other end, :meth:`begin` says so.

    Attributes
    ----------
    requests, replies
        What the process reads, to be written; what it writes, to be read. They never block.
    pid
        Its id, once it has begun.
    """

    def __init__(self, server: socket.socket) -> None:
        self.pid = 0
        self._ended = False
        self._status: int | None = None
        self._control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inlet, requests = os.pipe()
        replies, outlet = os.pipe()
        self.requests = os.fdopen(requests, "wb", buffering=0)
        self.replies = os.fdopen(replies, "rb", buffering=0)
        os.set_blocking(requests, False)
        os.set_blocking(replies, False)
        try:
            with suppress(ConnectionError):
                socket.send_fds(server, [ASK], [inlet, outlet, control.fileno()])
        finally:
            # Theirs alone, so that the end of either side is seen by the other.
            control.close()
            os.close(inlet)
            os.close(outlet)

    def begin(self, deadline: float) -> bool:
        """Wait until it has begun; False where the server ended instead.

        Raises
        ------
        TimeoutError
            If it has not by the deadline.
        OSError
            If the server could not fork.
        """
        number = self._number(deadline)
        if number is None:
            self._ended = True
            return False
        if number < 0:
            self._ended = True
            raise OSError(-number, os.strerror(-number))
        self.pid = number
        return True

    def kill(self) -> None:
        """End the process; from another thread, too, as long as nobody closes it meanwhile."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def wait(self, seconds: float) -> int | None:
        """Return its exit status; None where nobody knows, as the server is gone.

        Raises
        ------
        TimeoutError
            If it goes on.
        """
        if not self._ended:
            self._status = self._number(time.monotonic() + seconds)
            self._ended = True
        return self._status

    def close(self) -> None:
        """Close the pipes and the socket; a process that goes on is killed."""
        self.requests.close()
        self.replies.close()
        self._control.close()

    def _number(self, deadline: float) -> int | None:
        # Zero would mean not to wait at all, and to fail in another way.
        self._control.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self._control.recv(NUMBER.size)
        except ConnectionError:
            data = b""
        return NUMBER.unpack(data)[0] if data else None
