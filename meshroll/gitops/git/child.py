"""Child processes: started in a group of their own, ended as a group, and never left to run without a limit.

One that waits for somebody else, a server or a person, ends with this process even when a signal kills it (`lifeline`).
Others end by themselves, at once or when their standard input does.

The only place where a `git` process is started, be it by a command of ours or by GitPython.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from meshroll.errors import BadInputError, TimedOutError, UnavailableError
from meshroll.lifeline import Lifeline


class Child(subprocess.Popen[bytes]):
    """A process with pipes for its three streams, and what binds it to this one, if anything does."""

    lifeline: Lifeline | None = None

    def release(self) -> None:
        """Let go of a process that has ended."""
        lifeline, self.lifeline = self.lifeline, None
        if lifeline:
            lifeline.release()


def start(command: Sequence[str], environment: Mapping[str, str], inherited: int | None) -> Child:
    """Start a process that ends by itself. `inherited` is a descriptor that it keeps open.

    Raises BadInputError where there is no such command.
    """
    return _start(command, environment, () if inherited is None else (inherited,))


def start_bound(command: Sequence[str], environment: Mapping[str, str], inherited: int | None) -> Child:
    """Like `start`, for a process that may wait for somebody else: it ends with this one."""
    program = shutil.which(command[0], path=environment.get("PATH", os.defpath))
    if program is None:
        raise _missing()
    lifeline = Lifeline()
    descriptors = (lifeline.descriptor,) if inherited is None else (lifeline.descriptor, inherited)
    try:
        child = _start(lifeline.bind((program, *command[1:])), environment, descriptors)
    except BaseException:
        lifeline.release()
        raise
    finally:
        lifeline.started()
    child.lifeline = lifeline
    return child


def _start(command: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int]) -> Child:
    try:
        return Child(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            cwd="/",
            start_new_session=True,  # no terminal to ask on, and one group to kill
            pass_fds=descriptors,
        )
    except FileNotFoundError as error:
        raise _missing() from error
    except OSError as error:
        raise UnavailableError(f"the command git cannot be started ({error.strerror})") from error


def _missing() -> BadInputError:
    return BadInputError("the command git is missing", expected="Git 2.30 or newer on PATH")


def communicate(process: Child, stdin: bytes, seconds: float, name: str) -> tuple[int, bytes, bytes]:
    """Exit code, output and errors of a process that is given all its input. Raises TimedOutError."""
    try:
        output, errors = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        kill_group(process)
        raise _timed_out(name, seconds) from error
    except BaseException:
        kill_group(process)
        raise
    process.release()
    return process.returncode, output, errors


@contextmanager
def limited(process: subprocess.Popen[bytes], seconds: float, name: str) -> Iterator[None]:
    """Kill the group of a process that goes on answering when the block takes longer; then raise TimedOutError."""
    passed = threading.Event()

    def expire() -> None:
        passed.set()
        _kill(process)  # its streams end, and with them the block

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if not passed.is_set():
            raise
    finally:
        timer.cancel()
    if passed.is_set():
        raise _timed_out(name, seconds)


def kill_group(process: Child) -> None:
    """End a process and all that it started, and close its streams."""
    _kill(process)
    process.wait()
    process.release()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with suppress(OSError):
                stream.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _timed_out(name: str, seconds: float) -> TimedOutError:
    return TimedOutError(f"{name} did not finish within {seconds:.0f} s")
