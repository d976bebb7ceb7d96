"""Write small MXNet models: mxnet 1.9.1, numpy 1.23.5, Linux.

Run from the repository root: ``python corpora/makers/mxnet_models.py``. It writes ``corpora/made/mxnet``.
"""

from __future__ import annotations

from pathlib import Path

import mxnet as mx
from mxnet.gluon import nn

TARGET = Path(__file__).parents[1] / "made" / "mxnet"


def main() -> None:
    """A network of Gluon, one of the older symbols, a quantised one, one with a loop, and arrays alone."""
    mx.random.seed(0)
    for name in ("gluon", "symbol", "loop", "arrays"):
        (TARGET / name).mkdir(parents=True, exist_ok=True)
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("relu"), nn.Flatten(), nn.Dropout(0.1), nn.Dense(3)
    )
    net.initialize()
    net.hybridize()
    net(mx.nd.ones((1, 1, 8, 8)))
    net.export(str(TARGET / "gluon" / "model"))
    net.save_parameters(str(TARGET / "gluon" / "weights.params"))
    x = mx.sym.Variable("data")
    y = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(x, num_hidden=3, name="fc"), name="softmax")
    module = mx.mod.Module(y)
    module.bind([("data", (2, 4))], [("softmax_label", (2,))])
    module.init_params()
    module.save_checkpoint(str(TARGET / "symbol" / "model"), 3)

    class Loop(mx.gluon.HybridBlock):
        def hybrid_forward(self, F, x):
            out, _ = F.contrib.foreach(lambda a, s: (a + s[0], [a + s[0]]), x, [F.zeros((4,))])
            return out

    looped = Loop()
    looped.hybridize()
    looped(mx.nd.ones((3, 4)))
    looped.export(str(TARGET / "loop" / "model"))
    mx.nd.save(str(TARGET / "arrays" / "list.nd"), [mx.nd.ones((2, 3)), mx.nd.zeros((1,), dtype="int64")])
    sparse = mx.nd.sparse.csr_matrix(mx.nd.array([[0, 1], [2, 0]]))
    rows = mx.nd.sparse.row_sparse_array(mx.nd.array([[0, 0], [2, 1]]))
    mx.nd.save(
        str(TARGET / "arrays" / "sparse.nd"), {"c": sparse, "r": rows, "h": mx.nd.ones((2,), dtype="float16")}
    )


if __name__ == "__main__":
    main()
