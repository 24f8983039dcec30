#!/usr/bin/env node
// Runs one of Foundry's tools from npm: node bin/foundry.mjs forge test
//
// The wrappers that npm links (node_modules/.bin/forge) end with status 0 even when the tool fails, so a failing test would
// pass for a green one. This one ends as the tool ended.

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const system = { win32: "win32", darwin: "darwin", linux: "linux" }[process.platform];
const machine = { x64: "amd64", arm64: "arm64" }[process.arch];

/** Where npm put the tool's native binary for this machine. */
export function binary(tool) {
  const home = dirname(require.resolve(`@foundry-rs/${tool}-${system}-${machine}/package.json`));
  return join(home, "bin", process.platform === "win32" ? `${tool}.exe` : tool);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [tool, ...rest] = process.argv.slice(2);
  if (!["forge", "anvil", "cast"].includes(tool)) {
    console.error("usage: foundry.mjs forge|anvil|cast …");
    process.exit(2);
  }
  const run = spawnSync(binary(tool), rest, { stdio: "inherit" });
  if (run.error) throw run.error;
  process.exit(run.status ?? 1);
}
