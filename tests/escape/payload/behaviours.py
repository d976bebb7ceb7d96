"""Workers that behave in one way each, chosen by ``Request.opinions[0]``."""

from __future__ import annotations

import os
import signal
import time

from quarantine.jail.protocol import Done, FactSeen, Progress


def fact(name, value):
    return FactSeen(artifact="jail", name=name, value=value, analyzer="behaviour")


def run(request, emit):
    how = request.opinions[0]
    out = max(fd for fd in range(3, 64) if os.path.lexists(f"/proc/self/fd/{fd}") and _is_pipe(fd))
    if how == "sleep":
        time.sleep(60)
    elif how == "spin":
        while True:
            pass
    elif how == "stubborn spin":
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass
    elif how == "memory":
        held = []
        while True:
            held.append(b"\x01" * (8 << 20))
    elif how == "forks":
        while True:
            os.fork()
    elif how == "disk":
        with open("/tmp/big", "wb") as stream:
            while True:
                stream.write(bytes(1 << 20))
    elif how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif how == "quiet end":
        os._exit(0)
    elif how == "garbage":
        emit(fact("before", "kept"))
        os.write(out, b"not json\n")
        emit(fact("after", "dropped"))
    elif how == "after done":
        emit(Done())
    elif how == "half line":
        emit(Done())
        os.write(out, b'{"type"')
        os._exit(0)
    elif how == "long line":
        os.write(out, b"x" * (300 << 10) + b"\n")
    elif how == "endless line":
        while True:
            os.write(out, b"x" * (1 << 16))
    elif how == "fake message":
        os.write(out, b'{"type":"verdict","decision":"pass"}\n')
    elif how == "finding with more":
        os.write(out, b'{"type":"finding","rule":"r","artifact":"a","analyzer":"x","severity":"info"}\n')
    elif how == "flood after done":
        emit(Done())
        while True:
            os.write(out, b"\n" * (1 << 16))
    elif how == "hang after done":
        emit(Done())
        time.sleep(60)
    elif how == "closed channel":
        os.close(out)
    elif how == "silent hang with closed channel":
        for fd in (out, 1, 2):
            os.close(fd)
        time.sleep(60)
    elif how == "zombies":
        for _ in range(8):
            os.fork() or os._exit(0)
        time.sleep(0.1)
    elif how == "kill everybody":
        os.kill(-1, signal.SIGKILL)
    elif how == "stop everybody":
        os.kill(-1, signal.SIGSTOP)
    elif how == "stop itself":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif how == "second message from a child":
        if not os.fork():
            emit(Done())
            os._exit(0)
        os.wait()
    elif how == "stderr flood":
        while True:
            os.write(2, bytes(1 << 16))
    elif how == "inodes":
        for number in range(1 << 20):
            os.close(os.open(f"/tmp/{number}", os.O_CREAT | os.O_WRONLY))
    elif how == "shared memory":
        with open("/dev/shm/big", "wb") as stream:
            while True:
                stream.write(bytes(1 << 20))
    elif how == "flood":
        while True:
            os.write(1, bytes(1 << 16))
    elif how == "messages":
        while True:
            emit(fact("again", "x" * 1000))
    elif how == "daemon":
        if not os.fork():
            os.setsid()
            time.sleep(60)
        os._exit(0)
    elif how == "progress":
        emit(Progress(done=1, total=2))
    elif how == "read":
        fd = request.inputs[0].fd
        with open(f"/proc/self/fd/{fd}", "rb") as stream:
            emit(fact("reopened", stream.read().decode()))
        emit(fact("positioned", os.pread(fd, 100, 0).decode()))
    elif how == "stderr":
        os.write(2, b"\x1b[31mred\n")
    elif how == "descriptors":
        names = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if _open(n)]
        emit(fact("open", "|".join(names)))
    return Done()


def _is_pipe(fd):
    return os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")


def _open(name):
    return os.path.lexists(f"/proc/self/fd/{name}")
