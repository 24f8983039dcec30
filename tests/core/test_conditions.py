"""What an argument must be: each operator on each type, read from a policy and held against encoded calls. threat_52"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.adapters.files import parse
from governance.core.call import Call, encode_call, typed
from governance.core.findings import validated
from governance.core.permission import Permission, read_call
from governance.core.permissionfile import PermissionPart, permission, permission_findings
from governance.core.units import Address
from tests.core.test_policy import A, B, C


def read(signature: str, where: str) -> Permission:
    tree = parse(f'to: [target]\nfunction: "{signature}"\nwhere: [{where}]\n', "p")
    part = validated(PermissionPart, tree, file="p")
    assert list(permission_findings(part, (), tree)) == []
    return permission(part, (), tree)


def objections(made: Permission, *written: Any) -> list[str]:
    fn = made.function
    data = encode_call(fn, [typed(kind, each) for kind, each in zip(fn.inputs, written, strict=True)])
    call = Call(to=Address(A), data=data)
    return list(made.objections(call, read_call(fn, call)))


MIXED = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
LOW = str(-(1 << 255))
HIGH = str((1 << 256) - 1)
LONG = "0x" + "ab" * 70
HOLDS: dict[str, tuple[str, str, list[Any], list[Any]]] = {
    "an equal number": ("f(uint256)", "{argument: 0, equal: 7}", ["7"], ["8"]),
    "the largest number": ("f(uint256)", f"{{argument: 0, equal: {HIGH}}}", [HIGH], ["0"]),
    "an equal negative": ("f(int64)", '{argument: 0, equal: "-7"}', ["-7"], ["7"]),
    "the smallest of all": ("f(int256)", f'{{argument: 0, equal: "{LOW}"}}', [LOW], ["-1"]),
    "an equal address": ("f(address)", f'{{argument: 0, equal: "{A}"}}', [A], [B]),
    "an equal text": ("f(string)", "{argument: 0, equal: yes}", ["yes"], ["Yes"]),
    "a text that looks like an address": ("f(string)", f'{{argument: 0, equal: "{MIXED}"}}', [MIXED], [MIXED.lower()]),
    "no text": ("f(string)", '{argument: 0, equal: ""}', [""], [" "]),
    "an equal bool": ("f(bool)", "{argument: 0, equal: true}", ["true"], ["false"]),
    "equal bytes": ("f(bytes)", '{argument: 0, equal: "0x0102"}', ["0x0102"], ["0x01"]),
    "no bytes": ("f(bytes)", '{argument: 0, equal: "0x"}', ["0x"], ["0x00"]),
    "many bytes": ("f(bytes)", f'{{argument: 0, equal: "{LONG}"}}', [LONG], [LONG[:-2]]),
    "equal fixed bytes": ("f(bytes4)", '{argument: 0, equal: "0x01020304"}', ["0x01020304"], ["0x01020305"]),
    "an equal list": ("f(address[])", f'{{argument: 0, equal: ["{A}", "{B}"]}}', [[A, B]], [[B, A]]),
    "an empty list": ("f(uint8[])", "{argument: 0, equal: []}", [[]], [["0"]]),
    "an equal fixed list": ("f(uint8[2])", "{argument: 0, equal: [1, 2]}", [["1", "2"]], [["2", "1"]]),
    "an equal list of lists": ("f(uint8[][])", "{argument: 0, equal: [[1], []]}", [[["1"], []]], [[[], ["1"]]]),
    "an equal tuple": ("f((uint8,address))", f'{{argument: 0, equal: [1, "{A}"]}}', [["1", A]], [["2", A]]),
    "an equal tuple with letters": (
        "f((uint8,address))", f'{{argument: 0, equal: [1, "{MIXED}"]}}',
        [["1", MIXED]], [["1", A]],
    ),
    "an equal list of tuples": (
        "f((bool,int8)[])", '{argument: 0, equal: [[true, "-1"]]}',
        [[["true", "-1"]]], [[["true", "1"]]],
    ),
    "a member of a tuple": (
        "f(bool,(int8,bool))", "{argument: 1.0, equal: 2}",
        ["true", ["2", "true"]], ["true", ["1", "true"]],
    ),
    "a member of a member": (
        "f((bool,(address,bytes)))", '{argument: 0.1.1, equal: "0x01"}',
        [["true", [A, "0x01"]]], [["true", [A, "0x"]]],
    ),
    "each element": ("f(uint8[])", '{argument: "0[]", less: 5}', [["1", "4"]], [["1", "5", "2"]]),
    "each element of none": (
        "f(address[],bool)", f'{{argument: "0[]", equal: "{A}"}}, {{argument: 1, equal: true}}',
        [[], "true"], [[], "false"],
    ),
    "each element of each list": ("f(uint8[][2])", '{argument: "0[][]", greater: 2}', [[["3"], []]], [[["3"], ["3", "2"]]]),
    "a member of each element": (
        "f((address,uint8)[])", f'{{argument: "0[].0", in: ["{A}", "{B}"]}}',
        [[[A, "1"], [B, "2"]]], [[[A, "1"], [C, "2"]]],
    ),
    "a smaller number": ("f(uint256)", "{argument: 0, less: 7}", ["6"], ["7"]),
    "a smaller negative": ("f(int8)", "{argument: 0, less: 0}", ["-1"], ["0"]),
    "less than a negative": ("f(int256)", '{argument: 0, less: "-1"}', ["-2"], ["-1"]),
    "a larger number": ("f(uint256)", "{argument: 0, greater: 7}", ["8"], ["7"]),
    "larger than a negative": ("f(int256)", '{argument: 0, greater: "-5"}', ["-4"], ["-5"]),
    "within two ends": ("f(uint8)", "{argument: 0, greater: 4}, {argument: 0, less: 6}", ["5"], ["6"]),
    "one of some": ("f(address)", f'{{argument: 0, in: ["{A}", "{B}"]}}', [B], [C]),
    "one of some numbers": ("f(int8)", '{argument: 0, in: ["-1", 3]}', ["-1"], ["1"]),
    "one of some bytes": ("f(bytes32)", f'{{argument: 0, in: ["0x{"01" * 32}"]}}', ["0x" + "01" * 32], ["0x" + "02" * 32]),
    "one of some texts": ("f(string)", "{argument: 0, in: [a, b]}", ["a"], ["ab"]),
    "one of some lists": ("f(uint8[])", "{argument: 0, in: [[1, 2], []]}", [[]], [["2", "1"]]),
    "one of some tuples": ("f((uint8,bool))", "{argument: 0, in: [[1, true], [2, false]]}", [["2", "false"]], [["1", "false"]]),
    "a part of some": ("f(address[])", f'{{argument: 0, subset: ["{A}", "{B}"]}}', [[B, B]], [[A, C]]),
    "a part of some numbers": ("f(uint8[2])", "{argument: 0, subset: [1, 2]}", [["2", "1"]], [["2", "3"]]),
    "nothing is a part": (
        "f(bytes[],bool)", '{argument: 0, subset: ["0x01"]}, {argument: 1, equal: true}',
        [[], "true"], [["0x"], "true"],
    ),
    "a part of some tuples": ("f((uint8,bool)[])", "{argument: 0, subset: [[1, true]]}", [[["1", "true"]]], [[["1", "false"]]]),
    "each list a part": ("f(uint8[][])", '{argument: "0[]", subset: [1, 2]}', [[["1"], ["2", "1"]]], [[["1"], ["3"]]]),
    "some bits": ("f(uint16)", "{argument: 0, bitmask: {mask: 240, equals: 16}}", ["31"], ["32"]),
    "no such bits": ("f(uint256)", "{argument: 0, bitmask: {mask: 1, equals: 0}}", [str((1 << 256) - 2)], [HIGH]),
    "some bytes": ("f(bytes2)", '{argument: 0, bitmask: {mask: "0xff00", equals: "0xab00"}}', ["0xab12"], ["0xac12"]),
    "two arguments": ("f(uint8,uint8)", "{argument: 0, less: 5}, {argument: 1, greater: 5}", ["4", "6"], ["4", "5"]),
}  # fmt: skip
"""Function, conditions, arguments that are let through, and arguments that are not."""


@pytest.mark.parametrize("name", HOLDS)
def test_an_argument_is_held_against_its_condition(name: str) -> None:
    signature, where, good, bad = HOLDS[name]
    made = read(signature, where)
    assert objections(made, *good) == []
    (message,) = objections(made, *bad)
    assert message.startswith("argument ")
    assert " is wanted, found " in message


def test_an_objection_names_what_was_wanted_and_the_first_that_was_found() -> None:
    assert objections(read("f(uint8[])", '{argument: "0[]", in: [1, 2]}'), ["1", "7", "8"]) == [
        "argument 0[] in [1, 2] is wanted, found 7"
    ]
    assert objections(read("f(uint8)", "{argument: 0, bitmask: {mask: 3, equals: 1}}"), "2") == [
        "argument 0 bitmask 3 equals 1 is wanted, found 2"
    ]
    (message,) = objections(read("f(string)", "{argument: 0, equal: a}"), "\x1b[2J" + "x" * 500)
    assert message.isprintable()
    assert len(message) < 200


# ---- properties --------------------------------------------------------------------------------------------------------

NEGATIVE = st.integers(-(1 << 255), (1 << 255) - 1).map(str)
VALUES = {
    "uint256": st.integers(0, (1 << 256) - 1).map(str),
    "int256": NEGATIVE,
    "bytes": st.binary(max_size=70).map(lambda raw: "0x" + raw.hex()),
    "bytes4": st.binary(min_size=4, max_size=4).map(lambda raw: "0x" + raw.hex()),
    "bool": st.sampled_from(["true", "false"]),
    "address": st.sampled_from([A, B, C]),
    "uint8[]": st.lists(st.integers(0, 255).map(str), max_size=4),
    "(bool,int256)": st.tuples(st.sampled_from(["true", "false"]), NEGATIVE).map(list),
}


@given(st.data(), st.sampled_from(sorted(VALUES)))
def test_one_of_one_is_equal(data: st.DataObject, kind: str) -> None:
    wanted, found = data.draw(VALUES[kind]), data.draw(VALUES[kind])
    written = str(wanted) if isinstance(wanted, list) else f'"{wanted}"'
    by_in = objections(read(f"f({kind})", f"{{argument: 0, in: [{written}]}}"), found)
    by_equal = objections(read(f"f({kind})", f"{{argument: 0, equal: {written}}}"), found)
    assert (by_in == []) is (by_equal == []) is (wanted == found)


@given(st.integers(-127, 126), st.integers(-128, 127))
def test_a_number_is_less_or_greater_or_equal_and_never_two_of_them(wanted: int, found: int) -> None:
    holds = [
        name
        for name in ("less", "greater", "equal")
        if not objections(read("f(int8)", f'{{argument: 0, {name}: "{wanted}"}}'), str(found))
    ]
    assert holds == ["less" if found < wanted else "greater" if found > wanted else "equal"]


@given(st.sets(st.integers(0, 5), min_size=1), st.lists(st.integers(0, 5), max_size=5))
def test_a_subset_is_each_element_in(wanted: set[int], found: list[int]) -> None:
    written = [str(each) for each in found]
    subset = objections(read("f(uint8[])", f"{{argument: 0, subset: {sorted(wanted)}}}"), written)
    each_in = objections(read("f(uint8[])", f'{{argument: "0[]", in: {sorted(wanted)}}}'), written)
    assert (subset == []) is (each_in == []) is (set(found) <= wanted)


@given(st.integers(1, 255), st.integers(0, 255), st.integers(0, 255))
def test_a_bitmask_looks_at_its_bits_alone(mask: int, wanted: int, found: int) -> None:
    made = read("f(uint8)", f"{{argument: 0, bitmask: {{mask: {mask}, equals: {wanted & mask}}}}}")
    assert (objections(made, str(found)) == []) is ((found ^ wanted) & mask == 0)
