"""pynetdicom's server with limits on what callers may use before they are identified."""

from __future__ import annotations

import socketserver
import ssl
import time
from collections.abc import Callable
from typing import Any, cast

from pynetdicom import evt
from pynetdicom.transport import AssociationSocket, ThreadedAssociationServer

MAX_PDU = 2**20  # bytes: sixty-four times the length that is proposed (DICOM PS3.8, annex D.1)
_CHUNK = 2**16
_TLS_FAILURE = "edgect_tls_failure"  # an attribute of associations
_CONNECTIONS_PER_ASSOCIATION = 4  # some wait to be told that there is no room


class AssociationServer(ThreadedAssociationServer):
    """As its base, but takes only so many connections, and closing breaks none of those there are."""

    request_queue_size = (
        128  # of five, as it is by default, a sixth at once is dropped, and waits for seconds
    )

    on_refused: Callable[[Any], object] = staticmethod(lambda _: None)
    """Called with the address of a connection that there is no room for."""

    def verify_request(self, request: Any, client_address: Any) -> bool:
        limit = _CONNECTIONS_PER_ASSOCIATION * self.ae.maximum_associations
        if len(self.active_associations) < limit:
            return True
        self.on_refused(client_address)
        return False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: the base class prints a traceback."""

    def close(self) -> None:
        """No more connections."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()


class DeferredHandshakeContext(ssl.SSLContext):
    """For servers: a caller that says nothing holds up itself, not everybody who comes after it."""

    def wrap_socket(self, sock: Any, *_: Any, **__: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, server_side=True, do_handshake_on_connect=False)


def tls_failure(association: Any) -> str:
    """Why TLS failed with a caller; empty where it did not."""
    return str(getattr(association, _TLS_FAILURE, ""))


def limit_pdus(event: evt.Event) -> None:
    """Handles EVT_CONN_OPEN: no PDU is read that is over `MAX_PDU`, or takes longer than the network timeout.

    pynetdicom itself would gather up to 4 GiB, and wait anew for each byte.
    """
    association = cast(Any, event.assoc)
    wrapped: AssociationSocket = association.dul.socket
    timeout: float = association.network_timeout

    def receive(count: int) -> bytearray:
        if count > MAX_PDU:
            raise OSError("a PDU over the limit")
        assert wrapped.socket is not None
        end, received = time.monotonic() + timeout, bytearray()
        while len(received) < count:
            remaining = end - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            wrapped.socket.settimeout(remaining)
            try:
                chunk = wrapped.socket.recv(min(count - len(received), _CHUNK))
            except ssl.SSLError as error:
                reason = getattr(error, "verify_message", "") or error.reason or type(error).__name__
                setattr(association, _TLS_FAILURE, reason)
                raise
            if not chunk:
                break
            received += chunk
        wrapped.socket.settimeout(timeout)  # for sending
        return received

    association.dul.socket.recv = receive
