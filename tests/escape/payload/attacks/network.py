"""Ways to the network, all of them aimed at loopback or at nothing."""

from __future__ import annotations

import socket
from pathlib import Path

from .attempt import Attack, absent


def _interfaces() -> None:
    rows = Path("/proc/net/dev").read_text().splitlines()[2:]
    addressed = Path("/proc/net/fib_trie").read_text() if Path("/proc/net/fib_trie").exists() else ""
    seen = [row.split(":")[0].strip() for row in rows]
    absent([name for name in seen if name.startswith(("eth", "en", "wl", "veth", "docker"))])
    absent([addressed])


ATTACKS: dict[str, Attack] = {
    "tcp": lambda: socket.socket().connect(("127.0.0.1", 9)),
    "tcp v6": lambda: socket.socket(socket.AF_INET6).connect(("::1", 9)),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "udp v6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "unix": lambda: socket.socket(socket.AF_UNIX),
    "abstract unix": lambda: socket.socket(socket.AF_UNIX).connect("\0quarantine-escape"),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "vsock": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    "kernel crypto": lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
    "socketpair": socket.socketpair,
    "resolve": lambda: socket.getaddrinfo("localhost", 9, type=socket.SOCK_STREAM) and socket.socket(),
    "interfaces of the host": _interfaces,
}
