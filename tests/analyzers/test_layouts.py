"""Repositories: honest ones are silent; what leads a loader to code, elsewhere, or to programs is told."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign.layouts import REPOSITORIES
from corpora.malicious.layouts import REJECTED, REVIEWED, Files
from quarantine.analyzers.walk import Walk
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import Walked, walked


def tree(files: dict[str, bytes]) -> Walked:
    found = Walked()
    Walk(found.take).run([(name, BytesSource(content)) for name, content in files.items()])
    return found


def texts(files: Files) -> dict[str, bytes]:
    return {name: text.encode() for name, text in files.items()}


@pytest.mark.parametrize("files", REPOSITORIES.values(), ids=REPOSITORIES)
def test_honest_repositories_are_silent(files: Files) -> None:
    found = tree(texts(files))
    assert found.silent, found.rules


@pytest.mark.parametrize(
    ("files", "rule"), [*REJECTED.values(), *REVIEWED.values()], ids=[*REJECTED, *REVIEWED]
)
def test_hostile_repositories_are_told(files: Files, rule: str) -> None:
    assert rule in tree(texts(files)).rules


def test_code_that_auto_map_names_has_to_be_there() -> None:
    config = json.dumps({"auto_map": {"AutoModel": "modeling.Model"}}).encode()
    assert "config-code-missing" in tree({"m/config.json": config}).rules
    assert "config-code-missing" not in tree({"m/config.json": config, "m/modeling.py": b"x = 1\n"}).rules
    assert "config-code-missing" in tree({"m/config.json": config, "modeling.py": b"x = 1\n"}).rules


def _safetensors(*names: str) -> bytes:
    entries = {
        n: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, n in enumerate(names)
    }
    header = json.dumps(entries).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4 * len(names))


@pytest.mark.parametrize(("held", "told"), [(("a", "b"), False), (("a",), True), (("a", "b", "c"), True)])
def test_an_index_and_its_shards_name_the_same_tensors(held: tuple[str, ...], told: bool) -> None:
    shard = "model-00001-of-00001.safetensors"
    index = json.dumps({"metadata": {"total_size": 8}, "weight_map": {"a": shard, "b": shard}}).encode()
    found = tree({"model.safetensors.index.json": index, shard: _safetensors(*held)})
    assert ("index-tensors-differ" in found.rules) == told


@pytest.mark.parametrize(
    ("name", "head", "told"),
    [
        ("fat", b"\xca\xfe\xba\xbe" + struct.pack(">I", 2), True),
        ("class", b"\xca\xfe\xba\xbe\0\0\0\x41", True),
        ("neither", b"\xca\xfe\xba\xbe\xff\xff\xff\xff", False),
        ("wasm", b"\0asm\1\0\0\0", True),
        ("dex", b"dex\n035\0", True),
        ("archive", b"!<arch>\n" + bytes(8), True),
        ("pe far", b"MZ" + bytes(0x3A) + struct.pack("<I", 8192) + bytes(8192 - 64) + b"PE\0\0", True),
        ("text", b"MZ is a text", False),
    ],
)
def test_programs_are_told_by_more_than_a_magic(name: str, head: bytes, told: bool) -> None:
    assert ("format-executable" in walked("a.bin", head).rules) == told


def test_credentials_are_told_and_never_shown() -> None:
    key = "AKIA" + "Z7Q2W9RT4YB8N6LM"
    found = walked("config.json", json.dumps({"key": key}).encode())
    assert "text-secret" in found.rules
    assert key not in str(found.findings)


@pytest.mark.parametrize(
    "text",
    ["hf_" + "x" * 34, "https://user:password@example.com", "AKIAXXXXXXXXXXXXXXXX", "sha256 " + "ab" * 32],
)
def test_placeholders_and_digests_are_no_credentials(text: str) -> None:
    assert walked("README.md", text.encode()).silent


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*REJECTED.values(), *REVIEWED.values()]), st.integers(0, 400), st.text(max_size=4))
def test_no_change_of_a_description_crashes_its_reader(entry: tuple[Files, str], at: int, more: str) -> None:
    changed = {
        n: (t[: at % (len(t) + 1)] + more + t[at % (len(t) + 1) :]).encode("utf-8", "replace")
        for n, t in entry[0].items()
    }
    assert "analyzer-crashed" not in tree(changed).rules


@pytest.mark.parametrize(
    "document",
    [1, [], {}, None, "x", [1], [[]], {"a": []}, {"auto_map": [[1]]}, {"model": 1}, {"unet": [None]}],
)
@pytest.mark.parametrize(
    "name",
    [
        "modules.json",
        "model_index.json",
        "adapter_config.json",
        "config.json",
        "MLmodel",
        "config.pbtxt",
        "model-settings.json",
        "MAR-INF/MANIFEST.json",
        "bento.yaml",
        "model.safetensors.index.json",
    ],
)
def test_descriptions_of_other_shapes_crash_nobody(name: str, document: object) -> None:
    assert "analyzer-crashed" not in tree({name: json.dumps(document).encode()}).rules


@pytest.mark.parametrize("name", ["MLmodel", "model.yaml", "bento.yaml"])
@pytest.mark.parametrize(
    "text", ["[" * 200_000, "{a: " * 100_000, "- " * 100_000, "a: &a [*a]", "a: &a {b: *a}"]
)
def test_yaml_that_nests_without_end_ends_nobody(name: str, text: str) -> None:
    assert "analyzer-crashed" not in walked(name, text.encode()).rules
