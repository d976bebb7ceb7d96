"""Objects that are small to load and endless to walk; honest ones that only look large."""

from quarantine.analyzers.pickle.shape import DEPTH_LIMIT, shape_of


def nested(levels: int) -> list[object]:
    made: list[object] = []
    for _ in range(levels - 1):
        made = [made]
    return made


def shared(levels: int) -> list[object]:
    made: list[object] = ["x"]
    for _ in range(levels):
        made = [made] * 10
    return made


def test_depth_is_counted_and_limited() -> None:
    assert shape_of(nested(DEPTH_LIMIT)).bomb is None
    assert shape_of(nested(DEPTH_LIMIT + 1)).bomb == f"objects nest more than {DEPTH_LIMIT} deep"


def test_shared_parts_count_as_often_as_they_are_reached() -> None:
    assert shape_of(shared(3)).expanded == 10 + 100 + 1000 + 1000
    assert shape_of(shared(60)).bomb is not None


def test_a_cycle_ends() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert shape_of({"a": loop}).bomb is None


def test_many_elements_are_no_bomb() -> None:
    assert shape_of({i: [i] for i in range(100_000)}).bomb is None


def test_byte_strings_that_could_be_files_are_handed_on() -> None:
    assert shape_of([b"short", {"k": b"PK\3\4" + bytes(40)}]).embedded == [b"PK\3\4" + bytes(40)]
