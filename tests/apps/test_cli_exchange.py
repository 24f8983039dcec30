"""`gov signatures --push` and `--pull`, with a service on loopback."""

from collections.abc import Callable

import pytest

from governance.core.units import to_hex
from tests.apps.conftest import ONE, Gov
from tests.safeservice import serving
from tests.sites import people

pytestmark = pytest.mark.node


def test_a_council_signs_partly_here_and_partly_there(
    at: Callable[[str], Gov], monkeypatch: pytest.MonkeyPatch
) -> None:
    gov = at("locked")
    assert gov.sign("alice").code == 0
    owners = [str(account.address) for account in people().values()]
    with serving(31337, owners) as service:
        monkeypatch.setenv("GOV_SAFE_SERVICE_DEVNET", service.url)
        pushed = gov("signatures", ONE, "--push")
        assert pushed.code == 0, pushed
        assert f"to the Safe service of devnet: {people()['alice'].address}" in pushed.out
        (digest,) = service.transactions
        for name in ("bob", "carol"):
            signature = people()[name].sign(bytes.fromhex(digest[2:]))  # type: ignore[arg-type]
            assert service.confirmed(digest, to_hex(signature)) == (201, None)
        pulled = gov("signatures", ONE, "--pull", "--json")
        assert (pulled.code, pulled.document["exchanged"][0]["way"]) == (0, "from")
        assert sorted(pulled.document["exchanged"][0]["owners"]) == sorted(
            people()[n].address for n in ("bob", "carol")
        )
        assert pulled.document["networks"][0]["stage"] == "approved"
    assert gov("queue", ONE, *gov.key("executor"), "--broadcast").code == 0


def test_without_a_service_it_says_what_to_set(at: Callable[[str], Gov]) -> None:
    run = at("locked")("signatures", ONE, "--pull")
    assert run.code == 1
    assert "GOV_SAFE_SERVICE_DEVNET" in run.err
