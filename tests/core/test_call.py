"""Calls: signatures read strictly, arguments written and read back, nothing encoded that does not fit."""

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from governance.core.call import Call, Function, as_text, decode, encode_call, function, typed
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, address, checksummed, to_hex

SIGNATURES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "fee()": ("fee", (), ()),
    "fee()(uint256)": ("fee", (), ("uint256",)),
    "setFee(uint256)": ("setFee", ("uint256",), ()),
    "_$9(bytes,string,bool,address)": ("_$9", ("bytes", "string", "bool", "address"), ()),
    "f(uint8,int248,bytes1,bytes32)": ("f", ("uint8", "int248", "bytes1", "bytes32"), ()),
    "f(uint256[],bytes4[2][])": ("f", ("uint256[]", "bytes4[2][]"), ()),
    "f((address,uint8,bytes4[])[],address,bytes)": ("f", ("(address,uint8,bytes4[])[]", "address", "bytes"), ()),
    "f(((bool)))((uint8,(uint8,uint8)[3])[],bool)": ("f", ("((bool))",), ("(uint8,(uint8,uint8)[3])[]", "bool")),
}


@pytest.mark.parametrize(("text", "parts"), SIGNATURES.items(), ids=SIGNATURES.keys())
def test_a_signature_is_read(text: str, parts: tuple[str, tuple[str, ...], tuple[str, ...]]) -> None:
    fn = function(text)
    assert (fn.name, fn.inputs, fn.outputs) == parts
    inputs = f"{parts[0]}({','.join(parts[1])})"
    assert fn.signature == inputs
    assert fn.selector == keccak(inputs.encode())[:4]


KNOWN = [
    ("transfer(address,uint256)", "a9059cbb"),
    ("diamondCut((address,uint8,bytes4[])[],address,bytes)", "1f931c1c"),
    ("commitRoot(bytes32,uint64)", "00ebb5f0"),
    ("applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])", "575d7487"),
]


@pytest.mark.parametrize(("text", "digits"), KNOWN)
def test_selectors_are_the_published_ones(text: str, digits: str) -> None:
    assert function(text).selector.hex() == digits


BAD_SIGNATURES = {
    "": "it has no name",
    "()": "it has no name",
    "1f()": "it has no name",
    " f()": "it has no name",
    "f": "a parenthesis is missing",
    "f ()": "a parenthesis is missing",
    "f(": "a parenthesis is not closed",
    "f((uint256)": "a parenthesis is not closed",
    "f()()()": "is left over",
    "f() view": "a parenthesis is missing",
    "f()(uint256) ": "is left over",
    "f()returns(uint256)": "a parenthesis is missing",
    "f(uint)": "is not a canonical ABI type",
    "f(int)": "is not a canonical ABI type",
    "f(byte)": "is not a canonical ABI type",
    "f(uint7)": "is not a canonical ABI type",
    "f(uint08)": "is not a canonical ABI type",
    "f(uint0)": "is not a canonical ABI type",
    "f(uint264)": "is not a canonical ABI type",
    "f(bytes0)": "is not a canonical ABI type",
    "f(bytes33)": "is not a canonical ABI type",
    "f(bytes04)": "is not a canonical ABI type",
    "f(address20)": "is not a canonical ABI type",
    "f(function)": "is not a canonical ABI type",
    "f(uint256 amount)": "is not a canonical ABI type",
    "f(uint256, bool)": "is not a canonical ABI type",
    "f(uint256,)": "is not a canonical ABI type",
    "f(,)": "is not a canonical ABI type",
    "f(uint256[)": "is not a canonical ABI type",
    "f(uint256[-1])": "is not a canonical ABI type",
    "f((uint256)x)": "is not a type",
    "f((uint256)[]x)": "is not a type",
    "f(tuple)": "is not a canonical ABI type",
    "f(UINT256)": "is not a canonical ABI type",
    "f(uint٨)": "is not a canonical ABI type",
    "f(uint256[0])": "is not a canonical ABI type",
    "f(uint256[02])": "is not a canonical ABI type",
    "f(uint256[9999999999])": "is not a canonical ABI type",
    "f((uint256)[00])": "is not a type",
    f"f(uint{'9' * 4000})": "is not a canonical ABI type",
    f"f({'(' * 16}uint256{')' * 16})": "its tuples are nested deeper than 16",
    f"f({'(' * 50_000}{')' * 50_000})": "it is longer than 4096 characters",
}


@pytest.mark.parametrize(("text", "why"), BAD_SIGNATURES.items(), ids=[repr(text[:40]) for text in BAD_SIGNATURES])
def test_what_is_no_canonical_signature_is_refused(text: str, why: str) -> None:
    """threat_56"""
    with pytest.raises(Rejected) as caught:
        function(text)
    assert why in caught.value.message
    assert "canonical types" in caught.value.hint()


def test_the_sentence_about_a_signature_is_printable() -> None:
    with pytest.raises(Rejected) as caught:
        function("f(\x1b[31m\u202e)")
    assert all(c.isprintable() for c in caught.value.message)


# ---- arguments -----------------------------------------------------------------------------------------------------

integers = st.sampled_from([8, 16, 64, 128, 248, 256])
SCALARS: list[st.SearchStrategy[tuple[str, Any]]] = [
    integers.flatmap(lambda b: st.integers(0, 2**b - 1).map(lambda n: (f"uint{b}", n))),
    integers.flatmap(lambda b: st.integers(-(2 ** (b - 1)), 2 ** (b - 1) - 1).map(lambda n: (f"int{b}", n))),
    st.booleans().map(lambda value: ("bool", value)),
    st.binary(min_size=20, max_size=20).map(lambda raw: ("address", checksummed(raw))),
    st.binary(max_size=40).map(lambda raw: ("bytes", raw)),
    st.integers(1, 32).flatmap(
        lambda n: st.binary(min_size=n, max_size=n).map(lambda raw: (f"bytes{len(raw)}", raw)),
    ),
    st.text(st.characters(codec="utf-8"), max_size=10).map(lambda text: ("string", text)),
]


def nested(inner: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    def tuples(parts: list[tuple[str, Any]]) -> tuple[str, Any]:
        return f"({','.join(kind for kind, _ in parts)})", tuple(value for _, value in parts)

    def arrays(pair: tuple[tuple[str, Any], int, bool]) -> tuple[str, Any]:
        (kind, value), count, fixed = pair
        return f"{kind}[{count if fixed else ''}]", [value] * count

    return st.lists(inner, min_size=1, max_size=3).map(tuples) | st.tuples(inner, st.integers(1, 3), st.booleans()).map(
        arrays
    )


values = st.recursive(st.one_of(SCALARS), nested, max_leaves=6)


@given(values)
def test_what_is_written_is_read_encoded_decoded_and_written_again(pair: tuple[str, Any]) -> None:
    """threat_56"""
    kind, value = pair
    written = as_text(value)
    read = typed(kind, written)
    assert as_text(read) == written
    data = encode([kind], [read])
    assert data == encode([kind], [value])
    (back,) = decode([kind], data)
    assert encode([kind], [typed(kind, spelt(kind, as_text(back)))]) == data
    assert function(f"f({kind})").inputs == (kind,)


def spelt(kind: str, written: Any) -> Any:
    """A decoder gives addresses in small letters; a document wants the checksum."""
    if isinstance(written, list):
        if kind.endswith("]"):
            return [spelt(kind[: kind.rindex("[")], item) for item in written]
        members = function(f"f{kind}").inputs
        return [spelt(member, item) for member, item in zip(members, written, strict=True)]
    return checksummed(bytes.fromhex(written[2:])) if kind == "address" else written


MISFITS: dict[str, tuple[str, Any, str]] = {
    "a number too large": ("uint8", "256", "fits 8 bits"),
    "a number below zero": ("uint8", "-1", "is not a decimal number"),
    "a number with a sign": ("int8", "+1", "is not a decimal number"),
    "minus zero": ("int8", "-0", "is not a decimal number"),
    "minus with a leading zero": ("int8", "-01", "is not a decimal number"),
    "an int too large": ("int8", "128", "does not fit int8"),
    "an int too small": ("int8", "-129", "does not fit int8"),
    "hex for a number": ("uint256", "0x10", "is not a decimal number"),
    "a bool by another word": ("bool", "yes", "is not a bool"),
    "a bool in capitals": ("bool", "True", "is not a bool"),
    "an address without checksum": ("address", "0x" + "ab" * 20, "lacks the EIP-55 checksum"),
    "too few bytes": ("bytes4", "0x112233", "has 3 bytes where bytes4 has 4"),
    "too many bytes": ("bytes4", "0x1122334455", "has 5 bytes where bytes4 has 4"),
    "no hex": ("bytes", "hello", "is not hex data"),
    "a scalar for a list": ("uint8[]", "1", "is written as a list"),
    "a mapping for a list": ("uint8[]", {"0": "1"}, "is written as a list"),
    "a scalar for a tuple": ("(uint8,bool)", "1", "is written as a list"),
    "a list for a scalar": ("uint8", ["1"], "is written as one scalar"),
    "a number that is no text": ("uint8", 1, "is written as one scalar"),
    "nothing": ("string", None, "is written as one scalar"),
    "too few items": ("uint8[2]", ["1"], "wants 2 items, not 1"),
    "too many members": ("(uint8)", ["1", "2"], "wants 1 items, not 2"),
    "a fault deep inside": ("(uint8,bool[])[]", [["1", ["true", "maybe"]]], "`maybe` is not a bool"),
}


@pytest.mark.parametrize(("kind", "written", "why"), MISFITS.values(), ids=MISFITS.keys())
def test_an_argument_that_does_not_fit_is_refused(kind: str, written: Any, why: str) -> None:
    with pytest.raises(Rejected) as caught:
        typed(kind, written)
    assert why in caught.value.message


EDGES = [("int8", "-128", -128), ("int8", "127", 127), ("uint256", str(2**256 - 1), 2**256 - 1), ("uint8[0]", [], [])]


@pytest.mark.parametrize(("kind", "written", "value"), EDGES)
def test_the_last_values_that_fit_are_taken(kind: str, written: Any, value: Any) -> None:
    assert typed(kind, written) == value


def test_the_number_of_arguments_must_be_right() -> None:
    with pytest.raises(Rejected, match=r"`setFee\(uint256\)` takes 1 arguments, not 0"):
        encode_call(function("setFee(uint256)"), [])


@pytest.mark.parametrize(
    ("signature", "argument"), [("f(uint8)", 256), ("f(bytes4)", b"12345"), ("f(address)", "0x12"), ("f(bool)", "true")]
)
def test_what_the_encoder_does_not_take_is_a_sentence(signature: str, argument: Any) -> None:
    with pytest.raises(Rejected, match="the arguments do not fit"):
        encode_call(function(signature), [argument])


@pytest.mark.parametrize(
    ("types", "data"),
    [
        (["uint256"], b""),
        (["uint256"], bytes(31)),
        (["bool"], (2).to_bytes(32, "big")),
        (["address"], b"\xff" * 32),
        (["string"], bytes(31) + b"\x20" + bytes(31) + b"\x01" + b"\xff" + bytes(31)),
        (["bytes"], b"\xff" * 64),
    ],
)
def test_bytes_of_another_type_do_not_decode(types: list[str], data: bytes) -> None:
    """threat_15"""
    with pytest.raises(Rejected, match=f"{len(data)} bytes do not decode"):
        decode(types, data)


@pytest.mark.parametrize("value", [-1, 2**256])
def test_a_call_carries_a_uint256_of_wei(value: int) -> None:
    with pytest.raises(ValueError, match="uint256"):
        Call(to=ZERO_ADDRESS, value=value)


def test_a_truth_is_no_number_however_often_both_are_encoded() -> None:
    number, truth = function("f(uint256)"), function("f(bool)")
    assert encode_call(number, [1])[4:] == encode_call(truth, [True])[4:] == encode_call(number, [1])[4:]
    for fn, argument in ((number, True), (truth, 1), (number, True)):
        with pytest.raises(Rejected, match="do not fit"):
            encode_call(fn, [argument])


def test_a_call_is_selector_and_arguments() -> None:
    fn = Function(name="transfer", inputs=("address", "uint256"), outputs=("bool",))
    to = address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    data = encode_call(fn, [to, 7])
    assert to_hex(data) == "0xa9059cbb" + "00" * 12 + to[2:].lower() + "00" * 31 + "07"
