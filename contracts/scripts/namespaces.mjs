// The layouts of ERC-7201 structs, which a compiler's storageLayout leaves out: it speaks of state variables only.
//
// solc computes them, not we: every struct marked `@custom:storage-location erc7201:ID` is made the one state variable of a
// contract of its own, and compiled. The same sources and compiler as the build; nothing is written.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const MARK = /@custom:storage-location\s+erc7201:(\S+)/;
const SOURCE = "namespaces.sol";

/** A storage layout without the compiler's AST numbers, which change with files that have nothing to do with it. */
export function steadyLayout(layout) {
  const plain = (type) => type.replace(/\)\d+(_storage|_memory)?/g, ")$1");
  const member = ({ label, offset, slot, type }) => ({ label, offset, slot, type: plain(type) });
  const types = Object.entries(layout?.types ?? {}).map(([name, type]) => {
    const { encoding, label, numberOfBytes, base, key, value, members } = type;
    const kept = { encoding, label, numberOfBytes };
    if (base) kept.base = plain(base);
    if (key) kept.key = plain(key);
    if (value) kept.value = plain(value);
    if (members) kept.members = members.map(member);
    return [plain(name), kept];
  });
  if (new Set(types.map(([name]) => name)).size !== types.length) {
    throw new Error(`two types of one layout have one name: ${types.map(([name]) => name)}`);
  }
  return { storage: (layout?.storage ?? []).map(member), types: Object.fromEntries(types) };
}

/** Every node below `node`, itself first. */
function* nodes(node) {
  if (Array.isArray(node)) {
    for (const each of node) yield* nodes(each);
  } else if (node !== null && typeof node === "object") {
    if (node.nodeType) yield node;
    for (const each of Object.values(node)) yield* nodes(each);
  }
}

/** The namespaces of contracts, by what their code refers to. */
export class Namespaces {
  constructor(project) {
    this.project = project;
    this.solc = createRequire(join(project, "package.json"))("solc");
    this.known = new Map(); // source file to its AST nodes by id, of that compilation
    this.layouts = new Map(); // source file and struct to layout
  }

  /** Namespace id to layout, of every marked struct that the contract or what it refers to can reach. */
  of(file, contractName) {
    const found = {};
    for (const struct of this._reached(file, contractName)) {
      const [, id] = struct.documentation?.text?.match(MARK) ?? [];
      if (!id) continue;
      if (found[id]) throw new Error(`${contractName} has two structs for the namespace ${id}`);
      found[id] = this._layout(struct);
    }
    return found;
  }

  /** Struct definitions that the contract can reach: its bases' own, and all that any of its code refers to. */
  _reached(file, contractName) {
    const byId = this._nodes(file);
    const contract = [...byId.values()].find(
      (node) => node.nodeType === "ContractDefinition" && node.name === contractName,
    );
    const waiting = [...contract.linearizedBaseContracts];
    const seen = new Set(waiting);
    const structs = [];
    while (waiting.length > 0) {
      for (const node of nodes(byId.get(waiting.pop()))) {
        if (node.nodeType === "StructDefinition") structs.push(node);
        const id = node.referencedDeclaration;
        const to = byId.get(id);
        // A contract that is only named (an interface that is called, a library before a dot) is not walked whole.
        if (!to || to.nodeType === "ContractDefinition" || seen.has(id)) continue;
        seen.add(id);
        waiting.push(id);
      }
    }
    return [...new Map(structs.map((struct) => [struct.id, struct])).values()];
  }

  _nodes(file) {
    if (!this.known.has(file)) {
      const compiled = this._compile({ [file]: { content: this._read(file) } }, { "*": { "": ["ast"] } });
      const byId = new Map();
      for (const [source, { ast }] of Object.entries(compiled.sources)) {
        for (const node of nodes(ast)) byId.set(node.id, { ...node, source });
      }
      this.known.set(file, byId);
    }
    return this.known.get(file);
  }

  _layout({ source, canonicalName }) {
    const key = `${source}:${canonicalName}`;
    if (!this.layouts.has(key)) {
      const [outer, ...inner] = canonicalName.split(".");
      const content = `// SPDX-License-Identifier: MIT
import {${outer} as Outer} from "${source}";
contract Wrapper { ${["Outer", ...inner].join(".")} kept; }`;
      const compiled = this._compile({ [SOURCE]: { content } }, { [SOURCE]: { Wrapper: ["storageLayout"] } });
      const { types, storage } = steadyLayout(compiled.contracts[SOURCE].Wrapper.storageLayout);
      const { members } = types[storage[0].type];
      delete types[storage[0].type];
      this.layouts.set(key, { storage: members, types });
    }
    return this.layouts.get(key);
  }

  _compile(sources, outputSelection) {
    const remappings = ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/"];
    const input = { language: "Solidity", sources, settings: { remappings, outputSelection } };
    const read = (path) => ({ contents: this._read(path) });
    const compiled = JSON.parse(this.solc.compile(JSON.stringify(input), { import: read }));
    const errors = (compiled.errors ?? []).filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
    return compiled;
  }

  _read(path) {
    return readFileSync(join(this.project, path), "utf8");
  }
}
