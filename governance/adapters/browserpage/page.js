// What the wallet is asked, and what it answers. Text goes in as text only; the page decides nothing.
"use strict";
const part = (id) => document.getElementById(id);
const token = location.hash.slice(1);
let page = sessionStorage.getItem("page");
if (!page) {
  page = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("page", page);
}
const headers = { "X-Gov-Token": token, "X-Gov-Page": page, "Content-Type": "application/json" };
const wallets = new Map();
let wallet = null;
let shown = 0;

const say = (words) => { part("say").textContent = words; };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const reason = (error) => String((error && error.message) || error).slice(0, 200);

async function answer(task, given) {
  part("sign").hidden = part("refuse").hidden = true;
  part("wallets").replaceChildren();
  const reply = await fetch("/answer", { method: "POST", headers, body: JSON.stringify({ task: task.task, ...given }) });
  say(reply.ok ? "Handed to the terminal. Look there." : "The terminal did not take the answer.");
}

function offer(task) {
  const buttons = [...wallets].map(([name, provider]) => {
    const button = document.createElement("button");
    button.textContent = `Connect ${name}`;
    button.addEventListener("click", () => connect(task, provider));
    return button;
  });
  part("wallets").replaceChildren(...buttons);
  say(buttons.length ? "Choose the wallet that signs." : "This browser has no wallet (no EIP-1193 provider).");
}

async function connect(task, provider) {
  try {
    const accounts = await provider.request({ method: "eth_requestAccounts" });
    const same = (account) => account.toLowerCase() === (task.wanted || account).toLowerCase();
    const account = accounts.find(same);
    if (!account) return say(`The wallet does not offer ${task.wanted}: choose this account in it, and connect again.`);
    wallet = provider;
    await answer(task, { account });
  } catch (error) {
    say(`The wallet says no: ${reason(error)}`);
  }
}

function show(task) {
  part("words").textContent = task.words;
  const lines = [["domain hash", task.domain_hash], ["message hash", task.message_hash], ["signed hash", task.hash]];
  part("hashes").replaceChildren(...lines.map(([name, hash]) => {
    const row = document.createElement("tr");
    for (const text of [name, hash.slice(2).replace(/(.{4})/g, "$1 ").trim()]) row.insertCell().textContent = text;
    return row;
  }));
  say(`Read, compare, then sign as ${task.address} on chain ${task.chain_id}.`);
  part("sign").onclick = () => sign(task);
  part("refuse").onclick = () => answer(task, { refused: "its holder does not want to" });
  part("sign").hidden = part("refuse").hidden = false;
}

async function sign(task) {
  const wanted = BigInt(task.chain_id);
  const onChain = async () => BigInt(await wallet.request({ method: "eth_chainId" })) === wanted;
  try {
    if (!(await onChain())) {
      say(`The wallet is on another chain: let it switch to ${task.chain_id}.`);
      await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId: "0x" + wanted.toString(16) }] });
      if (!(await onChain())) return say(`The wallet is still on another chain than ${task.chain_id}.`);
    }
    say("Look at the wallet: compare what it shows, then sign there.");
    const signature = await wallet.request({ method: "eth_signTypedData_v4", params: [task.address, task.typed_data] });
    await answer(task, { signature });
  } catch (error) {
    if (error && error.code === 4001) return answer(task, { refused: reason(error) });
    say(`The wallet says: ${reason(error)} Try again, or do not sign.`);
  }
}

async function ask() {
  const reply = await fetch("/task", { headers });
  if (!reply.ok) { say("This page is not, or no longer, the one that gov waits for."); return false; }
  const task = await reply.json();
  if (task.do === "connect" && !wallet) {
    if (task.task !== shown || part("wallets").childElementCount !== wallets.size) offer(task);
  }
  if (task.do === "sign" && task.task !== shown) {
    if (!wallet) { say("Connect the wallet again: gov sign, once more."); return false; }
    show(task);
  }
  shown = task.task;
  return true;
}

addEventListener("eip6963:announceProvider", (event) => {
  wallets.delete("the wallet");
  wallets.set(event.detail.info.name, event.detail.provider);
});

(async () => {
  if (window.ethereum) wallets.set("the wallet", window.ethereum);
  dispatchEvent(new Event("eip6963:requestProvider"));
  try {
    while (await ask()) await pause(300);
  } catch {
    say("gov has finished, or was stopped: look at the terminal. You can close this page.");
  }
})();
