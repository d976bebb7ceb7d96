"""Models inside of boosters' pickles: bytes or text that the booster's library parses when the object is restored.

After ``__setstate__`` of xgboost.core.Booster, lightgbm.basic.Booster and catboost.core.CatBoost. They are followed
as what the library takes them for, as they are when BUILD hands them over: the dictionary may be changed later.
"""

from __future__ import annotations

from quarantine.analyzers.pickle.named import Named

Model = tuple[str | None, bytes]
_FORMATS = {
    "xgboost.core.Booster": None,  # UBJSON, JSON or structures: told by content
    "lightgbm.basic.Booster": "lightgbm",
    "catboost.core.CatBoost": "catboost",
    "catboost.core.CatBoostClassifier": "catboost",
    "catboost.core.CatBoostRegressor": "catboost",
    "catboost.core.CatBoostRanker": "catboost",
}
_KEYS = ("handle", "_handle", "__model")


def models_of(label: str, state: object) -> list[Model]:
    """What the library would parse of a state: (format, content)."""
    if label not in _FORMATS or type(state) is not dict:
        return []
    found = [_content(state.get(key)) for key in _KEYS]
    return [(_FORMATS[label], held) for held in found if held is not None]


def _content(value: object) -> bytes | None:
    if isinstance(value, Named) and value.label.rpartition(".")[2] in ("bytearray", "bytes", "encode"):
        args = getattr(value, "args", ())  # how protocols below 3 and 5 write bytes
        return _content(args[0]) if args else b""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str):
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass")
    return None
