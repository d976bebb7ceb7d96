"""picklescan's opinion: names that it holds to be dangerous or suspicious, in pickles and in archives."""

from __future__ import annotations

from pathlib import Path


class PickleScan:
    """Asks picklescan."""

    name = "picklescan"

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        """picklescan decides for itself by suffix and magic."""
        return True

    def ask(self, path: Path) -> list[str]:
        """One sentence a name that is not innocuous; raises RuntimeError if picklescan could not read the file."""
        from picklescan.scanner import SafetyLevel, scan_file_path

        result = scan_file_path(str(path))
        issues = [
            f"{found.safety.value}: {found.module}.{found.name}"
            for found in result.globals
            if found.safety is not SafetyLevel.Innocuous
        ]
        if result.scan_err and not issues:
            raise RuntimeError("picklescan could not read the file")
        return issues
