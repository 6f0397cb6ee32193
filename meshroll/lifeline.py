"""A child that ends with the process that started it, however that one ends, and takes along all of its group.

A shell starts a watcher and becomes the command, so it is the command that is waited for. The watcher reads a pipe
whose other end only the starting process holds: a line lets it go, the end of the pipe has it kill the group. Linux's
PR_SET_PDEATHSIG cannot be used: it fires when the thread that started the process ends, and does not reach what the
command starts itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

_SHELL = "/bin/sh"
# `kill 0` is for the whole process group. The standard streams are the command's: the watcher must not keep them open.
_SCRIPT = '{ read -r _ || kill -9 0; } <"/dev/fd/$0" >/dev/null 2>&1 & exec "$@"'


class Lifeline:
    """Binds one command, which must be started as the leader of a process group and inherit `descriptor`."""

    def __init__(self) -> None:
        self.descriptor, self._held = os.pipe()

    def bind(self, command: Sequence[str]) -> tuple[str, ...]:
        """The command as it is to be started; its program must be there, since a shell looks for it."""
        return (_SHELL, "-c", _SCRIPT, str(self.descriptor), *command)

    def started(self) -> None:
        """To be called once the command was started, or could not be."""
        os.close(self.descriptor)

    def release(self) -> None:
        """To be called when the command has ended, once or more: what it left running on purpose goes on."""
        held, self._held = self._held, -1
        if held >= 0:
            with suppress(OSError):  # nobody reads any more
                os.write(held, b"\n")
            os.close(held)
