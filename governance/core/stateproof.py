"""What an account and its storage hold, proven against the state root of one block (EIP-1186).

The trie is walked by the `trie` library over nodes that are found by their own hashes alone: a node that was tampered with
is a node that is not there. What the endpoint says beside the proof is not read. That something is *not* there (no
account, an empty slot) is proven too, and read as zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.errors import ChainContradicts, Rejected
from governance.core.keccak import keccak
from governance.core.units import EMPTY_CODE_HASH, Address, Bytes32, address_bytes, hex_bytes, shown, to_hex, word

EMPTY_ROOT = word("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
"""keccak256 of the RLP of nothing: the root of a trie without entries."""
LONGEST_NODE = 600
"""Bytes. A branch of sixteen hashes has 532; more is no node, and would be deep nesting to decode."""
MOST_NODES = 65
"""A path has 64 nibbles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be proven of one account."""

    account: Address
    slots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An account as of one block, beyond what any endpoint says."""

    account: Address
    nonce: int
    balance: int
    """Wei."""
    code_hash: Bytes32
    """That of no code for an account that is not there."""
    storage_root: Bytes32
    words: Mapping[int, Bytes32]
    """Of every slot that was asked for; zero where nothing stands."""


def prove(question: Question, answer: Any, state_root: Bytes32, *, by: str) -> Proven:
    """What the answer of `eth_getProof` proves.

    Raises Rejected when it has not the form of an answer, ChainContradicts when it does not prove anything under the root.
    """
    if not isinstance(answer, Mapping):
        raise Rejected("there is no proof")
    account = _account(question.account, _nodes(answer.get("accountProof")), state_root, by)
    nonce, balance, storage_root, code_hash = account
    given = _by_slot(answer.get("storageProof"))
    words = {}
    for slot in dict.fromkeys(question.slots):
        if slot not in given:
            raise Rejected(f"slot {to_hex(slot.to_bytes(32, 'big'))} is missing")
        words[slot] = _word(question.account, slot, given[slot], storage_root, by)
    return Proven(
        account=question.account,
        nonce=nonce,
        balance=balance,
        code_hash=code_hash,
        storage_root=storage_root,
        words=words,
    )


def _account(
    account: Address, nodes: Sequence[bytes], state_root: Bytes32, by: str
) -> tuple[int, int, Bytes32, Bytes32]:
    """Nonce, balance, storage root and code hash."""
    import rlp

    found = _value(state_root, address_bytes(account), nodes, f"{by} does not prove account {account}")
    if not found:
        return 0, 0, EMPTY_ROOT, EMPTY_CODE_HASH
    try:
        nonce, balance, storage_root, code_hash = rlp.decode(found)
        return _integer(nonce), _integer(balance), _hash(storage_root), _hash(code_hash)
    except (rlp.exceptions.RLPException, ValueError, TypeError) as error:
        raise _unproven(f"{by} does not prove account {account}") from error


def _word(account: Address, slot: int, nodes: Sequence[bytes], storage_root: Bytes32, by: str) -> Bytes32:
    import rlp

    key = slot.to_bytes(32, "big")
    words = f"{by} does not prove slot {to_hex(key)} of {account}"
    found = _value(storage_root, key, nodes, words)
    if not found:
        return Bytes32(bytes(32))
    try:
        return Bytes32(_integer(rlp.decode(found)).to_bytes(32, "big"))
    except (rlp.exceptions.RLPException, ValueError, TypeError, OverflowError) as error:
        raise _unproven(words) from error


def _value(root: Bytes32, key: bytes, nodes: Sequence[bytes], words: str) -> bytes:
    """What stands at a key, empty where nothing does."""
    from rlp.exceptions import RLPException
    from trie.exceptions import InvalidNibbles, InvalidNode, MissingTrieNode, ValidationError
    from trie.hexary import HexaryTrie

    trie = HexaryTrie({keccak(node): node for node in nodes}, root)
    faults = (RLPException, InvalidNibbles, InvalidNode, MissingTrieNode, ValidationError)
    try:
        value = trie.get(keccak(key))
    except (*faults, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _unproven(words) from error
    if not isinstance(value, bytes):
        raise _unproven(words)
    return value


def _nodes(given: Any) -> list[bytes]:
    if not isinstance(given, list) or len(given) > MOST_NODES or not all(isinstance(node, str) for node in given):
        raise Rejected("a proof is a list of nodes")
    nodes = [hex_bytes(node) for node in given]
    if any(len(node) > LONGEST_NODE for node in nodes):
        raise Rejected(f"a node has at most {LONGEST_NODE} bytes")
    return nodes


def _by_slot(given: Any) -> dict[int, list[bytes]]:
    """Proofs by the slot that each names, since some nodes reorder them. The name proves nothing, and need not."""
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise Rejected("storage is proven by a list of proofs")
    found = {}
    for each in given:
        key = each.get("key")
        if not isinstance(key, str) or not key.startswith("0x") or len(key) > 66:
            raise Rejected(f"`{shown(str(key))}` is not a slot")
        found[int.from_bytes(hex_bytes("0x" + key[2:].zfill(64)))] = _nodes(each.get("proof"))
    return found


def _integer(raw: Any) -> int:
    if not isinstance(raw, bytes) or raw[:1] == b"\0":
        raise ValueError("no number as RLP writes it")
    return int.from_bytes(raw)


def _hash(raw: Any) -> Bytes32:
    if not isinstance(raw, bytes) or len(raw) != 32:
        raise ValueError("no hash")
    return Bytes32(raw)


def _unproven(words: str) -> ChainContradicts:
    return ChainContradicts(words, hint="what it says of this account is not what the block holds: do not believe it")
