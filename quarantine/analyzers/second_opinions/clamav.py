"""ClamAV's opinion, by libclamav itself: a jailed worker can start no program. (libclamav's clamav.h, version 1.x)

The signatures are those that freshclam keeps in ``/var/lib/clamav``. Bytecode signatures are left out, because they
would be compiled to native code at run time.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

SIGNATURES = Path("/var/lib/clamav")
LIBRARIES = ("libclamav.so.12", "libclamav.so.11")
_STANDARD = 0x2 | 0x8  # CL_DB_PHISHING, CL_DB_PHISHING_URLS
_CLEAN, _VIRUS = 0, 1


class _Options(ctypes.Structure):
    _fields_ = (
        ("general", ctypes.c_uint32),
        ("parse", ctypes.c_uint32),
        ("heuristic", ctypes.c_uint32),
        ("mail", ctypes.c_uint32),
        ("dev", ctypes.c_uint32),
    )


class ClamAv:
    """Asks libclamav, with the signatures of one folder."""

    name = "clamav"

    def __init__(self, signatures: Path = SIGNATURES) -> None:
        self._signatures = signatures
        self._engine: ctypes.c_void_p | None = None

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        """ClamAV reads whatever it is given."""
        return True

    def ask(self, path: Path) -> list[str]:
        """The name of the signature that matches; raises RuntimeError without the library or its signatures."""
        library = _library()
        if self._engine is None:
            self._engine = self._loaded(library)
        name, scanned = ctypes.c_char_p(), ctypes.c_ulong()
        options = _Options(parse=0xFFFFFFFF)
        status = library.cl_scanfile(
            str(path).encode(),
            ctypes.byref(name),
            ctypes.byref(scanned),
            self._engine,
            ctypes.byref(options),
        )
        if status == _VIRUS:
            return [(name.value or b"unnamed").decode("utf-8", "replace")]
        _check(library, status)
        return []

    def _loaded(self, library: ctypes.CDLL) -> ctypes.c_void_p:
        _check(library, library.cl_init(0))
        engine, count = ctypes.c_void_p(library.cl_engine_new()), ctypes.c_uint()
        path = str(self._signatures).encode()
        _check(library, library.cl_load(path, engine, ctypes.byref(count), _STANDARD))
        if not count.value:
            raise RuntimeError(f"{self._signatures} holds no signatures; run freshclam")
        _check(library, library.cl_engine_compile(engine))
        return engine


def _library() -> ctypes.CDLL:
    for name in LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.cl_engine_new.restype = ctypes.c_void_p
        library.cl_strerror.restype = ctypes.c_char_p
        return library
    raise RuntimeError("libclamav is not installed (Debian: apt install libclamav12)")


def _check(library: ctypes.CDLL, status: int) -> None:
    if status != _CLEAN:
        raise RuntimeError(f"ClamAV: {library.cl_strerror(status).decode('utf-8', 'replace')}")
