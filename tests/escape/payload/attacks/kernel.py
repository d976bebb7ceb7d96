"""Parts of the kernel that a worker has no business with."""

from __future__ import annotations

import os
import signal
import struct

from .attempt import Attack, call, raw

_NEW_USER = 0x10000000

ATTACKS: dict[str, Attack] = {
    "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": call("mount", b"none", b"/", None, 32, None),
    "umount": call("umount2", b"/tmp", 2),
    "fsopen": raw("fsopen", b"tmpfs", 0),
    "open_tree": raw("open_tree", -100, b"/tmp", 1),
    "mount_setattr": raw("mount_setattr", -100, b"/", 0, 0, 0),
    "pivot_root": raw("pivot_root", b"/tmp", b"/tmp"),
    "chroot": lambda: os.chroot("/tmp"),
    "unshare user": call("unshare", _NEW_USER),
    "unshare mount": call("unshare", 0x20000),
    "clone user": raw("clone", _NEW_USER | signal.SIGCHLD, 0, 0, 0, 0),
    "clone3": raw("clone3", struct.pack("=11Q", _NEW_USER, *[0] * 10), 88),
    "setns": call("setns", 0, 0),
    "bpf": raw("bpf", 0, 0, 0),
    "io_uring": raw("io_uring_setup", 8, 0),
    "keyctl": raw("keyctl", 0, -3, 0),
    "add_key": raw("add_key", b"user", b"x", b"y", 1, -3),
    "perf": raw("perf_event_open", 0, 0, -1, -1, 0),
    "userfaultfd": raw("userfaultfd", 0),
    "by handle": raw("open_by_handle_at", 0, 0, 0),
    "kernel log": raw("syslog", 3, 0, 0),
    "kernel module": raw("init_module", 0, 0, b""),
    "personality": call("personality", 0x0040000),
    "sethostname": call("sethostname", b"x", 1),
    "shmget": call("shmget", 0, 4096, 0o1600),
    "msgget": call("msgget", 0, 0o1600),
    "semget": call("semget", 0, 1, 0o1600),
    "mq_open": call("mq_open", b"/x", 0o102, 0o600, 0),
}
