"""A wire that tests can cut: a TCP proxy between parts of a cluster."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

_READ_BYTES = 1 << 16


class Proxy:
    """Leads connections on to an address, until it is cut.

    Args:
        target: Where they lead, as ``tcp://host:port``.
    """

    def __init__(self, target: str) -> None:
        to = urlsplit(target)
        self._target = (to.hostname, to.port)
        self._server = socket.create_server(("127.0.0.1", 0))
        #: All that went through it.
        self.seen = bytearray()
        self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = self._is_closed = False
        self._pumps: list[threading.Thread] = []
        self._door = threading.Thread(target=self._let_in)
        self._door.start()

    def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        with self._lock:
            self._is_cut = True
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def close(self) -> None:
        """End all threads."""
        self._is_closed = True
        self.cut()
        # Whoever waits for a connection gets one.
        socket.create_connection(self._server.getsockname()).close()
        self._door.join()
        self._server.close()
        for pump in self._pumps:
            pump.join()

    def _let_in(self) -> None:
        while not self._is_closed:
            here, _ = self._server.accept()
            with suppress(OSError):
                self._lead_on(here)
                continue
            here.close()

    def _lead_on(self, here: socket.socket) -> None:
        if self._is_cut:
            raise ConnectionRefusedError
        there = socket.create_connection(self._target)
        with self._lock:
            self._open |= {here, there}
        ends = threading.Barrier(2)
        for source, sink in ((here, there), (there, here)):
            self._pumps.append(threading.Thread(target=self._pump, args=(source, sink, ends)))
            self._pumps[-1].start()

    def _pump(self, source: socket.socket, sink: socket.socket, ends: threading.Barrier) -> None:
        with suppress(OSError):
            while data := source.recv(_READ_BYTES):
                self.seen += data
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        # Closed when nobody reads it any more: its number may be another's then.
        ends.wait()
        with self._lock:
            self._open.discard(source)
        source.close()
