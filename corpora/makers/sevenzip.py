"""Honest 7z archives of a tiny model, one a method.

Made with 7-Zip 26.02 (Debian's p7zip-full) and bsdtar 3.6.2: ``python -m corpora.makers.sevenzip``.
"""

from __future__ import annotations

import pickle
import shutil
import subprocess
import tempfile
from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "sevenzip"
METHODS = {
    "lzma2": [],
    "lzma": ["-m0=LZMA"],
    "bcj-lzma": ["-m0=BCJ", "-m1=LZMA"],
    "delta-lzma2": ["-m0=Delta:4", "-m1=LZMA2"],
    "bzip2": ["-m0=BZip2"],
    "deflate": ["-m0=Deflate"],
    "copy": ["-m0=Copy"],
    "not-solid": ["-ms=off"],
    "plain-header": ["-mhc=off"],
}


def main() -> None:
    """Write the archives."""
    MADE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "README.md").write_text("# Tiny\n\nA tiny model, in Größe S.\n")
        (folder / "model.pkl").write_bytes(pickle.dumps({"weights": [0.5, 1.5] * 200}, 4))
        (folder / "größe").mkdir()
        (folder / "größe" / "config.json").write_text('{"model_type": "tiny"}\n')
        (folder / "empty").mkdir()
        for method, options in METHODS.items():
            target = MADE / f"{method}.7z"
            target.unlink(missing_ok=True)
            _run("7z", "a", "-bso0", *options, str(target), ".", cwd=folder)
        _run(
            "bsdtar",
            "--format",
            "7zip",
            "-cf",
            str(MADE / "libarchive.7z"),
            "README.md",
            "model.pkl",
            cwd=folder,
        )


def _run(program: str, *arguments: str, cwd: Path) -> None:
    found = shutil.which(program)
    assert found, f"{program} is not installed"
    subprocess.run([found, *arguments], cwd=cwd, check=True)


if __name__ == "__main__":
    main()
