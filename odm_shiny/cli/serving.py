"""Serve an ASGI application until a signal comes: bound first, announced once it answers."""

from __future__ import annotations

import contextlib
import errno
import http.client
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from odm_shiny.cli.output import answer
from odm_shiny.errors import OdmError

if TYPE_CHECKING:
    import uvicorn

GRACE_S = 10
"""How long requests may go on after the signal to stop."""


def listen(host: str, port: int) -> socket.socket:
    """Take a port before anything else is loaded, so that a taken one is known at once.

    Parameters
    ----------
    port
        0 takes any free port.

    Raises
    ------
    OdmError
        The port is taken, or the host is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            reason = "another program has it; --port 0 takes a free one"
        else:
            reason = exc.strerror or str(exc)
        raise OdmError(f"cannot listen on {host} port {port}: {reason}") from exc


def listen_near(host: str, port: int, *, tries: int = 20) -> socket.socket:
    """Take the first free port from `port` on."""
    for candidate in range(port, port + tries):
        with contextlib.suppress(OdmError):
            return listen(host, candidate)
    return listen(host, 0)


def address(sock: socket.socket) -> str:
    """Write the URL under which a socket is reached from this machine."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    application: Callable[..., Any],
    sock: socket.socket,
    *,
    ready: str,
    workers: int = 1,
    factory: bool = False,
    access_log: bool = False,
    options: Mapping[str, Any] | None = None,
    when_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    application
        The ASGI application, or with `factory` what makes it. With several `workers` each process
        calls the factory, which must be picklable.
    ready
        Line to print once the server answers; ``{url}`` in it is its URL.
    options
        More of uvicorn's own.
    when_ready
        Called with the URL after that, in a thread of its own.
    """
    import uvicorn

    config = uvicorn.Config(
        application,
        factory=factory,
        workers=workers,
        log_level="info" if access_log else "warning",
        access_log=access_log,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        **(options or {}),
    )
    threading.Thread(target=_announce, args=(sock, ready, when_ready), daemon=True).start()
    if workers == 1:
        _server(config).run(sockets=[sock])
    else:
        from uvicorn.supervisors import Multiprocess

        sock.set_inheritable(True)
        Multiprocess(config, [sock]).run()


def _server(config: uvicorn.Config) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own raises the signal again at the end, so that a server which was asked to
            # stop, and did, would end as if it had been killed.
            before = {
                number: signal.signal(number, self.handle_exit)
                for number in (signal.SIGINT, signal.SIGTERM)
            }
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return Server(config)


def _announce(sock: socket.socket, ready: str, when_ready: Callable[[str], None] | None) -> None:
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    while not answers(host, port):
        time.sleep(0.05)
    answer(ready.format(url=address(sock)))
    if when_ready is not None:
        when_ready(address(sock))


def answers(host: str, port: int) -> bool:
    """Tell whether an application replies: a port accepts from the moment it was bound."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
