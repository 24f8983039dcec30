"""A real Chromium, driven from outside, with a wallet put into its pages.

Where none is installed the tests skip and say so; with `GOV_CHROMIUM=required`, as `.ci/run` sets it, they fail.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-sandbox"),
)
Provider = Callable[[str, list[Any]], Any]
"""Answers an EIP-1193 request; what it raises reaches the page as an error with code 4001, as a wallet's refusal does."""

WALLET = """
(() => {
  const request = async ({ method, params }) => {
    const reply = JSON.parse(await window.askTheTest(method, JSON.stringify(params || [])));
    if (reply.error) throw Object.assign(new Error(reply.error), { code: reply.code });
    return reply.result;
  };
  const provider = { request };
  if (MODE === "injected") window.ethereum = provider;
  if (MODE === "announced") {
    const detail = Object.freeze({ info: { uuid: "1", name: "Test Wallet", icon: "", rdns: "test" }, provider });
    const announce = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    addEventListener("eip6963:requestProvider", announce);
  }
})();
"""


class SaysNo(Exception):
    """The wallet's holder, or the wallet, refuses."""

    def __init__(self, message: str, code: int = 4001) -> None:
        super().__init__(message)
        self.code = code


def program() -> str:
    """The Chromium of this machine."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get("GOV_CHROMIUM") == "required":
        pytest.fail("GOV_CHROMIUM=required, and there is no Chromium: apt-get install chromium")
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, and the page is tried in a real browser")
    return found


@contextmanager
def page_with(provider: Provider, mode: str = "injected") -> Iterator["Page"]:
    """A page with a wallet in it; every fault that the page reports fails the test."""
    path = program()
    from playwright.sync_api import sync_playwright

    def asked(method: str, params: str) -> str:
        try:
            return json.dumps({"result": provider(method, json.loads(params))})
        except SaysNo as error:
            return json.dumps({"error": str(error), "code": error.code})

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            page = browser.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
            page.expose_function("askTheTest", asked)
            page.add_init_script(WALLET.replace("MODE", json.dumps(mode)))
            yield page
            assert faults == []
        finally:
            browser.close()
