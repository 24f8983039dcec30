"""keccak-256 (the pre-standard SHA-3 of Ethereum), from the C implementation in safe-pysha3."""

from functools import lru_cache

from sha3 import keccak_256


def keccak(data: bytes) -> bytes:
    """The 32-byte keccak-256 of `data`."""
    digest: bytes = keccak_256(data).digest()
    return digest


@lru_cache(maxsize=4096)
def selector(signature: str) -> bytes:
    """The 4-byte selector of a canonical function signature such as `setFee(uint256)`."""
    return keccak(signature.encode("ascii"))[:4]
