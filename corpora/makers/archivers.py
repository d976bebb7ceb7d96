"""Honest archives and compressed files of a tiny model, as the usual programs write them.

Made with Info-ZIP zip 3.0, 7-Zip 26.02, bsdtar 3.6.2 (libarchive), OpenJDK 17's jar, GNU tar 1.34, zstd and
pzstd 1.5.4, lz4 1.9.4, lzip 1.23, gzip 1.12 (Debian 12): ``python -m corpora.makers.archivers``.
"""

from __future__ import annotations

import pickle
import shutil
import subprocess
import tempfile
from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "archivers"
COMMANDS: dict[str, list[str]] = {
    "info-zip.zip": ["zip", "-qr", "OUT", "."],
    "info-zip-stored.zip": ["zip", "-qr0", "OUT", "."],
    "info-zip-bzip2.zip": ["zip", "-qr", "-Z", "bzip2", "OUT", "."],
    "7z.zip": ["7z", "a", "-bso0", "OUT", "."],
    "7z-lzma.zip": ["7z", "a", "-bso0", "-mm=LZMA", "OUT", "."],
    "7z-xz.zip": ["7z", "a", "-bso0", "-mm=xz", "OUT", "."],
    "libarchive.zip": ["bsdtar", "-a", "-cf", "OUT", "."],
    "jar.zip": ["jar", "cfM", "OUT", "."],
    "gnu.tar": ["tar", "--format=gnu", "-cf", "OUT", "."],
    "gnu-v7.tar": ["tar", "--format=v7", "-cf", "OUT", "."],
    "gnu-oldgnu.tar": ["tar", "--format=oldgnu", "-cf", "OUT", "."],
    "gnu-posix.tar": ["tar", "--format=posix", "-cf", "OUT", "."],
    "libarchive.tar": ["bsdtar", "-cf", "OUT", "."],
    "7z.tar": ["7z", "a", "-bso0", "OUT", "."],
    "gzip.tar.gz": ["tar", "-czf", "OUT", "."],
    "zstd.tar.zst": ["tar", "--zstd", "-cf", "OUT", "."],
    "lzip.tar.lz": ["tar", "--lzip", "-cf", "OUT", "."],
    "zstd-long.zst": ["zstd", "-q", "--ultra", "-22", "--long=27", "model.pkl", "-o", "OUT"],
    "pzstd.zst": ["pzstd", "-q", "-p", "2", "model.pkl", "-o", "OUT"],
    "lz4.lz4": ["lz4", "-q", "-BX", "--content-size", "model.pkl", "OUT"],
    "lz4-small-blocks.lz4": ["lz4", "-q", "-B4", "-BD", "model.pkl", "OUT"],
}


def main() -> None:
    """Write the files."""
    MADE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "README.md").write_text("# Tiny\n\nA tiny model, in Größe S.\n")
        (folder / "model.pkl").write_bytes(pickle.dumps({"weights": [0.5, 1.5] * 50}, 4))
        (folder / "größe").mkdir()
        (folder / "größe" / "config.json").write_text('{"model_type": "tiny"}\n')
        (folder / "empty").mkdir()
        for output, command in COMMANDS.items():
            target = MADE / output
            target.unlink(missing_ok=True)
            program = shutil.which(command[0])
            assert program, f"{command[0]} is not installed"
            rest = [str(target) if word == "OUT" else word for word in command[1:]]
            subprocess.run([program, *rest], cwd=folder, check=True)


if __name__ == "__main__":
    main()
