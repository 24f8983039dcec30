// Compiles the contracts and writes the artifacts that the Python package ships and the Python tests use.
//
//   node scripts/artifacts.mjs            write them
//   node scripts/artifacts.mjs --check    rebuild into a temporary directory and compare byte for byte; exit 1 on a difference
//
// An artifact is one JSON document with sorted keys, so that equal sources and an equal compiler give equal bytes.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Namespaces, steadyLayout } from "./namespaces.mjs";

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(project);

// file name, contract name, version, path of the artifact in forge's output
const SHIPPED = [
  ["ManifestDispatcher", "ManifestDispatcher", "1", "ManifestDispatcher.sol"],
  ["DeterministicChunkFactory", "DeterministicChunkFactory", "1", "DeterministicChunkFactory.sol"],
  ["PolicyAnchor", "PolicyAnchor", "1", "PolicyAnchor.sol"],
  ["FeeFacet@1", "FeeFacetV1", "1", "FeeFacetV1.sol"],
  ["FeeFacet@2", "FeeFacetV2", "2", "FeeFacetV2.sol"],
  ["TreasuryFacet@1", "TreasuryFacetV1", "1", "TreasuryFacetV1.sol"],
];

const DOUBLES = [
  ["DispatcherV1Double", "DispatcherV1Double", "1", "DispatcherV1Double.sol"],
  ["DispatcherCompactDouble", "DispatcherCompactDouble", "1", "DispatcherCompactDouble.sol"],
  ["DispatcherP4Double", "DispatcherP4Double", "1", "DispatcherP4Double.sol"],
  ["DiamondDouble", "DiamondDouble", "1", "DiamondDouble.sol"],
  ["Reverter", "Reverter", "1", "Targets.sol"],
  ["Sink", "Sink", "1", "Targets.sol"],
  ["HostileReceiver", "HostileReceiver", "1", "Targets.sol"],
  ["Box", "Box", "1", "Targets.sol"],
  ["FeeFacet@3", "ShiftedFeeFacet", "3", "Facets.sol"],
  ["FeeFacet@4", "ExtendedFeeFacet", "4", "Facets.sol"],
  ...[
    "AgainFacet",
    "BurnFacet",
    "ClashingFacet",
    "EndingFacet",
    "LendingFacet",
    "MisplacedFacet",
    "OnceFacet",
    "OpenFacet",
    "PlainFacet",
    "RivalFacet",
    "ShadowedFacet",
    "ThawingFacet",
  ].map((name) => [name, name, "1", "Facets.sol"]),
];

/** Runs forge into `out`, from scratch, and answers nothing; a failed build ends the script. */
function build(out) {
  const cache = join(out, "cache");
  const run = spawnSync("forge", ["build", "--force", "--out", out, "--cache-path", cache, "src", "test/doubles", "test/imports"], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(project, "node_modules", ".bin")}${delimiter}${process.env.PATH}` },
  });
  if (run.status !== 0) {
    throw new Error(`forge build failed\n${run.stdout ?? ""}${run.stderr ?? run.error}`);
  }
}

/** The same value with every object's keys in order. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/** One artifact of ours, from forge's output. */
function ours(out, namespaces, [, contractName, version, source]) {
  const compiled = JSON.parse(readFileSync(join(out, source, `${contractName}.json`), "utf8"));
  const { compiler, settings } = compiled.metadata;
  return {
    contractName,
    version,
    abi: compiled.abi,
    bytecode: compiled.bytecode.object,
    deployedBytecode: compiled.deployedBytecode.object,
    immutableReferences: Object.values(compiled.deployedBytecode.immutableReferences ?? {}).flat(),
    methodIdentifiers: compiled.methodIdentifiers,
    storageLayout: steadyLayout(compiled.storageLayout),
    namespaces: namespaces.of(Object.keys(settings.compilationTarget)[0], contractName),
    compiler: {
      name: "solc",
      version: compiler.version,
      evmVersion: settings.evmVersion,
      optimizer: settings.optimizer,
      metadata: settings.metadata,
    },
  };
}

/** OpenZeppelin's timelock as its authors compiled it; only the wrapping is ours. */
function timelock(out) {
  const home = join(project, "node_modules", "@openzeppelin", "contracts");
  const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  const published = JSON.parse(readFileSync(join(home, "build", "contracts", "TimelockController.json"), "utf8"));
  const here = JSON.parse(readFileSync(join(out, "TimelockController.sol", "TimelockController.json"), "utf8"));
  const entries = (abi) => abi.map((entry) => JSON.stringify(sorted(entry))).sort();
  if (entries(published.abi).join() !== entries(here.abi).join()) {
    throw new Error("the published TimelockController has another ABI than its source");
  }
  return {
    contractName: published.contractName,
    version,
    abi: published.abi,
    bytecode: published.bytecode,
    deployedBytecode: published.deployedBytecode,
    immutableReferences: [],
    methodIdentifiers: here.methodIdentifiers,
    storageLayout: steadyLayout(here.storageLayout),
    compiler: { name: "as published in the npm package @openzeppelin/contracts", version },
  };
}

/** Every artifact as [path from the repository's root, bytes]. */
function artifacts(out) {
  const text = (value) => `${JSON.stringify(sorted(value), null, 1)}\n`;
  const namespaces = new Namespaces(project);
  const shipped = SHIPPED.map((row) => [join("governance", "artifacts", `${row[0]}.json`), text(ours(out, namespaces, row))]);
  const doubles = DOUBLES.map((row) => [join("tests", "artifacts", `${row[0]}.json`), text(ours(out, namespaces, row))]);
  return [...shipped, [join("governance", "artifacts", "TimelockController.json"), text(timelock(out))], ...doubles];
}

/** What differs between `wanted` and the tree: missing, changed, and files that nobody builds. */
function differences(wanted) {
  const names = new Set(wanted.map(([path]) => path));
  const found = [];
  for (const [path, text] of wanted) {
    let present = null;
    try {
      present = readFileSync(join(root, path), "utf8");
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
    if (present === null) found.push(`missing   ${path}`);
    else if (present !== text) found.push(`different ${path}`);
  }
  for (const folder of ["governance/artifacts", "tests/artifacts"]) {
    for (const file of readdirSync(join(root, folder))) {
      const path = join(folder, file);
      if (file.endsWith(".json") && !names.has(path)) found.push(`stray     ${path}`);
    }
  }
  return found;
}

const checking = process.argv.includes("--check");
const out = mkdtempSync(join(tmpdir(), "gov-contracts-"));
try {
  build(out);
  const wanted = artifacts(out);
  if (checking) {
    const found = differences(wanted);
    for (const line of found) console.error(line);
    if (found.length === 0) console.log(`${wanted.length} artifacts are what their sources compile to`);
    process.exitCode = found.length === 0 ? 0 : 1;
  } else {
    for (const [path, text] of wanted) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      console.log(relative(process.cwd(), join(root, path)));
    }
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
