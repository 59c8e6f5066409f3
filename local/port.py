"""Who listens on a port."""

import socket

import psutil

from local.errors import PortBusyError


def is_free(port: int) -> bool:
    """Say whether nothing listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def owner(port: int) -> str | None:
    """Name the process that listens on a port, as ``name (pid 1)``; None when unknown."""
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError):
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,):
            if connection.pid is None:
                return None
            try:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                return f"process {connection.pid}"
    return None


def require_free(port: int) -> None:
    """Refuse a port that is taken.

    Raises
    ------
    PortBusyError
        When it is; names who has it, where the system says.
    """
    if not is_free(port):
        raise PortBusyError(port, owner(port))
