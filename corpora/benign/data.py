"""Honest files of data libraries and of what lies beside models: each must pass."""

from __future__ import annotations

import io
import json
import pickle
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

from corpora.case import MADE, Case, benign, made, one_file

NEMO = """\
target: nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE
sample_rate: 16000
preprocessor:
  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor
  sample_rate: ${sample_rate}
encoder:
  _target_: nemo.collections.asr.modules.ConformerEncoder
  feat_in: 80
decoder: {_target_: nemo.collections.asr.modules.ConvASRDecoder, vocabulary: [a, b]}
"""
SPEECHBRAIN = """\
n_mels: 80
compute_features: !new:speechbrain.lobes.features.Fbank
  n_mels: !ref <n_mels>
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
  input_size: !ref <n_mels>
  activation: !name:torch.nn.ReLU
"""
_MADE = {
    "flax": ("flax_model.msgpack", "mixed.msgpack", "chunked.msgpack", "numpy.msgpack", "keys.msgpack",
             "array.msgpack"),
    "fasttext": ("classifier.bin", "pruned.ftz", "quantised.ftz", "vectors.bin"),
    "sentencepiece": ("bpe.model", "char.model", "bpe.vocab"),
    "tables": ("snappy.parquet", "indexed.parquet", "table.feather", "stream.arrow"),
    "orbax": ("ocdbt", "zarr", "v2.zarr", "v3.zarr"),
}  # fmt: skip


def database(value: bytes) -> bytes:
    """A SQLite database with an index, deleted rows, long rows, and one value."""
    base = sqlite3.connect(":memory:")
    base.execute("pragma page_size=1024")
    base.execute("create table runs(id integer primary key, name text, value blob)")
    base.execute("create index names on runs(name)")
    for row in range(50):
        base.execute(
            "insert into runs(name, value) values(?, ?)", ("run" * (row % 9), bytes([row]) * (row * 60))
        )
    base.execute("delete from runs where id % 4 = 0")
    base.execute("insert into runs(value) values(?)", (value,))
    return base.serialize()


def word2vec(end: bytes) -> bytes:
    """Vectors of three words; word2vec.c ends each with a line feed, gensim with nothing."""
    words = {"the": (0.5, -1.5), "größe": (1e-9, 2.0), "</s>": (0.0, 3.0)}
    entries = [word.encode() + b" " + struct.pack("<2f", *held) + end for word, held in words.items()]
    return b"3 2\n" + b"".join(entries)


def _core_ml_weights() -> bytes:
    """A weight file of coremltools before 8: the reserved bytes of its records hold what was in memory."""
    record = struct.pack("<IIQQ40s", 0xDEADBEEF, 2, 8, 128, bytes(range(200, 240)))
    return struct.pack("<II56x", 1, 2) + record + struct.pack("<2f", 0.5, -0.5) + bytes(56)


def cases() -> list[Case]:
    """One case a file, and some repositories."""
    found = [
        benign(f"benign-{library}-{file}".replace(".", "-").replace("_", "-"), f"{file} as {library} writes it",
               made(f"{library}/{file}"))
        for library, files in _MADE.items()
        for file in files
    ]  # fmt: skip
    found += [
        benign(f"benign-companion-{path.name}".replace(".", "-"), f"{path.name} beside a model",
               made(f"companions/{path.name}"))
        for path in sorted((MADE / "companions").iterdir())
    ]  # fmt: skip
    texts: dict[str, tuple[str, bytes]] = {
        "nemo-config": ("model_config.yaml", NEMO.encode()),
        "speechbrain-hyperparams": ("hyperparams.yaml", SPEECHBRAIN.encode()),
        "vocabulary-with-del": (
            "tokenizer.json",
            json.dumps({"vocab": {"a": 1}}).replace("a", "\x7f").encode(),
        ),
        "vocabulary-with-line-separators": (
            "vocab.txt",
            "[PAD]\n\u0085\n\u2028\n\u00ad\n##\ufffd\n".encode(),
        ),
        "table-in-latin-1": (
            "cities.csv",
            "Stadt;Größe\r\nKöln;405 km²\r\nDüsseldorf;217 km²\r\n".encode("latin-1"),
        ),
        "table-in-utf-16": ("cities.csv", "Stadt\tGröße\r\nKöln\t405 km²\r\n".encode("utf-16")),
        "errors-of-a-search": (
            "failed.pkl",
            pickle.dumps([ValueError("C must be positive"), KeyError("gamma")], 4),
        ),
        "data-kept-in-memory": (
            "cache.pkl",
            pickle.dumps({"page": io.BytesIO(b"0.5\n"), "log": io.StringIO("ok")}, 4),
        ),
        "vectors-of-word2vec": ("vectors.bin", word2vec(b"\n")),
        "vectors-of-gensim": ("vectors.kv.bin", word2vec(b"")),
        "weights-of-coremltools-7": ("weight.bin", _core_ml_weights()),
        "mlflow-database": ("mlflow.db", database(b"0.5")),
        "shelf": ("shelf.db", database(pickle.dumps({"weights": [0.5, 1.5]}))),
    }
    found += [
        benign(f"benign-{name}", name.replace("-", " "), one_file(file, lambda _f, c=content: c))  # type: ignore[misc]
        for name, (file, content) in texts.items()
    ]
    found.append(
        benign("benign-distributed-checkpoint", "torch.distributed.checkpoint's directory", _distributed)
    )
    return [
        *found,
        benign("benign-repository-with-pictures", "a model, its card and its companions", _repository),
    ]


def _distributed(folder: Path) -> Path:
    import torch
    from torch.distributed import checkpoint

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    state = {"model": net.state_dict(), "step": 3}
    checkpoint.save(state, checkpoint_id=str(folder / "checkpoint"), no_dist=True)
    return folder / "checkpoint"


def _repository(folder: Path) -> Path:
    import torch
    from safetensors.torch import save_file

    root = folder / "repository"
    root.mkdir()
    save_file({"w": torch.zeros(4, 4)}, root / "model.safetensors")
    texts: dict[str, str] = {
        "README.md": "---\nlicense: mit\ntags: [tiny]\n---\n# Tiny\n![plot](plot.png)\n",
        ".gitattributes": "*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
        ".gitignore": "*.log\n",
        "LICENSE": "MIT License\n",
        "config.json": "{}",
        "merges.txt": "#version: 0.2\n\u0120 t\nh e\n",
        "results.csv": "step,loss\n1,0.5\n",
        "labels.tsv": "0\tcat\n",
    }
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    copies: list[tuple[str, Callable[[Path], Path]]] = [
        ("plot.png", made("companions/plot.png")), ("paper.pdf", made("companions/plot.pdf")),
        ("sample.wav", made("companions/sound.wav")), ("spiece.model", made("sentencepiece/bpe.model")),
        ("flax_model.msgpack", made("flax/flax_model.msgpack")),
    ]  # fmt: skip
    for name, copy in copies:
        copy(root).rename(root / name)
    return root
