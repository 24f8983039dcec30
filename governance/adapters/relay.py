"""A private relay: transactions go to it and to nobody else, so that nobody sees them before they are mined.

A relay that takes a transaction may still lose it or wait; only the receipt tells.
"""

from governance.adapters.rpc import Rpc, RpcError
from governance.core.units import shown, to_hex

PRIVATE, PLAIN = "eth_sendPrivateTransaction", "eth_sendRawTransaction"
UNKNOWN_METHOD = -32601


class Relay:
    """The relay of one network."""

    def __init__(self, url: str, network: str) -> None:
        self._rpc = Rpc(url, network)

    @property
    def shown(self) -> str:
        """The network and where its relay is, without anything secret."""
        return self._rpc.shown

    def send(self, raw: bytes) -> str:
        """Hand a signed transaction over, once; gives the relay's complaint, empty when it took it."""
        (given,) = self._rpc.together([(PRIVATE, [{"tx": to_hex(raw)}])], attempts=1)
        if isinstance(given, RpcError) and given.code == UNKNOWN_METHOD:  # many are private by their address alone
            (given,) = self._rpc.together([(PLAIN, [to_hex(raw)])], attempts=1)
        return shown(given.message) or "refused" if isinstance(given, RpcError) else ""
