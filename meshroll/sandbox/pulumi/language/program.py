"""One run of a project's program: `python program.py FD` with a RunRequest on stdin; the RunResponse goes to FD.

The language host keeps the other end of stdin open. When it is hung up, the host is gone, and this process group, which
the host made for the program and what that starts, ends too.

Run by the interpreter of the project, which may not have this package: nothing but the SDK is imported here. A wrong
input is one sentence; whatever else goes wrong is shown with the program's own traceback.
"""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import grpc
import pulumi
from pulumi.runtime import reset_options, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2

STOPPED = 130
_LENGTH_BYTES = 8
SENTENCE_CLASSES = frozenset({"meshroll.errors.MeshrollError", "pulumi.errors.RunError"})


def main() -> None:
    """Run the program of the current directory."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(STOPPED))
    answer_fd = int(sys.argv[1])
    os.set_inheritable(answer_fd, False)  # what the program starts must not hold the host up
    try:
        request = language_pb2.RunRequest.FromString(read_framed(sys.stdin.buffer))
    except EOFError:
        sys.exit(STOPPED)
    end_with_host()
    folder = str(Path.cwd())
    sys.path[0] = folder
    sys.argv = [folder, *request.args[1:]]
    answer = run(request, folder)
    sys.stdout.flush()
    sys.stderr.flush()
    with os.fdopen(answer_fd, "wb") as pipe:
        pipe.write(answer.SerializeToString())


def framed(message: bytes) -> bytes:
    """A message with its length before it, for a pipe that stays open."""
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message


def read_framed(pipe: BinaryIO) -> bytes:
    """The message that `framed` wrote. Raises EOFError when the pipe ends before it."""
    size = pipe.read(_LENGTH_BYTES)
    message = pipe.read(int.from_bytes(size, "big"))
    if len(size) < _LENGTH_BYTES or len(message) < int.from_bytes(size, "big"):
        raise EOFError("the language host ended before it sent the request")
    return message


def end_with_host() -> None:
    """Watch standard input from now on, and give the program an empty one."""
    host, empty = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)

    def watch() -> None:
        while os.read(host, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="host", daemon=True).start()


def run(request: Any, folder: str) -> Any:
    """The program's answer: empty, or `bail` once the error has been reported."""
    reset_options(
        project=request.project,
        monitor_address=request.monitor_address,
        engine_address=request.args[0] if request.args else "",
        stack=request.stack,
        parallel=request.parallel,
        preview=request.dryRun,
        organization=request.organization or "organization",
        root_directory=request.info.root_directory,
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # the engine reports what failed in tasks nobody awaited

    def program() -> None:
        runpy.run_path(folder, run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max(request.parallel, 1) * 4))
    try:
        loop.run_until_complete(run_in_stack(program))
    except Exception as error:
        if isinstance(error, grpc.RpcError) and error.code() == grpc.StatusCode.UNAVAILABLE:
            return language_pb2.RunResponse()  # the engine is shutting down and has said why
        pulumi.log.error(sentence(error, folder))
        return language_pb2.RunResponse(bail=True)
    finally:
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        with suppress(Exception):
            loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    return language_pb2.RunResponse()


def sentence(error: BaseException, folder: str) -> str:
    """What to tell the user: the error's own sentence, or the traceback from the program's first line on."""
    names = {f"{cls.__module__}.{cls.__qualname__}" for cls in type(error).__mro__}
    if names & SENTENCE_CLASSES:
        return str(error)
    if isinstance(error, grpc.RpcError):
        return str(error.details())
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.filename.startswith(folder) and "site-packages" not in frame.filename for frame in frames]
    first = own.index(True) if any(own) else 0
    trace = "".join(traceback.format_list(frames[first:]) + traceback.format_exception_only(error))
    return f"Program failed with an unhandled exception:\n{trace}"


if __name__ == "__main__":
    main()
