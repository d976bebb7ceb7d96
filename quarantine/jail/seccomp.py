"""The system calls that a jailed worker may not make, as BPF for bubblewrap's ``--seccomp``.

A deny list over the native architecture; any other architecture's calls (32-bit, x32) kill the worker. ``execve``
stays open because bubblewrap itself needs it once; Landlock closes it afterwards. (design.md, The jail.)
"""

from __future__ import annotations

import errno
import functools
import os
from pathlib import Path

from quarantine.errors import JailUnavailable

_FILTERS = Path(__file__).with_name("filters")
COMPILED = ("x86_64", "aarch64")
_PRIVILEGED = """syslog personality pivot_root acct settimeofday mount umount2 umount swapon swapoff reboot
sethostname setdomainname iopl ioperm init_module finit_module delete_module create_module quotactl quotactl_fd
lookup_dcookie clock_settime clock_settime64 clock_adjtime adjtimex kexec_load kexec_file_load chroot mknod mknodat
vhangup ustat uselib nfsservctl fanotify_init name_to_handle_at open_by_handle_at bpf open_tree move_mount fsopen
fsconfig fsmount fspick mount_setattr statmount listmount"""
_KERNEL_SURFACE = """unshare setns add_key request_key keyctl perf_event_open userfaultfd io_uring_setup
io_uring_enter io_uring_register vmsplice modify_ldt memfd_create memfd_secret lsm_set_self_attr mbind migrate_pages
move_pages set_mempolicy"""
_OTHER_PROCESSES = """ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_getfd
mq_open shmget shmat msgget semget execveat"""
_NETWORK = "socket socketpair connect bind listen accept accept4 socketcall"
# An input descriptor may belong to the user who runs the scan: the worker must not touch the file's metadata.
_METADATA = """chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat
setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat"""
_NAMESPACE_FLAGS = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
_TERMINAL_IOCTLS = (0x5412, 0x541C, 0x5423)  # TIOCSTI, TIOCLINUX, TIOCSETD
_F_SETLEASE = 1024  # with it the worker of a file's owner could hold up everybody who opens the file

DENIED = frozenset(" ".join((_PRIVILEGED, _KERNEL_SURFACE, _OTHER_PROCESSES, _NETWORK, _METADATA)).split())


@functools.cache
def filter_program(architecture: str | None = None) -> bytes:
    """The BPF program for this machine's architecture, or for another one by the kernel's name of it.

    Those in ``filters/`` are what :func:`compiled` makes; ``python -m quarantine.jail.seccomp`` writes them anew.

    Raises:
        JailUnavailable: there is none for the architecture, and libseccomp is not installed to make it.
    """
    name = architecture or os.uname().machine
    try:
        return (_FILTERS / f"{name}.bpf").read_bytes()
    except OSError:
        return compiled(architecture or "native")


def compiled(architecture: str) -> bytes:
    """The program as libseccomp compiles it, for an architecture by libseccomp's name of it.

    Raises:
        JailUnavailable: libseccomp is not installed.
    """
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError) as error:
        raise JailUnavailable(
            "libseccomp cannot be loaded", remedy="install it (Debian: apt install libseccomp2)"
        ) from error
    arch = getattr(pyseccomp.Arch, architecture.upper())
    program = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    if not program.exist_arch(arch):
        program.add_arch(arch)
        program.remove_arch(pyseccomp.Arch.NATIVE)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in sorted(DENIED):
        # Calls that this architecture or this libseccomp does not know have negative numbers.
        if _number(pyseccomp, arch, name) >= 0:
            program.add_rule(refuse, name)
    # clone3 keeps its flags behind a pointer; without it the C library falls back to clone.
    program.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for flag in _NAMESPACE_FLAGS:
        program.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in _TERMINAL_IOCTLS:
        program.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    program.add_rule(refuse, "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, _F_SETLEASE))
    import tempfile

    with tempfile.TemporaryFile() as stream:
        program.export_bpf(stream)
        stream.seek(0)
        return stream.read()


def _number(pyseccomp: object, arch: int, name: str) -> int:
    try:
        return int(pyseccomp.resolve_syscall(arch, name))  # type: ignore[attr-defined]
    except (OSError, ValueError):
        return -1


if __name__ == "__main__":
    for name in COMPILED:
        (_FILTERS / f"{name}.bpf").write_bytes(compiled(name))
