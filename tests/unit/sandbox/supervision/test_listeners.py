"""The kernel's table of sockets, read."""

from __future__ import annotations

from meshroll.sandbox.supervision.listeners import Listener, parse

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 00000000:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


def test_listeners_are_found_and_connections_are_not() -> None:
    assert parse(TCP) == {Listener("127.0.0.1", 8080), Listener("0.0.0.0", 9090)}  # noqa: S104


def test_addresses_of_the_sixth_version_are_read_and_mapped_ones_are_of_the_fourth() -> None:
    assert parse(TCP6) == {Listener("::", 8081), Listener("::1", 8082), Listener("127.0.0.1", 8083)}


def test_only_127_and_the_sixth_versions_1_are_loopback() -> None:
    addresses = ("127.17.0.1", "::1", "0.0.0.0", "::", "10.0.0.1")  # noqa: S104
    assert [Listener(address, 1).loopback for address in addresses] == [True, True, False, False, False]
