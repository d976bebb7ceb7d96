"""Read intake cards and inbox configuration: small TOML files, strict about every key.

A card is what the person who hands the model in declares. It cannot set the tier, the registry or promotion;
those come from the inbox's own configuration, which only the service's user or root may write.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from quarantine.errors import BadInput
from quarantine.printable import printable
from quarantine.records import IntakeCard, Record, Tier

CARD_LIMIT_BYTES = 64 * 1024
CONFIG_NAME = ".quarantine-inbox.toml"
_Kind = TypeVar("_Kind", bound=Record)


class InboxConfig(Record, frozen=True, kw_only=True):
    """What the organisation decides for all drops of one inbox. ``quiet_s`` is in seconds."""

    tier: Tier = Tier.STANDARD
    owner: str | None = None
    auto_promote: bool = False
    registry: str | None = None
    quiet_s: float = 2.0


def parse_card(content: bytes, source: str) -> IntakeCard:
    """The card in ``content``; ``source`` names the file in errors.

    Raises:
        BadInput: too large, no TOML, an unknown key or a wrong value; the message names the key and line.
    """
    return _parse(content, source, IntakeCard)


def read_card_file(path: Path) -> IntakeCard:
    """The card in a file that is no link.

    Raises:
        BadInput: it cannot be read, or as for ``parse_card``.
    """
    return parse_card(_read(path), str(path))


def read_inbox_config(inbox: Path) -> InboxConfig:
    """The inbox's configuration, or the defaults if it has none.

    Raises:
        BadInput: it cannot be used, or others than the service's user and root could have written it.
    """
    path = inbox / CONFIG_NAME
    try:
        status = path.lstat()
    except FileNotFoundError:
        return InboxConfig()
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise BadInput(
            f"{path} can be written by others than the service's user",
            remedy=f"make the service's user its owner and run `chmod 644 {path}`",
        )
    return _parse(_read(path), str(path), InboxConfig)


def _read(path: Path) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise BadInput(f"{path} is no file", remedy="put a plain file there")
            return file.read(CARD_LIMIT_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", remedy="make it a readable file") from error


def _parse(content: bytes, source: str, kind: type[_Kind]) -> _Kind:
    where = printable(source, 1024)
    if len(content) > CARD_LIMIT_BYTES:
        raise BadInput(f"{where} is over {CARD_LIMIT_BYTES:,} bytes", remedy="shorten it")
    try:
        text = content.decode("utf-8")
        return msgspec.convert(tomllib.loads(text), kind, strict=True)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"{where} is no TOML: {printable(str(error), 512)}", remedy="correct it") from error
    except msgspec.ValidationError as error:
        message = str(error)
        named = re.search(r"unknown field `([^`]*)`|`\$\.([^`.\[]*)", message)
        key = next((group for group in named.groups() if group), "") if named else ""
        line = _line_of(text, key)
        raise BadInput(
            f"{where}{f', line {line}' if line else ''}: {printable(message, 512)}",
            remedy=f"known keys are {', '.join(kind.__struct_fields__)}",
        ) from error


def _line_of(text: str, key: str) -> int | None:
    pattern = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((n for n, line in enumerate(text.splitlines(), 1) if key and pattern.match(line)), None)
