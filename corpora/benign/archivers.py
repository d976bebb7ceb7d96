"""Honest archives and compressed models, as archivers, joblib and PyTorch write them."""

from __future__ import annotations

from pathlib import Path

from corpora.case import MADE, Case, benign, made


def _joblib(method: str) -> bytes:
    import io

    import joblib
    import numpy as np

    out = io.BytesIO()
    joblib.dump({"weights": np.arange(200.0)}, out, compress=(method, 3))
    return out.getvalue()


def _without_checksums(folder: Path) -> Path:
    import torch
    from torch.serialization import set_crc32_options

    path = folder / "model.pt"
    set_crc32_options(False)
    try:
        torch.save({"weights": torch.arange(100.0)}, path)
    finally:
        set_crc32_options(True)
    return path


def cases() -> list[Case]:
    """One file an archiver and method; joblib's compressions; a checkpoint without checksums."""
    names = sorted(path.name for path in (MADE / "archivers").iterdir())
    found = [
        benign(
            f"benign-archiver-{n.replace('.', '-')}", f"as an archiver writes it: {n}", made(f"archivers/{n}")
        )
        for n in names
    ]
    for method in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):

        def build(folder: Path, method: str = method) -> Path:
            path = folder / f"model.joblib.{method}"
            path.write_bytes(_joblib(method))
            return path

        found.append(
            benign(f"benign-joblib-compress-{method}", f"joblib's file compressed with {method}", build)
        )
    text = "a checkpoint that PyTorch was told to save without checksums"
    return [*found, benign("benign-torch-without-checksums", text, _without_checksums)]
