"""The report on planted faults counts what it says it counts."""

import json
from pathlib import Path

import pytest

from bench.mutation import function_of, measured, report

CODES = {
    "a.b.xǁBatchǁderive__mutmut_1": 1,
    "a.b.xǁBatchǁderive__mutmut_2": 0,
    "a.b.x__wanted__mutmut_1": 33,
    "a.b.x__wanted__mutmut_2": 36,
    "a.b.x__wanted__mutmut_12": 37,
}


def planted(folder: Path, codes: dict[str, int | None], name: str = "b") -> Path:
    (folder / "a").mkdir(exist_ok=True)
    (folder / "a" / f"{name}.py.meta").write_text(json.dumps({"exit_code_by_key": codes}), "utf-8")
    return folder


def test_what_mypy_refuses_does_not_count_and_a_test_without_end_has_found_its_fault(tmp_path: Path) -> None:
    (each,) = measured(planted(tmp_path, dict(CODES)))
    assert (each.file, each.tried, each.score) == ("a/b.py", 4, 50)
    assert dict(each.survivors) == {"Batch.derive": 1, "_wanted": 1}
    lines = report([each]).splitlines()
    assert "| `a/b.py` | 5 | 1 | 1 | 1 | 2 | 50.0 % |" in lines
    assert "| `a/b.py` | `_wanted` | 1 |" in lines


def test_a_file_that_was_not_run_to_its_end_is_left_out(tmp_path: Path) -> None:
    assert tuple(measured(planted(tmp_path, {**CODES, "a.b.x_f__mutmut_1": None}))) == ()


def test_a_run_that_broke_off_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="run it again"):
        tuple(measured(planted(tmp_path, {"a.b.x_f__mutmut_1": 2})))


def test_the_sum_is_over_faults_not_over_files(tmp_path: Path) -> None:
    planted(tmp_path, {f"a.b.x_f__mutmut_{n}": 1 for n in range(9)})
    files = tuple(measured(planted(tmp_path, {"a.c.x_g__mutmut_1": 0}, "c")))
    assert [each.score for each in files] == [100, 0]
    assert "| all | 10 | 0 | 9 | 0 | 1 | 90.0 % |" in report(files)


@pytest.mark.parametrize(
    ("mutant", "name"),
    [("a.b.x_f__mutmut_3", "f"), ("a.b.x__f__mutmut_31", "_f"), ("a.b.xǁCǁ__init____mutmut_2", "C.__init__")],
)
def test_a_mutant_is_named_after_its_function(mutant: str, name: str) -> None:
    assert function_of(mutant) == name
