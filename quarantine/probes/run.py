"""The probes' worker: find the model among the files, run it as the card says, and let every probe measure.

It runs in a jail, because from here on the submitter's code may run; nothing it says can soften what was
found before. A model that cannot be run, or a probe that fails, is a finding and not an error.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from quarantine.jail.protocol import Done, FactSeen, FindingSeen, Input, Progress, Request
from quarantine.probes.accuracy import Accuracy
from quarantine.probes.adapters.exported import Exported
from quarantine.probes.adapters.interface import Adapter, NotRunnable, Runnable
from quarantine.probes.adapters.onnx import Onnx
from quarantine.probes.adapters.sklearn import Sklearn
from quarantine.probes.adapters.state_dict import StateDict
from quarantine.probes.adapters.torchscript import TorchScript
from quarantine.probes.behaviour import Behaviour
from quarantine.probes.data import Data, load
from quarantine.probes.evasion_hopskipjump import HopSkipJump
from quarantine.probes.evasion_pgd import Pgd
from quarantine.probes.evasion_square import Square
from quarantine.probes.interface import Budget, Emit, OutOfTime, Probe, Unreliable
from quarantine.records import ModelSpec

# Best first: a graph that describes itself before one that is code, and both before bare weights and pickles.
ADAPTERS: tuple[Adapter, ...] = (Onnx(), TorchScript(), Exported(), StateDict(), Sklearn())
PROBES: tuple[Probe, ...] = (Behaviour(), Accuracy(), Pgd(), Square(), HopSkipJump())
SEED = 20_240_229
DEFAULT_BUDGET_S = 240.0
LARGEST_MODEL_BYTES = 2 << 30
_ANALYZER = "probes"


def run(request: Request, emit: Emit) -> Done:
    """Probe the submission; ``budget_s`` bounds the whole, imports included.

    Never raises for what the model does.
    """
    budget = Budget(time.monotonic() + (request.budget_s or DEFAULT_BUDGET_S))
    _prepare_environment()
    subject = request.inputs[0].name if request.inputs else ""
    try:
        if request.model is None or request.evaluation is None:
            raise NotRunnable("the card does not say how to run the model and on which evaluation set")
        entry, adapter = _choose(request.inputs)
        subject = entry.name
        emit(FactSeen(artifact=subject, name="probed_as", value=adapter.name, analyzer=_ANALYZER))
        data = load(request.evaluation, request.model)
        emit(Progress(done=0, total=len(PROBES), note="loading the model"))
        runnable = _load(adapter, entry, request.model)
        _check(runnable, request.model, data)
    except NotRunnable as reason:
        emit(_finding("probe-not-run", subject, probe="all", reason=str(reason)))
        return Done()
    _measure(runnable, data, budget, subject, emit)
    return Done(device=runnable.device)


def _prepare_environment() -> None:
    """Numeric libraries want writable homes, user names and helper processes; the jail has none of these."""
    wanted = {
        "MPLCONFIGDIR": "/tmp",  # noqa: S108 - the jail's own scratch
        "ART_DATA_PATH": "/tmp",  # noqa: S108
        "TORCHINDUCTOR_CACHE_DIR": "/tmp",  # noqa: S108
        "USER": "worker",
        "LOGNAME": "worker",
        "JOBLIB_MULTIPROCESSING": "0",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
    }
    for name, value in wanted.items():
        os.environ.setdefault(name, value)


def _choose(inputs: Sequence[Input]) -> tuple[Input, Adapter]:
    for adapter in ADAPTERS:
        for entry in inputs:
            with os.fdopen(os.dup(entry.fd), "rb") as file:
                file.seek(0)
                if adapter.recognises(file):
                    return entry, adapter
    raise NotRunnable("none of the files is a model that can be run here")


def _load(adapter: Adapter, entry: Input, spec: ModelSpec) -> Runnable:
    if entry.size_bytes > LARGEST_MODEL_BYTES:
        raise NotRunnable(
            f"the model has {entry.size_bytes} bytes, and at most {LARGEST_MODEL_BYTES} are run"
        )
    with os.fdopen(os.dup(entry.fd), "rb") as file:
        file.seek(0)
        content = file.read()
    try:
        return adapter.load(content, spec)
    except ImportError as error:
        raise NotRunnable(f"a library is missing here: {error}") from error
    except NotRunnable:
        raise
    except Exception as error:
        raise NotRunnable(f"loading it as {adapter.name} failed: {type(error).__name__}: {error}") from error


def _check(runnable: Runnable, spec: ModelSpec, data: Data) -> None:
    """Compare what the card says with what the model is, by asking it once."""
    import numpy as np

    if runnable.found_classes not in (None, spec.classes):
        raise NotRunnable(f"card: {spec.classes} classes; model: {runnable.found_classes}")
    said = f"card: input shape {list(spec.input_shape)}, {spec.classes} classes"
    sample = data.in_units(data.x[:2]).astype(np.float32)
    try:
        scores = runnable.predict(sample)
    except Exception as error:
        shape = "unknown" if runnable.found_shape is None else list(runnable.found_shape)
        raise NotRunnable(f"{said}; model: input {shape}, {type(error).__name__}: {error}") from error
    if scores.shape != (len(sample), spec.classes):
        raise NotRunnable(f"{said}; model: scores of shape {list(scores.shape)} for {len(sample)} samples")


def _measure(runnable: Runnable, data: Data, budget: Budget, subject: str, emit: Emit) -> None:
    due = [probe for probe in PROBES if probe.applies(runnable, data)]
    for number, probe in enumerate(due):
        emit(Progress(done=number, total=len(due), note=f"{probe.name} on {runnable.device}"))
        try:
            probe.measure(runnable, data, budget.share(len(due) - number), SEED, emit)
        except OutOfTime:
            emit(_finding("probe-failed", subject, probe=probe.name, reason="the time budget was used up"))
        except Unreliable as reason:
            emit(_finding("probe-unreliable", subject, probe=probe.name, reason=str(reason)))
        except Exception as error:
            emit(
                _finding("probe-failed", subject, probe=probe.name, reason=f"{type(error).__name__}: {error}")
            )


def _finding(rule: str, subject: str, *, probe: str, reason: str) -> FindingSeen:
    printable = reason.encode("unicode_escape").decode("ascii")[:1000]
    return FindingSeen(
        rule=rule, artifact=subject, analyzer=_ANALYZER, evidence={"probe": probe, "reason": printable}
    )
