"""What the scanners are given: files and trees of the kinds that people hand in.

Contents are the same in each run. Large weights repeat one random block: it costs what other bytes would.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from corpora import catalogue
from corpora import opcodes as op

CHUNK = random.Random(0).randbytes(1 << 24)
SMALL = ("benign-pickle-dict-protocol-4", "benign-torch-state-dict", "benign-sklearn-pipeline-pickle")


@dataclass(frozen=True)
class Scale:
    """How large everything is; the full scale is what the published figures are about, the other tries the code."""

    files: int
    large_bytes: int
    shard_bytes: int
    vocabulary: int
    opcodes: int
    giant_shards: int
    giant_bytes: int
    giant_tensors: int


FULL = Scale(1000, 2_000_000_000, 100_000_000, 60_000, 4_000_000, 150, 800_000_000_000, 120_000)
TINY = Scale(20, 4_000_000, 200_000, 100, 2_000, 3, 30_000_000, 30)


@dataclass(frozen=True)
class Subject:
    """One thing to scan. ``rival`` is a yardstick beside the scanners: sha256sum or pickletools.genops."""

    name: str
    what: str
    build: Callable[[Path, Scale], Path]
    rival: str = ""
    with_opinions: bool = False


def subjects(giant: bool) -> list[Subject]:
    """All of them, cheapest first."""
    every = [
        *(Subject(name, "one small file", _from_corpus(name), with_opinions=True) for name in SMALL),
        Subject("tree-1000", "a folder of 1,000 small pickles", _tree),
        Subject("hugging-face", "a repository with three shards of 100 MB", _repository),
        Subject("opcodes-4m", "a pickle of 4 million opcodes", _long_pickle, "genops"),
        Subject("safetensors-2gb", "one safetensors file of 2 GB", _safetensors, "sha256sum"),
        Subject("torch-2gb", "one PyTorch archive of 2 GB", _torch, "sha256sum"),
    ]
    what = "150 safetensors shards of 800 GB with 120,000 tensors; holes, which take no disk"
    return [*every, *([Subject("giant-800gb", what, _giant, "sha256sum")] if giant else [])]


def _from_corpus(name: str) -> Callable[[Path, Scale], Path]:
    def build(folder: Path, _: Scale) -> Path:
        (case,) = (case for case in catalogue.all_cases() if case.id == name)
        return case.build(folder)

    return build


def _tree(folder: Path, scale: Scale) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    for number in range(scale.files):
        stream = op.stream(op.EMPTY_LIST + op.small(number % 256) + op.APPEND)
        (tree / f"{number:04}.pkl").write_bytes(stream)
    return tree


def _long_pickle(folder: Path, scale: Scale) -> Path:
    path = folder / "long.pkl"
    path.write_bytes(op.stream(op.EMPTY_LIST + (op.small(1) + op.APPEND) * (scale.opcodes // 2)))
    return path


def _safetensors(folder: Path, scale: Scale) -> Path:
    path = folder / "model.safetensors"
    _write_shard(path, {"weight": scale.large_bytes})
    return path


def _repository(folder: Path, scale: Scale) -> Path:
    """What `save_pretrained` and a model card leave in a folder."""
    tree = folder / "repository"
    tree.mkdir()
    weights: dict[str, str] = {}
    for number in range(1, 4):
        name, layer = f"model-{number:05}-of-00003.safetensors", f"model.layers.{number}.weight"
        _write_shard(tree / name, {layer: scale.shard_bytes})
        weights[layer] = name
    config = {
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 4096,
        "model_type": "llama",
        "num_hidden_layers": 3,
    }
    vocabulary = {f"token{number}": number for number in range(scale.vocabulary)}
    merges = [f"to ken{number}" for number in range(scale.vocabulary // 2)]
    model = {"type": "BPE", "dropout": None, "unk_token": None, "vocab": vocabulary, "merges": merges}
    template = "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{% endfor %}"
    documents = {
        "config.json": config,
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2, "temperature": 0.6},
        "model.safetensors.index.json": {
            "metadata": {"total_size": 3 * scale.shard_bytes},
            "weight_map": weights,
        },
        "special_tokens_map.json": {"bos_token": "<s>", "eos_token": "</s>"},
        "tokenizer.json": {"version": "1.0", "added_tokens": [], "model": model},
        "tokenizer_config.json": {"chat_template": template, "tokenizer_class": "LlamaTokenizer"},
    }
    for name, document in documents.items():
        (tree / name).write_text(json.dumps(document))
    (tree / "README.md").write_text(
        "---\nlicense: apache-2.0\n---\n# A model\n" + "It answers questions.\n" * 200
    )
    (tree / "chat_template.jinja").write_text(template)
    return tree


def _giant(folder: Path, scale: Scale) -> Path:
    tree = folder / "giant"
    tree.mkdir()
    weights: dict[str, str] = {}
    each, size = scale.giant_tensors // scale.giant_shards, scale.giant_bytes // scale.giant_tensors
    for number in range(1, scale.giant_shards + 1):
        name = f"model-{number:05}-of-{scale.giant_shards:05}.safetensors"
        tensors = {f"model.layers.{number}.experts.{part}.weight": size for part in range(each)}
        weights |= dict.fromkeys(tensors, name)
        with (tree / name).open("wb") as out:
            out.write(_header(tensors))
            out.truncate(out.tell() + sum(tensors.values()))
    index = {"metadata": {"total_size": scale.giant_bytes}, "weight_map": weights}
    (tree / "model.safetensors.index.json").write_text(json.dumps(index))
    return tree


def _header(tensors: dict[str, int]) -> bytes:
    """The beginning of a safetensors file, padded to 8 bytes as its library does."""
    entries, offset = {}, 0
    for name, size in tensors.items():
        entries[name] = {"dtype": "U8", "shape": [size], "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _write_shard(path: Path, tensors: dict[str, int]) -> None:
    with path.open("wb") as out:
        out.write(_header(tensors))
        for chunk in _chunks(sum(tensors.values())):
            out.write(chunk)


def _chunks(size: int) -> Iterator[bytes]:
    for start in range(0, size, len(CHUNK)):
        yield CHUNK[: size - start]


def _torch(folder: Path, scale: Scale) -> Path:
    """A state dictionary of one tensor, written by PyTorch itself."""
    import torch

    path = folder / "model.pt"
    torch.manual_seed(0)
    torch.save({"weight": torch.rand(scale.large_bytes // 4)}, path)
    return path
