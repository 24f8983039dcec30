// Builds OpenZeppelin's StandardMerkleTree over the routes of a file, once for every line that comes in.
//
//     node bench/merkle.mjs PACKAGE_JSON ROUTES_JSON
//
// The line is how many routes to take; the answer is a JSON line {seconds, root}. Reading the file is not measured.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [base, file] = process.argv.slice(2);
const { StandardMerkleTree } = createRequire(base)("@openzeppelin/merkle-tree");
const routes = JSON.parse(readFileSync(file, "utf8"));

for await (const line of createInterface({ input: process.stdin })) {
  const values = routes.slice(0, Number(line));
  const start = performance.now();
  const { root } = StandardMerkleTree.of(values, ["bytes4", "address", "bytes32"]);
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(JSON.stringify({ seconds, root }) + "\n");
}
