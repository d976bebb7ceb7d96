"""modelscan's opinion on a file, with its default settings."""

from __future__ import annotations

from pathlib import Path


class ModelScanner:
    """Asks modelscan."""

    name = "modelscan"

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        """modelscan decides for itself; a format that it does not know has no issues for it."""
        return True

    def ask(self, path: Path) -> list[str]:
        """One sentence an issue; raises RuntimeError if modelscan reports an error of its own."""
        from modelscan.modelscan import ModelScan

        scan = ModelScan()
        scan.scan(path)
        issues = [
            f"{issue.severity.name}: {issue.details.module}.{issue.details.operator}"
            for issue in scan.issues.all_issues
        ]
        if scan.errors and not issues:
            raise RuntimeError(str(scan.errors[0])[:300])
        return issues
