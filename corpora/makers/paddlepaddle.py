"""Write small PaddlePaddle models: paddlepaddle 3.3.1 (CPU), numpy 2.4, Linux.

Run from the repository root: ``python corpora/makers/paddlepaddle.py``. It writes ``corpora/made/paddle``: a program in
both forms (``FLAGS_enable_pir_api`` chooses) with its parameters, and a training checkpoint.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "made" / "paddle"


def main(kind: str) -> None:
    """Write one kind; the flags are read when the library is imported."""
    import paddle

    paddle.seed(0)
    folder = TARGET / kind
    folder.mkdir(parents=True, exist_ok=True)
    net = paddle.nn.Sequential(
        paddle.nn.Conv2D(1, 2, 3),
        paddle.nn.BatchNorm2D(2),
        paddle.nn.ReLU(),
        paddle.nn.Flatten(),
        paddle.nn.Linear(72, 3),
        paddle.nn.Softmax(),
    )
    net.eval()
    spec = [paddle.static.InputSpec([None, 1, 8, 8], "float32", "image")]
    if kind == "checkpoint":
        adam = paddle.optimizer.Adam(learning_rate=0.1, parameters=net.parameters())
        net(paddle.ones([2, 1, 8, 8])).sum().backward()
        adam.step()
        paddle.save(net.state_dict(), str(folder / "model.pdparams"))
        paddle.save(adam.state_dict(), str(folder / "model.pdopt"))
        return
    paddle.jit.save(net, str(folder / "inference"), input_spec=spec)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        for kind, pir in (("pir", "1"), ("program", "0"), ("checkpoint", "1")):
            subprocess.run(
                [sys.executable, __file__, kind], check=True, env={**os.environ, "FLAGS_enable_pir_api": pir}
            )
