"""The filter's program, run by a small interpreter of classic BPF, for each architecture that is supported."""

from __future__ import annotations

import errno
import struct

import pyseccomp
import pytest

from quarantine.jail.seccomp import COMPILED, compiled, filter_program

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, REFUSE, NO_SUCH_CALL = 0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
REFUSED = [
    "socket",
    "connect",
    "bind",
    "ptrace",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "bpf",
    "io_uring_setup",
    "keyctl",
    "add_key",
    "perf_event_open",
    "userfaultfd",
    "memfd_create",
    "personality",
    "process_vm_readv",
    "execveat",
    "fchmod",
    "fchown",
    "open_by_handle_at",
    "init_module",
    "kexec_load",
    "syslog",
    "shmget",
    "msgget",
    "semget",
    "mq_open",
    "fsopen",
    "open_tree",
    "mount_setattr",
    "pidfd_getfd",
]
ALLOWED = ["read", "write", "openat", "mmap", "exit_group", "futex", "execve", "rt_sigaction", "wait4"]


def decide(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """What the kernel would answer to a call (Linux, Documentation/networking/filter.rst)."""
    data = struct.pack("=IIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    code = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, value = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x54:
                accumulator &= value
            case 0x05:
                at += value
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x25:
                at += if_true if accumulator > value else if_false
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x45:
                at += if_true if accumulator & value else if_false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"no such operation: {operation:#x}")


@pytest.fixture(params=AUDIT)
def arch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def number(arch: str, name: str) -> int:
    return int(pyseccomp.resolve_syscall(getattr(pyseccomp.Arch, arch.upper()), name))


@pytest.mark.parametrize("name", REFUSED)
def test_dangerous_call_is_refused(arch: str, name: str) -> None:
    assert decide(filter_program(arch), AUDIT[arch], number(arch, name)) == REFUSE


@pytest.mark.parametrize("name", ALLOWED)
def test_ordinary_call_is_allowed(arch: str, name: str) -> None:
    assert decide(filter_program(arch), AUDIT[arch], number(arch, name)) == ALLOW


def test_clone_may_make_threads_and_no_namespaces(arch: str) -> None:
    program, clone = filter_program(arch), number(arch, "clone")
    assert decide(program, AUDIT[arch], clone, 0x3D0F00) == ALLOW
    for flag in (0x20000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(program, AUDIT[arch], clone, flag | 17) == REFUSE
    assert decide(program, AUDIT[arch], number(arch, "clone3")) == NO_SUCH_CALL


def test_terminal_input_and_leases_are_refused_whatever_the_upper_half_says(arch: str) -> None:
    program = filter_program(arch)
    for upper in (0, 1 << 32):
        assert decide(program, AUDIT[arch], number(arch, "ioctl"), 0, upper | 0x5412) == REFUSE
        assert decide(program, AUDIT[arch], number(arch, "fcntl"), 0, upper | 1024) == REFUSE
    assert decide(program, AUDIT[arch], number(arch, "ioctl"), 0, 0x5401) == ALLOW


def test_calls_of_another_architecture_kill(arch: str) -> None:
    program = filter_program(arch)
    for foreign in {*AUDIT.values(), 0x40000003} - {AUDIT[arch]}:
        assert decide(program, foreign, 0) in {0, 0x80000000}
    if arch == "x86_64":  # x32 is the same architecture with bit 30 set
        assert decide(program, AUDIT[arch], 0x40000000 | number(arch, "read")) in {0, 0x80000000}


def test_native_program_is_one_of_them() -> None:
    assert filter_program() in {filter_program(arch) for arch in AUDIT}


def test_the_committed_programs_are_what_libseccomp_compiles(arch: str) -> None:
    assert arch in COMPILED
    assert filter_program(arch) == compiled(arch), "run: python -m quarantine.jail.seccomp"
