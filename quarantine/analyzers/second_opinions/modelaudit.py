"""modelaudit's opinion. It is asked with its telemetry off, which no jail would let out anyway."""

from __future__ import annotations

import os
from pathlib import Path


class ModelAudit:
    """Asks modelaudit."""

    name = "modelaudit"

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        """modelaudit decides for itself."""
        return True

    def ask(self, path: Path) -> list[str]:
        """One sentence an issue of warning or worse."""
        os.environ["PROMPTFOO_DISABLE_TELEMETRY"] = "1"
        from modelaudit.core import scan_model_directory_or_file

        result = scan_model_directory_or_file(str(path), cache_enabled=False)
        return [
            f"{issue.severity.value}: {issue.message}"
            for issue in result.issues
            if issue.severity.value in ("warning", "critical")
        ]
