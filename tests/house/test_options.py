# SPDX-License-Identifier: MIT
"""The option table against Python's socket module, and against numbers written down here."""
import socket

import pytest
from conftest import BUILD, out

# Values that options take, and sizes; no options themselves.
NO_OPTIONS = {"IP_DEFAULT_MULTICAST_LOOP", "IP_DEFAULT_MULTICAST_TTL", "IP_MAX_MEMBERSHIPS",
              "IPV6_RTHDR_TYPE_0"}
PREFIXES = ("SO_", "IP_", "IPV6_", "TCP_", "UDP_", "UDPLITE_")
PYTHON = sorted(name for name in dir(socket)
                if name.startswith(PREFIXES) and name not in NO_OPTIONS)

SOCKET, IP, IPV6, TCP, UDP = 1, 0, 41, 6, 17
# What Python 3.11 lacks: level and number, from the kernel's headers on x86 and ARM.
NEWER = {
    "UDP_SEGMENT": (UDP, 103), "UDP_GRO": (UDP, 104), "SO_ZEROCOPY": (SOCKET, 60),
    "SO_TIMESTAMP": (SOCKET, 29), "SO_TIMESTAMPNS": (SOCKET, 35), "SO_TIMESTAMPING": (SOCKET, 37),
    "SO_BUSY_POLL": (SOCKET, 46), "SO_MAX_PACING_RATE": (SOCKET, 47), "TCP_ULP": (TCP, 31),
    "IP_PKTINFO": (IP, 8), "IP_RECVERR": (IP, 11), "IPV6_RECVERR": (IPV6, 25),
    "IP_FREEBIND": (IP, 15), "SO_ORIGINAL_DST": (IP, 80), "IP6T_SO_ORIGINAL_DST": (IPV6, 80),
    "SO_COOKIE": (SOCKET, 57), "IP_LOCAL_PORT_RANGE": (IP, 51), "TCP_FASTOPEN_CONNECT": (TCP, 30),
    "TCP_INQ": (TCP, 36), "TCP_SAVED_SYN": (TCP, 28), "IP_MTU_DISCOVER": (IP, 10),
    "IP_RECVTTL": (IP, 12), "SO_PREFER_BUSY_POLL": (SOCKET, 69), "SO_RXQ_OVFL": (SOCKET, 40),
    "SO_PASSPIDFD": (SOCKET, 76), "SO_RCVPRIORITY": (SOCKET, 82), "SO_PASSRIGHTS": (SOCKET, 83),
    "TCP_RTO_MAX_MS": (TCP, 44), "TCP_DELACK_MAX_US": (TCP, 46),
}


def level_of(constant):
    """The level that Python's own documentation and examples use a constant with."""
    if constant.startswith("SO_VM_SOCKETS_"):
        return socket.AF_VSOCK
    if constant.startswith("SO_J1939_"):
        return 100 + socket.CAN_J1939
    return {"SO": socket.SOL_SOCKET, "IP": socket.IPPROTO_IP, "IPV6": socket.IPPROTO_IPV6,
            "TCP": socket.IPPROTO_TCP, "UDPLITE": socket.IPPROTO_UDPLITE}[constant.split("_")[0]]


@pytest.fixture(scope="module")
def table():
    rows = [line.split() for line in out(BUILD / "tests/house/option-list").splitlines()]
    return {constant: (name, int(level), int(number), kind)
            for name, constant, level, number, kind in rows}


def test_names_and_constants_occur_once(table):
    lines = out(BUILD / "tests/house/option-list").splitlines()
    assert len(table) == len(lines) == len({row[0] for row in table.values()})


@pytest.mark.parametrize("constant", PYTHON)
def test_a_constant_of_python_is_in_the_table(constant, table):
    _, level, number, _ = table[constant]
    assert (level, number) == (level_of(constant), getattr(socket, constant))


@pytest.mark.parametrize("constant", sorted(NEWER))
def test_a_newer_constant_is_in_the_table(constant, table):
    assert table[constant][1:3] == NEWER[constant]
