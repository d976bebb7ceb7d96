"""Honest repositories as their tools lay them out, without the weights; and code that only defines a model."""

from __future__ import annotations

import json

from corpora.case import Case, benign
from corpora.malicious.layouts import Files, folder

_MODELING = '''"""A small model."""

import math
from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import logging

from .configuration_small import SmallConfig

logger = logging.get_logger(__name__)


class SmallBlock(nn.Module):
    """One block."""

    def __init__(self, config: SmallConfig):
        super().__init__()
        self.dim = config.hidden_size
        self.rate = getattr(config, "dropout", 0.1)
        self.proj = nn.Linear(self.dim, self.dim, bias=False)
        self.norm = nn.LayerNorm(self.dim, eps=1e-5)
        self.register_buffer("scale", torch.tensor(1 / math.sqrt(self.dim)), persistent=False)

    def forward(self, hidden: torch.Tensor, mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        """Compute."""
        scores = torch.matmul(hidden, hidden.transpose(-1, -2)) * self.scale
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        hidden = torch.matmul(F.softmax(scores, dim=-1), self.proj(hidden))
        return self.norm(F.dropout(hidden, p=self.rate, training=self.training))


class SmallModel(PreTrainedModel):
    """The model."""

    config_class = SmallConfig
    _no_split_modules = ["SmallBlock"]

    def __init__(self, config: SmallConfig):
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList([SmallBlock(config) for _ in range(config.num_layers)])
        self.post_init()

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(mean=0.0, std=self.config.initializer_range)

    def forward(self, input_ids, attention_mask=None, **kwargs) -> Tuple:
        """Compute."""
        hidden = self.embed(input_ids)
        for layer in self.layers:
            hidden = layer(hidden, attention_mask)
        logger.warning_once("done")
        return BaseModelOutput(last_hidden_state=hidden)
'''
_CONFIGURATION = """from transformers import PretrainedConfig


class SmallConfig(PretrainedConfig):
    model_type = "small"

    def __init__(self, vocab_size=100, hidden_size=8, num_layers=2, initializer_range=0.02, **kwargs):
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.initializer_range = initializer_range
        super().__init__(**kwargs)
"""
_README = "---\nlicense: mit\ntags:\n- text\n---\n\n# Small\n\n```python\nimport os\nfrom transformers import AutoModel\n```\n"  # noqa: E501
_ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
_MLMODEL = """artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.7.2
mlflow_version: 3.6.0
model_uuid: 0f7d8cf3a5c64d5b9e0a1d2c3b4a5968
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}]'
utc_time_created: '2026-01-01 00:00:00.000000'
"""
_CONDA = "channels:\n- conda-forge\ndependencies:\n- python=3.11.7\n- pip<=24\n- pip:\n  - mlflow==3.6.0\n  - scikit-learn==1.7.2\nname: mlflow-env\n"  # noqa: E501


def _st(*names: str) -> str:
    return json.dumps(
        [
            {
                "idx": i,
                "name": str(i),
                "path": "" if not i else f"{i}_{n}",
                "type": f"sentence_transformers.models.{n}",
            }
            for i, n in enumerate(names)
        ]
    )


REPOSITORIES: dict[str, Files] = {
    "sentence-transformers": {
        "modules.json": _st("Transformer", "Pooling", "Normalize"),
        "config_sentence_transformers.json": json.dumps(
            {"__version__": {"sentence_transformers": "5.1.2"}, "prompts": {}}
        ),
        "sentence_bert_config.json": json.dumps({"max_seq_length": 256, "do_lower_case": False}),
        "1_Pooling/config.json": json.dumps(
            {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True}
        ),
        "config.json": json.dumps({"architectures": ["BertModel"], "model_type": "bert"}),
        ".gitattributes": _ATTRIBUTES,
        "README.md": _README,
    },
    "transformers": {
        "config.json": json.dumps(
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16"}
        ),
        "generation_config.json": json.dumps({"bos_token_id": 1, "do_sample": True, "temperature": 0.6}),
        "tokenizer_config.json": json.dumps({"tokenizer_class": "LlamaTokenizerFast", "bos_token": "<s>"}),
        "special_tokens_map.json": json.dumps({"bos_token": "<s>"}),
        ".gitattributes": _ATTRIBUTES,
        "README.md": _README,
    },
    "diffusers": {
        "model_index.json": json.dumps(
            {
                "_class_name": "StableDiffusionPipeline",
                "_diffusers_version": "0.35.2",
                "safety_checker": [None, None],
                "scheduler": ["diffusers", "PNDMScheduler"],
                "text_encoder": ["transformers", "CLIPTextModel"],
                "unet": ["diffusers", "UNet2DConditionModel"],
                "checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
                "requires_safety_checker": True,
            }
        ),
        "scheduler/scheduler_config.json": json.dumps(
            {"_class_name": "PNDMScheduler", "beta_start": 0.00085}
        ),
    },
    "peft": {
        "adapter_config.json": json.dumps(
            {
                "peft_type": "LORA",
                "base_model_name_or_path": "meta-llama/Llama-2-7b-hf",
                "r": 8,
                "auto_mapping": {
                    "base_model_class": "LlamaForCausalLM",
                    "parent_library": "transformers.models.llama.modeling_llama",
                },
                "target_modules": ["q_proj", "v_proj"],
            }
        ),
        "README.md": "---\nlibrary_name: peft\n---\n",
    },
    "mlflow": {
        "MLmodel": _MLMODEL,
        "conda.yaml": _CONDA,
        "requirements.txt": "mlflow==3.6.0\nscikit-learn==1.7.2\n",
        "python_env.yaml": "python: 3.11.7\nbuild_dependencies:\n- pip==24.0\ndependencies:\n- -r requirements.txt\n",
    },
    "mlserver": {
        "model-settings.json": json.dumps(
            {
                "name": "m",
                "implementation": "mlserver_sklearn.SKLearnModel",
                "parameters": {"uri": "./model.joblib", "version": "v1"},
            }
        )
    },
    "triton": {
        "config.pbtxt": 'name: "m"\nbackend: "onnxruntime"\nmax_batch_size: 8\ninput [\n  {\n    name: "x"\n'
        "    data_type: TYPE_FP32\n    dims: [ 3 ]\n  }\n]\n",
        "labels.txt": "cat\ndog\n",
    },
    "ollama": {
        "Modelfile": "FROM ./model.gguf\nPARAMETER temperature 0.7\nSYSTEM You are a helpful assistant.\n"
    },
    "plain-code": {
        "modeling_small.py": _MODELING,
        "configuration_small.py": _CONFIGURATION,
        "__init__.py": "",
        "config.json": json.dumps({"model_type": "small"}),
    },
    "package-file": {
        "__init__.py": 'from .modeling_small import SmallModel\n\n__all__ = ["SmallModel"]\n',
        "modeling_small.py": _MODELING,
        "configuration_small.py": _CONFIGURATION,
    },
}


def cases() -> list[Case]:
    """One repository each."""
    return [
        benign(f"benign-layout-{name}", f"a repository: {name}", folder(files))
        for name, files in REPOSITORIES.items()
    ]
