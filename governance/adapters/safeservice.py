"""A Safe Transaction Service, by safe-eth-py's client: where members who use the Safe's web interface sign.

It is a postbox and nothing more. What it sends back is read as strictly as a file (`core/safeservice.py`), and what it
says counts for nothing until the hash is recomputed and the signature recovered.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from governance.core.errors import Refused, Rejected, Unreachable
from governance.core.safeservice import ServiceTransaction, read_service_json
from governance.core.safetx import SafeTx
from governance.core.signature import Signature, combine
from governance.core.strictjson import require_shallow
from governance.core.units import shown

if TYPE_CHECKING:
    from safe_eth.safe.api import TransactionServiceApi

TIMEOUT = 20
"""Seconds that the service may be silent."""
MAX_WORDS = 400
"""Of a complaint, how many characters are shown."""


class SafeService:
    """See `governance.ports.Exchange`. The API key comes from `SAFE_TRANSACTION_SERVICE_API_KEY`, and is never shown."""

    def __init__(self, chain_id: int, network: str, url: str | None, api_key: str | None) -> None:
        self._chain_id = chain_id
        self._network = network
        self._url = url
        self._key = api_key

    @cached_property
    def _api(self) -> "TransactionServiceApi":
        from safe_eth.eth.ethereum_network import EthereumNetwork, EthereumNetworkNotSupported
        from safe_eth.safe.api import TransactionServiceApi

        if self._url is not None and urlsplit(self._url).scheme not in {"http", "https"}:
            raise Rejected(
                f"the Safe service of {self._network} is not an http or https URL", hint="write https://host/path"
            )
        try:
            network = EthereumNetwork(self._chain_id)
            return TransactionServiceApi(network, base_url=self._url, api_key=self._key, request_timeout=TIMEOUT)
        except EthereumNetworkNotSupported as error:
            variable = f"GOV_SAFE_SERVICE_{self._network.upper().replace('-', '_')}"
            raise Refused(
                f"no Safe Transaction Service is known for chain {self._chain_id}",
                hint=f"set {variable}, or pass files by git",
            ) from error

    def at_nonce(self, tx: SafeTx) -> list[ServiceTransaction]:
        """Every transaction that the service holds for this Safe and nonce."""
        with self._speaking():
            results = self._api.get_transactions(tx.safe, nonce=tx.nonce, limit=100)  # type: ignore[arg-type]
            text = json.dumps({"results": results})
        require_shallow(text, shown_as=f"the answer of the Safe service of {self._network}")
        return read_service_json(text, shown_as=f"Safe service of {self._network}") if results else []

    def propose(self, tx: SafeTx, signature: Signature) -> None:
        """Put a transaction there, with the first owner's signature."""
        with self._speaking():
            self._api.post_transaction(self._transaction(tx, signature))

    def confirm(self, tx: SafeTx, signature: Signature) -> None:
        """Put one more owner's signature to a transaction that is there."""
        with self._speaking():
            self._api.post_signatures(tx.hash, combine([signature], 1))

    def _transaction(self, tx: SafeTx, signature: Signature) -> Any:
        from safe_eth.safe import SafeTx as Theirs

        theirs = Theirs(
            None,  # type: ignore[arg-type]  # asks no node
            tx.safe,  # type: ignore[arg-type]
            tx.to,  # type: ignore[arg-type]
            tx.value,
            tx.data,
            int(tx.operation),
            tx.safe_tx_gas,
            tx.base_gas,
            tx.gas_price,
            tx.gas_token,  # type: ignore[arg-type]
            tx.refund_receiver,  # type: ignore[arg-type]
            signatures=combine([signature], 1),
            safe_nonce=tx.nonce,
            safe_version="1.4.1",
            chain_id=tx.chain_id,
        )
        assert bytes(theirs.safe_tx_hash) == tx.hash
        return theirs

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn what the client raises into a sentence of ours, without the URL."""
        from requests import RequestException
        from safe_eth.safe.api.base_api import SafeAPIException

        try:
            yield
        except SafeAPIException as error:
            words = shown(str(error))[:MAX_WORDS]
            raise Refused(
                f"the Safe service of {self._network} refuses: {words}", hint="nothing was lost here"
            ) from None
        except (RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = type(error).__name__
            raise Unreachable(
                f"the Safe service of {self._network} does not answer as one: {reason}",
                hint="try again, or pass files by git",
            ) from None  # what was caught may carry the URL
