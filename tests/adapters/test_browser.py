"""The page for a browser's wallet: in a real Chromium, and against who should not get in."""

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from governance.adapters.browser import HEADERS, MAX_ANSWER, PAGES, BrowserSigner
from governance.core.errors import GovError, Refused, Unreachable
from governance.core.keccak import keccak
from governance.core.signature import recover
from governance.core.units import Address
from tests.adapters.chromium import SaysNo, page_with
from tests.adapters.walletserver import ADDRESS, ELSEWHERE, SIGNED, by_key

if TYPE_CHECKING:
    from playwright.sync_api import Page

CARD = "CALL  Swap FeeFacet <script>document.title='owned'</script>\n  Safe 0x…, nonce 3"


@contextmanager
def serving(wanted: Address | None = None, **how: Any) -> Iterator[tuple[BrowserSigner, list[str]]]:
    said: list[str] = []
    signer = BrowserSigner(wanted, said.append, **{"patience": 20, **how})
    try:
        yield signer, said
    finally:
        signer.close()


@contextmanager
def signing(signer: BrowserSigner) -> Iterator[Future[bytes]]:
    """The signature that is being asked for, while a test plays the browser."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(signer.sign, SIGNED)


def outcome(page: "Page", signature: Future[bytes]) -> bytes:
    """The signature, while the browser goes on: what its page asks of the test is answered only here."""
    while not signature.done():
        page.wait_for_timeout(20)
    return signature.result()


class Wallet:
    """A wallet of one account, on a chain; keeps what it was asked."""

    def __init__(
        self, chain: int = 31337, *, switches: bool = True, signs: bool = True, key: bytes | None = None
    ) -> None:
        self.chain, self.switches, self.signs, self.key = chain, switches, signs, key
        self.asked: list[str] = []

    def __call__(self, method: str, params: list[Any]) -> Any:
        self.asked.append(method)
        if method == "eth_requestAccounts":
            return [ELSEWHERE.lower(), ADDRESS.lower()] if self.key is None else [ADDRESS.lower()]
        if method == "eth_chainId":
            return hex(self.chain)
        if method == "wallet_switchEthereumChain":
            if not self.switches:
                raise SaysNo("Unrecognized chain", 4902)
            self.chain = int(params[0]["chainId"], 16)
            return None
        assert method == "eth_signTypedData_v4"
        if not self.signs:
            raise SaysNo("User denied message signature")
        assert params[0] == ADDRESS
        document = json.loads(params[1])
        assert document == SIGNED.typed_data()
        return "0x" + (by_key(document) if self.key is None else by_key(document, self.key)).hex()


# ---- in Chromium -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("mode", ["injected", "announced"])
def test_a_wallet_in_a_browser_signs_what_the_page_shows(mode: str) -> None:
    wallet = Wallet()
    with serving(ADDRESS) as (signer, said), page_with(wallet, mode) as page, signing(signer) as signature:
        signer.show(CARD)
        page.goto(signer.url)
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("button", name="Sign in the wallet").click()
        assert recover(SIGNED.hash, outcome(page, signature))[0] == ADDRESS
        assert page.locator("#words").inner_text() == CARD
        assert page.title() == "gov: sign"
        shown = page.locator("#hashes").inner_text().replace(" ", "")
        for word in (SIGNED.domain_hash, SIGNED.message_hash, SIGNED.hash):
            assert word.hex() in shown
        page.get_by_text("Look there").wait_for()
    assert wallet.asked == ["eth_requestAccounts", "eth_chainId", "eth_signTypedData_v4"]
    assert signer.url in said[0]


@pytest.mark.browser
def test_a_wallet_on_another_chain_is_asked_to_switch_and_does_not_sign_before() -> None:
    """threat_17."""
    wallet = Wallet(chain=1)
    with serving(ADDRESS) as (signer, _), page_with(wallet) as page, signing(signer) as signature:
        page.goto(signer.url)
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("button", name="Sign in the wallet").click()
        assert recover(SIGNED.hash, outcome(page, signature))[0] == ADDRESS
    assert wallet.asked[1:] == ["eth_chainId", "wallet_switchEthereumChain", "eth_chainId", "eth_signTypedData_v4"]


@pytest.mark.browser
def test_a_wallet_that_cannot_switch_signs_nothing_and_its_holder_says_no() -> None:
    """threat_17."""
    wallet = Wallet(chain=1, switches=False)
    with serving(ADDRESS) as (signer, _), page_with(wallet) as page, signing(signer) as signature:
        page.goto(signer.url)
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("button", name="Sign in the wallet").click()
        page.get_by_text("Unrecognized chain").wait_for()
        page.get_by_role("button", name="Do not sign").click()
        with pytest.raises(Refused, match="its holder does not want to"):
            outcome(page, signature)
    assert "eth_signTypedData_v4" not in wallet.asked


@pytest.mark.browser
def test_a_refusal_in_the_wallet_is_told() -> None:
    with serving(ADDRESS) as (signer, _), page_with(Wallet(signs=False)) as page, signing(signer) as signature:
        page.goto(signer.url)
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("button", name="Sign in the wallet").click()
        with pytest.raises(Refused, match="User denied message signature"):
            outcome(page, signature)


@pytest.mark.browser
def test_what_another_key_signed_is_refused() -> None:
    """threat_34."""
    wallet = Wallet(key=keccak(b"another key"))
    with serving() as (signer, _), page_with(wallet) as page, signing(signer) as signature:
        page.goto(signer.url)
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("button", name="Sign in the wallet").click()
        with pytest.raises(Refused, match="'s, not 0x"):
            outcome(page, signature)


@pytest.mark.browser
def test_a_page_without_a_wallet_or_account_or_token_says_so() -> None:
    with serving(ADDRESS) as (signer, _), signing(signer) as signature:
        with page_with(Wallet(), "none") as page:
            page.goto(signer.url.split("#")[0])
            page.get_by_text("not, or no longer, the one").wait_for()
            page.goto("about:blank")
            page.goto(signer.url)
            page.get_by_text("has no wallet").wait_for()
        desk(signer).answer(refused="enough")
        with pytest.raises(Refused):
            signature.result(20)
    strange = Address("0x0000000000000000000000000000000000000007")
    with serving(strange, patience=5) as (signer, _), page_with(Wallet()) as page, signing(signer) as signature:
        page.goto(signer.url)
        page.get_by_role("button", name="Connect").click()
        page.get_by_text("does not offer 0x0000000000000000000000000000000000000007").wait_for()
        with pytest.raises(Unreachable, match="nobody answered"):
            outcome(page, signature)


# ---- by hand ---------------------------------------------------------------------------------------------------------


class Desk:
    """A page that a test plays, with every header that it may get wrong."""

    def __init__(self, signer: BrowserSigner) -> None:
        origin, _, self.token = signer.url.partition("/#")
        self.host = origin.removeprefix("http://")
        self.headers = {
            "X-Gov-Token": self.token,
            "X-Gov-Page": "the page",
            "Origin": origin,
            "Content-Type": "application/json",
        }

    def ask(self, method: str, path: str, body: bytes | None = None, **changed: str | None) -> http.client.HTTPResponse:
        names = {name.replace("-", "_"): name for name in (*self.headers, "Host", "Sec-Fetch-Site", "Content-Length")}
        given = {**self.headers, **{names[name]: value for name, value in changed.items()}}
        line = http.client.HTTPConnection(self.host, timeout=10)
        line.request(method, path, body, {name: value for name, value in given.items() if value is not None})
        response = line.getresponse()
        self.body = response.read()
        line.close()
        return response

    def task(self) -> dict[str, Any]:
        assert self.ask("GET", "/task").status == 200
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    def answer(self, **given: Any) -> int:
        """The answer to the task that is open, once one is."""
        while (task := self.task())["do"] == "wait":
            threading.Event().wait(0.01)
        return self.ask("POST", "/answer", json.dumps({"task": task["task"], **given}).encode()).status


def desk(signer: BrowserSigner) -> Desk:
    made = Desk(signer)
    made.headers["X-Gov-Page"] = signer._desk.page or "the page"
    return made


@contextmanager
def connected() -> Iterator[tuple[Desk, Future[bytes]]]:
    with serving() as (signer, _), signing(signer) as signature:
        try:
            yield desk(signer), signature
        finally:
            desk(signer).answer(refused="the test is over")


@pytest.mark.parametrize(
    ("method", "changed", "status"),
    [
        ("GET", {"X_Gov_Token": "guessed"}, 404),
        ("GET", {"X_Gov_Token": None}, 404),
        ("GET", {"X_Gov_Page": None}, 404),
        ("GET", {"X_Gov_Page": "a second page"}, 404),
        ("GET", {"Host": "rebound.example"}, 403),
        ("GET", {"Host": "localhost:80"}, 403),
        ("GET", {"Origin": "https://rebound.example"}, 403),
        ("GET", {"Origin": "null"}, 403),
        ("GET", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("GET", {"Sec_Fetch_Site": "same-site"}, 403),
        ("POST", {"Origin": None}, 403),
        ("POST", {"Origin": "https://rebound.example"}, 403),
        ("POST", {"Host": "rebound.example"}, 403),
        ("POST", {"X_Gov_Token": "guessed"}, 404),
        ("POST", {"X_Gov_Page": "a second page"}, 404),
        ("POST", {"Content_Type": "text/plain"}, 409),
        ("POST", {"Content_Length": str(MAX_ANSWER + 1)}, 409),
        ("POST", {"Content_Length": "-1"}, 409),
    ],
)
def test_who_is_not_the_page_gets_nothing(method: str, changed: dict[str, str | None], status: int) -> None:
    """threat_57: neither another site, nor a rebound name, nor a second page, nor another user without the token."""
    with connected() as (page, _):
        task = page.task()
        body = json.dumps({"task": task["task"], "account": ELSEWHERE}).encode() if method == "POST" else None
        response = page.ask(method, "/task" if method == "GET" else "/answer", body, **changed)
        assert (response.status, page.body) == (status, b"")
        assert page.task()["do"] == "connect"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"[" * 2000, b'{"task": 99, "account": "0x"}', b'{"task": 1, "account": 5}']
)
def test_what_is_no_answer_to_the_task_is_not_taken(body: bytes) -> None:
    with connected() as (page, _):
        page.task()
        assert page.ask("POST", "/answer", body).status == 409
        assert page.task()["do"] == "connect"


def test_every_answer_is_taken_once_and_only_for_its_task() -> None:
    with serving() as (signer, _), signing(signer) as signature:
        page = desk(signer)
        assert page.answer(account=ADDRESS.lower()) == 200
        while (task := page.task())["do"] != "sign":
            threading.Event().wait(0.01)
        late = json.dumps({"task": task["task"] - 1, "signature": "0x"}).encode()
        assert page.ask("POST", "/answer", late).status == 409
        assert page.answer(signature="0x" + by_key(json.loads(task["typed_data"])).hex()) == 200
        assert recover(SIGNED.hash, signature.result(10))[0] == ADDRESS
        again = json.dumps({"task": task["task"], "signature": "0x"}).encode()
        assert page.ask("POST", "/answer", again).status == 409
        assert page.task()["do"] == "wait"


@pytest.mark.parametrize("path", [*PAGES, "/task", "/nowhere", "/../keys.json"])
def test_every_reply_forbids_what_the_page_does_not_need(path: str) -> None:
    with connected() as (page, _):
        response = page.ask("GET", path)
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
        assert response.status == (200 if path in PAGES or path == "/task" else 404)
        assert response.headers["Server"] == "gov"
        assert page.token not in page.body.decode()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"account": "0x12"}, Unreachable, "with an account"),
        ({"account": "alice"}, Unreachable, "with an account"),
        ({"nothing": ""}, Unreachable, "with a account"),
        ({"account": ELSEWHERE.lower()}, Refused, "the wallet offers"),
        ({"refused": "no \x1b[2K"}, Refused, "no \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_wrong_account_is_no_account(given: dict[str, str], error: type[GovError], said: str) -> None:
    with serving(ADDRESS) as (signer, _), signing(signer) as signature:
        assert desk(signer).answer(**given) == 200
        with pytest.raises(error, match=said.replace("[", r"\[")):
            signature.result(10)


def test_a_signature_that_is_none_and_silence_are_unreachable() -> None:
    with serving(patience=0.5) as (signer, _), signing(signer) as signature:
        page = desk(signer)
        page.answer(account=ADDRESS)
        while page.task()["do"] != "sign":
            threading.Event().wait(0.01)
        page.answer(signature="yes")
        with pytest.raises(Unreachable, match="with a signature"):
            signature.result(10)
    with serving(patience=0.01) as (signer, _), pytest.raises(Unreachable, match="nobody answered"):
        signer.sign(SIGNED)


def test_when_it_is_put_away_nobody_listens() -> None:
    """threat_57: and it says nothing of its token."""
    with serving() as (signer, _):
        assert desk(signer).token not in repr(signer)
    with pytest.raises(ConnectionRefusedError):
        desk(signer).ask("GET", "/")
