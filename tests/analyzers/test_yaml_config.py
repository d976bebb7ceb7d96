"""YAML configurations: classes of frameworks pass, calls and spellings of them that a text search misses do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analyzers.walking import walked

NEMO = """\
target: nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE
sample_rate: &rate 16000
preprocessor:
  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor
  sample_rate: ${sample_rate}
  home: ${oc.env:HOME}
encoder:
  _target_: nemo.collections.asr.modules.ConformerEncoder
  rate: *rate
optim: {name: adamw, lr: 1e-3}
"""
SPEECHBRAIN = """\
n_mels: 80
compute_features: !new:speechbrain.lobes.features.Fbank
  n_mels: !ref <n_mels>
embedding: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
  activation: !name:torch.nn.ReLU
shape: !tuple (1, 2)
"""
DIFFUSION = """\
model:
  target: ldm.models.diffusion.ddpm.LatentDiffusion
  params:
    unet_config: {target: ldm.modules.diffusionmodules.openaimodel.UNetModel, params: {image_size: 32}}
"""


@pytest.mark.parametrize(
    "text", [NEMO, SPEECHBRAIN, DIFFUSION, "a: 1\n---\nb: ${VAR:-default}\n", "target: cpu\n", ""]
)
def test_honest_configurations_pass(text: str) -> None:
    assert walked("a/model_config.yaml", (text + "\n").encode()).silent


@pytest.mark.parametrize(
    "text",
    [
        "_target_: os.system\ncommand: id",
        "a: [{b: {_target_: builtins.eval, _args_: ['1']}}]",
        "a: &x {_target_: subprocess.run}\nb: {<<: *x}",
        "? !!str '_target_'\n: posix.system",
        '"\\x5ftarget_": os.system',
        "a: {_target_: '${b}'}\nb: os.system",
        "_target_: numpy.os.system",
        "target: os.system",
        "m: {target: subprocess.check_output, params: [id]}",
        "class_path: os.popen",
        "a: !apply:os.system [id]",
        "a: !new:subprocess.Popen [id]",
        "!!python/object/apply:os.system [id]",
        "!!%70ython/object/apply:os.system [id]",
        "!<tag:yaml.org,2002:%70ython/object/apply:os.system> [id]",
        "%TAG ! tag:yaml.org,2002:%70ython/\n---\n!object/apply:os.system [id]",
        "a: ${eval:\"__import__('os').getcwd()\"}",
        "a: {_target_: [os, system]}",
    ],
)
def test_calls_are_refused_however_they_are_spelled(text: str) -> None:
    assert "config-calls" in walked("a.yaml", text.encode()).rules


@pytest.mark.parametrize(
    "name", ["mylab.models.Net", "torch.hub.load", "Net", "nemo.collections.asr.modules.Nothing"]
)
def test_what_is_not_listed_is_for_a_person(name: str) -> None:
    said = walked("a.yaml", f"_target_: {name}".encode())
    assert {"config-target-unknown", "config-calls"} & said.rules


def test_depth_and_aliases_are_bounded() -> None:
    deep = walked("a.yaml", b"[" * 50_000)
    assert "analyzer-crashed" not in deep.rules
    assert "config-alias-bomb" in walked("a.yaml", b"a: &a [*a]\n").rules
    assert not walked("a.yaml", b"a: &a {b: !include c}\nb: *a").silent


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    assert "analyzer-crashed" not in walked("a.yaml", (NEMO[:300] + text).encode()).rules
