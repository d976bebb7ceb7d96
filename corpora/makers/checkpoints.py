"""Writes corpora/made/checkpoints: training state of the Transformers, Lightning and OmegaConf libraries.

transformers 5.24.0, accelerate 1.15.0, pytorch-lightning 2.6.6, omegaconf 2.4.0, torch 2.13.0 (CPU), Python 3.11:

    python -m venv E && E/bin/pip install torch==2.13.0 transformers accelerate omegaconf lightning pytorch-lightning
    E/bin/python -m corpora.makers.checkpoints
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy
import pytorch_lightning as lightning
import torch
import transformers
from omegaconf import OmegaConf

OUT = Path(__file__).resolve().parent.parent / "made" / "checkpoints"
TINY = {
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "vocab_size": 20,
}


def _save(name: str, value: Any, **options: Any) -> None:
    torch.save(value, OUT / name, **options)


def _transformers() -> None:
    quiet = {"output_dir": "out", "report_to": [], "use_cpu": True}
    arguments = transformers.TrainingArguments(**quiet)
    _save("training_args.bin", arguments)
    _save("training_args_legacy.bin", arguments, _use_new_zipfile_serialization=False)
    _save(
        "seq2seq_args.bin",
        transformers.Seq2SeqTrainingArguments(**quiet, lr_scheduler_type="cosine", bf16=True),
    )
    for name, model in (
        ("bert", transformers.BertModel(transformers.BertConfig(**TINY))),
        ("llama", transformers.LlamaForCausalLM(transformers.LlamaConfig(**TINY))),
    ):
        _save(f"{name}.pt", model)
        optimizer = torch.optim.AdamW(model.parameters())
        schedule = transformers.get_linear_schedule_with_warmup(optimizer, 1, 10)
        _save(f"{name}_scheduler.pt", schedule.state_dict())
    _save("batch.pt", transformers.BatchEncoding({"input_ids": torch.ones(1, 2)}))
    random_state = {
        "python": random.getstate(),
        "numpy": numpy.random.get_state(),
        "cpu": torch.random.get_rng_state(),
    }
    _save("rng_state.pth", random_state)


class Tiny(lightning.LightningModule):
    """One linear layer, whose hyperparameters are saved."""

    def __init__(self, rate: float = 0.1, settings: Any = None) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, 1)

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        found: torch.Tensor = self.layer(batch[0]).mean()
        return found

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.Adam(self.parameters())
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


def _lightning() -> None:
    settings = OmegaConf.create({"a": 1, "b": {"c": [1, 2.5, "x", None, True]}, "d": "${a}"})
    _save("omegaconf.ckpt", {"cfg": settings})
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False
    )
    data = torch.utils.data.TensorDataset(torch.ones(4, 2))
    trainer.fit(Tiny(settings=settings), torch.utils.data.DataLoader(data))
    trainer.save_checkpoint(OUT / "lightning.ckpt")


def main() -> None:
    """Write all of them."""
    torch.manual_seed(0)
    OUT.mkdir(parents=True, exist_ok=True)
    _transformers()
    _lightning()


if __name__ == "__main__":
    main()
