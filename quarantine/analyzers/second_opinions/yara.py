"""The opinion of YARA rules: each ``.yar`` file under ``rules/yara``, compiled together; includes are refused."""

from __future__ import annotations

from pathlib import Path

from quarantine.resources import resource_dir

TIMEOUT_S = 60


class Yara:
    """Matches the YARA rules of one folder."""

    name = "yara"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or resource_dir("rules") / "yara"

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        """A rule says itself what it is about."""
        return True

    def ask(self, path: Path) -> list[str]:
        """The name of each rule that matches; raises RuntimeError if there are no rules."""
        import yara

        files = {file.stem: str(file) for file in sorted(self._folder.glob("*.yar"))}
        if not files:
            raise RuntimeError(f"{self._folder} holds no .yar files")
        rules = yara.compile(filepaths=files, includes=False)
        return [f"{match.namespace}: {match.rule}" for match in rules.match(str(path), timeout=TIMEOUT_S)]
