"""What listens is what the README's table says, and on loopback unless the table says otherwise."""

from __future__ import annotations

from meshroll.sandbox import Sandbox
from meshroll.sandbox.topology.exposure import EXPOSED

PODS = ("gateway", "runner")  # they listen where objects of the clusters say


def test_every_listener_is_in_the_table_and_no_wider_than_it_says(sandbox: Sandbox) -> None:
    found = sandbox.listeners()
    assert [each for each in found if each.exposure is None or each.exposure.reach != each.reach] == []
    assert {each.exposure for each in found if each.exposure and each.exposure.use} == {
        row for row in EXPOSED if row.part not in PODS
    }


def test_a_gateway_is_administrated_by_its_user_alone(sandbox: Sandbox) -> None:
    socket = sandbox.home.run("worker-1.envoy.sock").stat()
    assert (oct(socket.st_mode & 0o777), socket.st_uid) == ("0o600", sandbox.home.path.stat().st_uid)
