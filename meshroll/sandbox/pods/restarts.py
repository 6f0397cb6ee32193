"""What becomes of a container whose program ended, by a kubelet's rules. Pure.

At once the first time, then after 1, 2, 4 to 30 seconds; a program that ran for a minute starts from the beginning.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
_FORGET_SECONDS = 60.0
_LONGEST_SECONDS = 30.0
_KILLED = 137


def crashes(before: int, ran: float) -> int:
    """How many ends in a row this one is, after a run of so many seconds."""
    return 1 if ran > _FORGET_SECONDS else before + 1


def delay(crashes: int) -> float:
    """Seconds until the next start after so many ends in a row."""
    # The exponent is bounded, too: a program may end thousands of times.
    return 0.0 if crashes <= 1 else min(_LONGEST_SECONDS, 2.0 ** min(crashes - 2, 10))


def outcome(pod: Object, code: int | None) -> str:
    """The phase in which the pod ends, or empty when its container is started again."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if policy == "Never" or (policy == "OnFailure" and code == 0):
        return "Succeeded" if code == 0 else "Failed"
    return ""


def terminated(code: int | None, now: str) -> Object:
    """The state of a container whose program ended; a code that nobody knows counts as killed, as signals do."""
    exit_code = _KILLED if code is None else (code if code >= 0 else 128 - code)
    return {
        "terminated": {
            "exitCode": exit_code,
            "reason": "Completed" if code == 0 else "Error",
            "finishedAt": now,
        }
    }
