"""The workspace folder: policies.yaml, proposals/ with all that lies beside them, artifacts. Every read is fresh and read once.

It follows no symbolic link out of the folder and writes files all or nothing.
"""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from governance.adapters.almanac import almanac_of, almanac_of_copy, keep_files
from governance.adapters.artifacts import Artifacts, shipped
from governance.adapters.files import Limits, load, read_text, write_atomically
from governance.adapters.files import parse as parse_yaml
from governance.adapters.mailbox import FileApprovals, FileHolds, FileMailbox
from governance.adapters.plugins import admit_installed
from governance.core import policy as core_policy
from governance.core import proposal as core_proposal
from governance.core.artifact import Artifact
from governance.core.errors import Refused, Rejected
from governance.core.kinds import KINDS
from governance.core.lock import SCHEMA as LOCK_SCHEMA
from governance.core.officehours import NO_ALMANAC
from governance.core.policy import Policy
from governance.core.proposal import PROPOSAL_ID, Proposal
from governance.core.strictjson import parse
from governance.core.tree import canonical
from governance.core.tree import digest as tree_digest
from governance.core.units import Bytes32, shown, to_hex

MAX_REPORT_BYTES = 4 * 1024 * 1024
MAX_LOCK_BYTES = 16 << 20
COPY_LIMITS = Limits(max_bytes=2 << 20)
"""A policy's copy is JSON, which spells some characters longer than the file it was made of."""


class FileWorkspace:
    """A workspace on disk; see `governance.life.site.Workspace` for what each method promises."""

    def __init__(self, root: Path) -> None:
        admit_installed()
        self.root = root
        # What was read last, beside the text that it was read from: the same words are not parsed twice.
        self._policy: tuple[str, Policy] | None = None
        self._proposals: dict[str, tuple[str, Proposal]] = {}

    @property
    def policy_file(self) -> Path:
        """`policies.yaml`."""
        return self.root / "policies.yaml"

    @property
    def proposals_folder(self) -> Path:
        """`proposals/`."""
        return self.root / "proposals"

    @cached_property
    def _artifacts(self) -> Artifacts:
        return shipped(self.root)

    def policy(self) -> Policy:
        """Read `policies.yaml`."""
        if not self.policy_file.exists():
            raise Rejected(f"{self.root / 'policies.yaml'} does not exist", hint="make a workspace with gov init")
        text = read_text(self.policy_file, "policies.yaml")
        if self._policy is not None and self._policy[0] == text:
            return self._policy[1]
        tree = parse_yaml(text, "policies.yaml")
        almanac = almanac_of(tree, self.root)
        found = core_policy.read(tree, file="policies.yaml", kinds=frozenset(KINDS), almanac=almanac)
        self._policy = (text, found) if almanac == NO_ALMANAC else None  # files beside it may have changed
        return found

    def policy_copy(self, digest: Bytes32) -> Path:
        """Where the copy of a policy is that something was locked under."""
        return self.proposals_folder / "policies" / f"{to_hex(digest)}.json"

    def earlier_policy(self, digest: Bytes32) -> Policy:
        """Read a copy: one name, one digest, one content."""
        file = self.policy_copy(digest)
        shown_as = self.shown(file)
        hint = f"restore {shown_as} from git's history; it is written by gov lock and belongs beside the lock files"
        if not file.exists():
            raise Refused(f"the policy {to_hex(digest)}, under which something was locked, is lost", hint=hint)
        try:
            tree = load(file, shown_as, COPY_LIMITS)
            found = tree_digest(tree)
            if found != digest:
                raise Refused(f"{shown_as} has digest {to_hex(found)}: it is not the policy of its name", hint=hint)
            almanac = almanac_of_copy(tree, file.parent)
            return core_policy.read(tree, file=shown_as, kinds=frozenset(KINDS), almanac=almanac)
        except Rejected as error:
            raise Refused(f"{shown_as} cannot be judged by", hint=hint, findings=error.findings) from error

    def keep_policy(self, digest: Bytes32) -> None:
        """Write the canonical JSON of `policies.yaml`, once."""
        tree = load(self.policy_file, "policies.yaml")
        if tree_digest(tree) != digest:
            raise Refused("policies.yaml was edited while it was read", hint="run it again")
        file, text = self.policy_copy(digest), canonical(tree).decode()
        if not file.exists() or read_text(file, self.shown(file), max_bytes=COPY_LIMITS.max_bytes) != text:
            write_atomically(file, text)
        keep_files(tree, self.root, file.parent)

    def proposal_file(self, proposal_id: str) -> Path:
        """Where a proposal's YAML is."""
        if not PROPOSAL_ID.fullmatch(proposal_id):
            raise Rejected(f"`{shown(proposal_id)}` is not a proposal id", hint="such as 0007-swap-fee-facet")
        return self.proposals_folder / f"{proposal_id}.yaml"

    def proposal_ids(self) -> list[str]:
        """Every `proposals/NNNN-….yaml`, ascending."""
        return sorted(f.stem for f in self.proposals_folder.glob("*.yaml") if PROPOSAL_ID.fullmatch(f.stem))

    def misnamed(self) -> list[str]:
        """YAML files in `proposals/` that are no proposals by their name, and so would never be looked at."""
        files = [file for ending in ("*.yaml", "*.yml") for file in self.proposals_folder.glob(ending)]
        return sorted(self.shown(f) for f in files if f.suffix == ".yml" or not PROPOSAL_ID.fullmatch(f.stem))

    def proposal(self, proposal_id: str) -> Proposal:
        """Read and check one proposal."""
        file = self.proposal_file(proposal_id)
        if not file.exists():
            raise Rejected(f"there is no proposal {proposal_id}", hint=f"expected {self.shown(file)}")
        text = read_text(file, self.shown(file))
        known = self._proposals.get(proposal_id)
        if known is not None and known[0] == text:
            return known[1]
        tree = parse_yaml(text, self.shown(file))
        models = {name: kind.document for name, kind in KINDS.items()}
        found = core_proposal.read(tree, id=proposal_id, file=self.shown(file), models=models)
        self._proposals[proposal_id] = text, found
        return found

    def lock_file(self, proposal_id: str) -> Path:
        """Where a proposal's lock file is."""
        return self.proposal_file(proposal_id).with_suffix(".lock.json")

    def lock(self, proposal_id: str) -> Mapping[str, Any] | None:
        """Read the lock file; its pins and plan are proven by whoever opens it."""
        file = self.lock_file(proposal_id)
        if not file.exists():
            return None
        shown_as = self.shown(file)
        document = parse(read_text(file, shown_as, max_bytes=MAX_LOCK_BYTES), shown_as=shown_as)
        if not _is_lock(document, proposal_id):
            raise Rejected(
                f"{shown_as} is not a lock file of {proposal_id}", hint=f"write it anew: gov lock {proposal_id}"
            )
        return dict(document)

    def write_lock(self, proposal_id: str, document: Mapping[str, Any]) -> str:
        """Write the lock file, all or nothing."""
        file = self.lock_file(proposal_id)
        write_atomically(file, json.dumps(document, indent=2, sort_keys=True) + "\n")
        return self.shown(file)

    def report_file(self, proposal_id: str) -> Path:
        """Where the report of a proposal is."""
        return self.proposal_file(proposal_id).with_suffix(".report.md")

    def report(self, proposal_id: str) -> str | None:
        """The report as it was written when the proposal was locked."""
        file = self.report_file(proposal_id)
        return read_text(file, self.shown(file), max_bytes=MAX_REPORT_BYTES) if file.exists() else None

    def write_report(self, proposal_id: str, text: str | None) -> str:
        """Write the report, or take away one of another time."""
        file = self.report_file(proposal_id)
        if text is None:
            file.unlink(missing_ok=True)
        else:
            write_atomically(file, text)
        return self.shown(file)

    def mailbox(self, proposal_id: str) -> FileMailbox:
        """The folder of signatures beside the proposal."""
        return FileMailbox(self.proposal_file(proposal_id).with_suffix(".signatures"), proposal_id)

    def approvals(self, proposal_id: str) -> FileApprovals:
        """The folder of approvals beside the proposal."""
        return FileApprovals(self.proposal_file(proposal_id).with_suffix(".approvals"), proposal_id)

    def holds(self, proposal_id: str) -> FileHolds:
        """The folder of holds beside the proposal."""
        return FileHolds(self.proposal_file(proposal_id).with_suffix(".holds"), proposal_id)

    def artifact(self, name: str) -> Artifact:
        """A compiled contract, the workspace's own first."""
        return self._artifacts.get(name)

    def artifact_names(self) -> list[str]:
        """The workspace's and the package's."""
        return self._artifacts.names()

    def shown(self, file: Path) -> str:
        """A file's name relative to the workspace, for messages."""
        return file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else file.name


def _is_lock(document: Any, proposal_id: str) -> bool:
    if not isinstance(document, dict) or document.get("schema") != LOCK_SCHEMA:
        return False
    networks = document.get("networks")
    if not isinstance(document.get("report", 0), str | None):
        return False
    if document.get("proposal") != proposal_id or not isinstance(document.get("digest"), str):
        return False
    return isinstance(networks, dict) and all(
        isinstance(entry, dict) and isinstance(entry.get("pins"), dict) and isinstance(entry.get("plan"), dict)
        for entry in networks.values()
    )
