"""The language host: the SDK's own LanguageServer, which runs the project's program in a process of its own.

A preview and the update after it are two runs; a fresh process each, of the interpreter that the project's
`runtime.options.virtualenv` names, keeps what one run imported away from the next.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from meshroll.callers import OnlyOurs
from meshroll.sandbox.pulumi.language.program import framed

PROGRAM = Path(__file__).with_name("program.py")
MESSAGE_BYTES = 400 * 1024 * 1024


class Host(LanguageServer):
    """Everything but `Run` is the SDK's; the packages a program needs are found by the CLI itself, none is fetched."""

    def __init__(self, version: str) -> None:
        super().__init__(lambda: None)
        self._version = version
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Name the SDK's version."""
        return plugin_pb2.PluginInfo(version=self._version)

    def Run(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Run `__main__.py` in a child whose output is this process's, and hand back its answer.

        The child's standard input stays open: when this process is gone, however it ended, the child sees its end.
        """
        python = interpreter(Path(request.info.root_directory), request.info.options)
        if not os.access(python, os.X_OK):
            error = f"{python} is not there; expected the virtualenv that Pulumi.yaml names, or none named there"
            return language_pb2.RunResponse(error=error)
        reader, writer = os.pipe()
        child = subprocess.Popen(
            [python, str(PROGRAM), str(writer)],
            stdin=subprocess.PIPE,
            cwd=request.info.program_directory or request.pwd or None,
            pass_fds=[writer],
            process_group=0,  # with all that the program starts
        )
        os.close(writer)
        with self._lock:
            self._running.add(child)
        try:
            code, result = _exchange(child, request.SerializeToString(), reader)
        finally:
            with self._lock:
                self._running.discard(child)
        if code == 0:
            return language_pb2.RunResponse.FromString(result)
        # The program said on stderr what was wrong, or was stopped.
        return language_pb2.RunResponse(error=f"the program ended with exit code {code}")

    def stop(self) -> None:
        """Stop the programs that run, with all that they started."""
        with self._lock:
            for child in self._running:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGTERM)


def _exchange(child: subprocess.Popen[bytes], request: bytes, reader: int) -> tuple[int, bytes]:
    """The child's exit code and answer. A child that ends without one says why by its exit code."""
    assert child.stdin is not None  # noqa: S101
    with os.fdopen(reader, "rb") as answer:
        with suppress(BrokenPipeError):
            child.stdin.write(framed(request))
            child.stdin.flush()
        result = answer.read()
        code = child.wait()
    with suppress(BrokenPipeError):
        child.stdin.close()
    return code, result


def interpreter(root: Path, options: Any) -> str:
    """The Python of the `virtualenv` option, relative to the project; without one, this process's own."""
    fields = options.fields
    folder = fields["virtualenv"].string_value if "virtualenv" in fields else ""
    return str(root / folder / "bin" / "python") if folder else sys.executable


def serve(version: str) -> None:
    """Serve on a free port of loopback, print the port, and end quietly on SIGINT or SIGTERM."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    sizes = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(4), options=sizes, interceptors=[OnlyOurs()])
    host = Host(version)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stopped.wait()
    host.stop()
    server.stop(None).wait()
