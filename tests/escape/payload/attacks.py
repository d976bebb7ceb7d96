"""Attacks on the jail, run inside it. Each is harmless if it succeeds and says so by returning normally."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct

from quarantine.jail.protocol import Done, FactSeen

LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    def attempt():
        result = LIBC[name](*arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), name)
        return result

    return attempt


def write_to(path):
    return lambda: os.open(path, os.O_WRONLY | os.O_CREAT)


def execute(path, *, drop=None):
    def attempt():
        if drop:
            with open(path, "wb") as stream:
                stream.write(drop)
        os.execv(path, [path, "--version"])

    return attempt


def interpreter():
    os.execv(os.readlink("/proc/self/exe"), ["python", "-c", "pass"])


def hard_link():
    os.link("/code/quarantine/records.py", "/tmp/x")


def symlink_out():
    os.symlink("/etc/shadow", "/tmp/s")
    open("/tmp/s").read()


def climb_out():
    open("/proc/1/root/etc/hostname").read()


def io_inject():
    import fcntl

    fcntl.ioctl(0, 0x5412, b"x")


def input_fd(action):
    return lambda request: action(request.inputs[0].fd)


ATTACKS = {
    "read shadow": lambda: open("/etc/shadow").read(),
    "list root": lambda: os.listdir("/"),
    "list host home": lambda: os.listdir("/root"),
    "root of init": climb_out,
    "kcore": lambda: open("/proc/kcore", "rb").read(4),
    "memory of init": lambda: open("/proc/1/mem", "rb").read(4),
    "sysrq": write_to("/proc/sysrq-trigger"),
    "core pattern": write_to("/proc/sys/kernel/core_pattern"),
    "oom score": write_to("/proc/self/oom_score_adj"),
    "uid map": write_to("/proc/self/uid_map"),
    "write code": write_to("/code/quarantine/records.py"),
    "write root": write_to("/x"),
    "write dev": write_to("/dev/x"),
    "tty": write_to("/dev/tty"),
    "block device": lambda: os.mknod("/tmp/m", 0o60666, os.makedev(254, 0)),
    "fifo": lambda: os.mkfifo("/tmp/f"),
    "hard link": hard_link,
    "symlink out": symlink_out,
    "chmod": lambda: os.chmod("/tmp", 0o777),
    "chown": lambda: os.chown("/tmp", 0, 0),
    "utime": lambda: os.utime("/tmp"),
    "xattr": lambda: os.setxattr("/tmp", "user.x", b"1"),
    "tcp": lambda: socket.socket().connect(("127.0.0.1", 9)),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "unix": lambda: socket.socket(socket.AF_UNIX),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "socketpair": socket.socketpair,
    "shell": execute("/bin/sh"),
    "interpreter": interpreter,
    "dropped file": execute("/tmp/dropped", drop=b"#!/bin/sh\n"),
    "memfd": lambda: os.memfd_create("x"),
    "ptrace": call("ptrace", 16, 1, 0, 0),
    "process_vm_readv": call("process_vm_readv", 1, 0, 0, 0, 0, 0),
    "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "umount": call("umount2", b"/tmp", 2),
    "pivot_root": call("syscall", 155, b"/tmp", b"/tmp"),
    "chroot": lambda: os.chroot("/tmp"),
    "unshare user": call("unshare", 0x10000000),
    "clone user": call("syscall", 56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0),
    "clone3": call("syscall", 435, struct.pack("=11Q", 0x10000000, *[0] * 10), 88),
    "setns": call("setns", 0, 0),
    "bpf": call("syscall", 321, 0, 0, 0),
    "io_uring": call("syscall", 425, 8, 0),
    "keyctl": call("syscall", 250, 0, -3, 0),
    "perf": call("syscall", 298, 0, 0, -1, -1, 0),
    "userfaultfd": call("syscall", 323, 0),
    "by handle": call("syscall", 304, 0, 0, 0),
    "shmget": call("shmget", 0, 4096, 0o1600),
    "setuid": lambda: os.setuid(0),
    "raise limit": lambda: __import__("resource").setrlimit(0, (1 << 30, 1 << 30)),
    "inject input": io_inject,
    "kill parent namespace": lambda: os.kill(os.getppid() + 4_000_000, 0),
}
ON_INPUT = {
    "write input": lambda fd: os.write(fd, b"x"),
    "reopen input for writing": lambda fd: os.open(f"/proc/self/fd/{fd}", os.O_RDWR),
    "truncate input": lambda fd: os.truncate(f"/proc/self/fd/{fd}", 0),
    "chmod input": lambda fd: os.fchmod(fd, 0o777),
    "touch input": lambda fd: os.utime(fd),
}


def run(request, emit):
    for name in request.opinions:
        try:
            if name in ON_INPUT:
                ON_INPUT[name](request.inputs[0].fd)
            else:
                ATTACKS[name]()
        except (OSError, ValueError) as error:
            outcome = f"refused: {error}"
        else:
            outcome = "SUCCEEDED"
        emit(FactSeen(artifact="jail", name=name, value=outcome, analyzer="attack"))
    return Done()
