"""The jobs of a council's repository, their steps run as scripts: what they may do, what they say, and that they say it once.

Covers threat_52 (a policy cannot loosen itself), threat_67 (text of proposals in pages).
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from governance.adapters.github import PullRequest
from governance.core.errors import Refused, Rejected, Unreachable
from governance.life.draft import workspace_files
from governance.life.pullrequest import MARK, MOST
from tests.apps.conftest import ONE, ROOT, Gov
from tests.githubapi import Api, serving

At = Callable[[str], Gov]
SHA = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "t0ken-canary"
REVIEW = yaml.safe_load(workspace_files()[".github/workflows/proposals.yml"])
COMMENT = yaml.safe_load(workspace_files()[".github/workflows/proposals-comment.yml"])
ACTION = yaml.safe_load((ROOT / "deploy/github/action.yml").read_text("utf-8"))
STEPS = {
    "proposals": REVIEW["jobs"]["review"]["steps"],
    "proposals-comment": COMMENT["jobs"]["comment"]["steps"],
    "action": ACTION["runs"]["steps"],
}


# ---- what the jobs may do ----------------------------------------------------------------------------------------------


def test_the_job_that_reads_has_no_right_to_write_and_no_secret() -> None:
    assert REVIEW["permissions"] == {"contents": "read"}
    assert list(REVIEW[True]) == ["pull_request"]  # YAML 1.1 reads `on` as true
    assert all("permissions" not in job for job in REVIEW["jobs"].values())
    assert "secrets" not in json.dumps(REVIEW) + json.dumps(ACTION)
    checkouts = [step for step in STEPS["proposals"] if "checkout" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False, False]


def test_the_drill_runs_daily_and_on_pull_requests_with_no_right_and_no_secret() -> None:
    drill = yaml.safe_load(workspace_files()[".github/workflows/emergency-drill.yml"])
    assert set(drill[True]) == {"schedule", "pull_request", "workflow_dispatch"}
    assert drill["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in drill["jobs"].values())
    assert "secrets" not in json.dumps(drill)
    words = [step["run"] for step in drill["jobs"]["drill"]["steps"] if step.get("name") == "drill"]
    assert words == ['gov emergency drill --known ${PAYER:+--payer "$PAYER"} | tee -a "$GITHUB_STEP_SUMMARY"']


def test_the_job_that_writes_reads_nothing_of_the_pull_request() -> None:
    assert list(COMMENT[True]) == ["workflow_run"]
    assert COMMENT["permissions"] == {}
    assert COMMENT["jobs"]["comment"]["permissions"] == {
        "actions": "read",
        "pull-requests": "write",
        "security-events": "write",
    }
    assert not any("checkout" in step.get("uses", "") for step in STEPS["proposals-comment"])
    assert "pull_request_target" not in json.dumps([REVIEW, COMMENT])


@pytest.mark.parametrize("where", STEPS)
def test_no_text_of_anybody_stands_in_a_script(where: str) -> None:
    """threat_67: an expression inside of a script is code."""
    for step in STEPS[where]:
        assert "${{" not in step.get("run", ""), step


def test_it_is_judged_by_the_policy_of_the_base_branch() -> None:
    """threat_52"""
    base = next(step["with"] for step in STEPS["proposals"] if step.get("with", {}).get("path") == ".base")
    assert base["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert "--in-force .base/policies.yaml" in script("proposals", "tell")


def script(where: str, name: str) -> str:
    (found,) = [step["run"] for step in STEPS[where] if step.get("name") == name]
    return str(found)


# ---- the steps, run ----------------------------------------------------------------------------------------------------


def run(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As the host's shell would; `gov` is the one of this environment."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    paths = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", line],
        cwd=folder,
        env={**plain, "PATH": paths, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def council(tmp_path: Path) -> Path:
    """A repository with a workspace, and the policy of its main branch."""
    Gov(tmp_path).done("init")
    (tmp_path / ".base").mkdir()
    (tmp_path / ".base/policies.yaml").write_text((tmp_path / "policies.yaml").read_text())
    return tmp_path


def told(folder: Path) -> str:
    return (folder / ".told/comment.md").read_text("utf-8")


def prepare(folder: Path, variables: str = "{}", number: str = "7") -> str:
    env = folder / "env"
    env.write_text("")
    made = run(script("proposals", "review"), folder, VARIABLES=variables, NUMBER=number, GITHUB_ENV=str(env))
    assert made.returncode == 0, made
    return env.read_text()


def test_without_an_endpoint_it_says_that_nothing_was_rehearsed(council: Path) -> None:
    prepare(council)
    made = run(script("proposals", "tell"), council)
    assert made.returncode == 0, made
    assert told(council).startswith(MARK)
    assert "NOT REHEARSED: no endpoint is known here" in told(council)
    assert (council / ".told/number").read_text() == "7\n"
    assert json.loads((council / ".told/findings.sarif").read_text())["runs"][0]["results"] == []


def test_only_https_endpoints_of_the_repositorys_variables_are_taken(council: Path) -> None:
    given = {
        "GOV_RPC_MAINNET": "https://rpc.example.org",
        "GOV_RPC_EVIL": "https://x\nPATH=/evil",
        "GOV_RPC_PLAIN": "http://rpc.example.org",
        "PATH": "https://evil",
    }
    assert prepare(council, json.dumps(given)) == "GOV_RPC_MAINNET=https://rpc.example.org\n"
    assert prepare(council, "null") == ""


def test_a_proposal_that_is_not_allowed_fails_the_job_and_is_told(council: Path) -> None:
    file = council / f"proposals/{ONE}.yaml"
    file.write_text(file.read_text().replace("author: alice", "author: mallory"))
    prepare(council)
    made = run(script("proposals", "tell"), council)
    assert made.returncode == 1, made
    assert f"What stands against `{ONE}`" in told(council)
    results = json.loads((council / ".told/findings.sarif").read_text())["runs"][0]["results"]
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"proposals/{ONE}.yaml"


def test_a_pull_request_that_loosens_the_policy_is_judged_by_the_one_in_force(council: Path) -> None:
    """threat_52"""
    policy = council / "policies.yaml"
    text = policy.read_text()
    assert "delay: 48 h" in text
    policy.write_text(text.replace("delay: 48 h", "delay: 1 s", 1))
    prepare(council)
    made = run(script("proposals", "tell"), council)
    assert (made.returncode, "What stands against `policies.yaml`" in told(council)) == (1, True), made


HOSTILE = "x | `y` <img src=x> @all [z](https://evil.example) ${{ github.token }} $(id)"


def test_hostile_words_stay_words(council: Path) -> None:
    """threat_67"""
    file = council / f"proposals/{ONE}.yaml"
    file.write_text(re.sub(r"title: .*", f"title: '{HOSTILE}'", file.read_text(), count=1))
    prepare(council, number="7; id")
    run(script("proposals", "tell"), council)
    row = next(line for line in told(council).splitlines() if line.startswith("| `0001"))
    assert "`` " + HOSTILE.replace("|", "\\|") + " ``" in row or "``" + HOSTILE.replace("|", "\\|") + "``" in row


@pytest.mark.node
def test_with_an_endpoint_it_rehearses_and_counts_signatures(at: At) -> None:
    gov = at("signed")
    run_in = gov.root
    (run_in / ".base").mkdir(exist_ok=True)
    (run_in / ".base/policies.yaml").write_text((run_in / "policies.yaml").read_text())
    prepare(run_in)
    made = run(script("proposals", "tell"), run_in)
    assert made.returncode == 0, made
    text = told(run_in)
    assert "| approved | 3 of 3 | nothing was found that must not be |" in text
    assert f"<summary>Report of {ONE}</summary>" in text
    assert len(text) <= MOST


@pytest.mark.node
@pytest.mark.parametrize("spoil", ["signature", "lock", "report"])
def test_what_was_tampered_with_is_found(at: At, spoil: str) -> None:
    gov = at("signed")
    file = {
        "signature": next((gov.root / f"proposals/{ONE}.signatures").iterdir()),
        "lock": gov.lock_file(),
        "report": gov.root / f"proposals/{ONE}.report.md",
    }[spoil]
    text = file.read_text() if file.exists() else ""
    changed = {
        "signature": re.sub(r'("signature": "0x)(..)', r"\g<1>77", text),
        "lock": text.replace('"value": "0"', '"value": "1"', 1),
        "report": text + "\n@all approved",
    }[spoil]
    assert changed != text
    file.write_text(changed)
    prepare(gov.root)
    made = run("gov pr review --comment .told/comment.md", gov.root)
    assert (made.returncode, f"What stands against `{ONE}`" in told(gov.root)) == (1, True), made


def test_the_action_does_the_same(council: Path) -> None:
    environment = {"WORKSPACE": ".", "IN_FORCE": "", "COMMENT": "c.md", "SARIF": "f.sarif"}
    made = run(script("action", "tell"), council, **environment)
    assert made.returncode == 0, made
    assert (council / "c.md").read_text().startswith(MARK)
    made = run(script("action", "tell"), council, **{**environment, "IN_FORCE": ".base/policies.yaml"})
    assert made.returncode == 0, made


# ---- the comment -------------------------------------------------------------------------------------------------------


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(SHA) as made:
        yield made


def post(
    folder: Path, api: Api, text: str, *, number: str = "7\n", head: str = SHA
) -> subprocess.CompletedProcess[str]:
    (folder / "told").mkdir(exist_ok=True)
    (folder / "told/comment.md").write_text(text)
    (folder / "told/number").write_text(number)
    environment = {"GITHUB_API_URL": api.url, "GITHUB_REPOSITORY": "council/upgrades", "GITHUB_TOKEN": TOKEN}
    return run(script("proposals-comment", "comment"), folder, HEAD=head, **environment)


def test_there_is_one_comment_however_often_it_runs(tmp_path: Path, api: Api) -> None:
    for _ in range(150):
        api.said("a discussion")
    api.said(f"{MARK}\nI copied this", kind="User")
    first = post(tmp_path, api, f"{MARK}\nfirst")
    second = post(tmp_path, api, f"{MARK}\nsecond")
    assert (first.returncode, second.returncode) == (0, 0), (first, second)
    assert ("written: " in first.stdout, "updated: " in second.stdout) == (True, True)
    mine = [each["body"] for each in api.comments if each["user"]["type"] == "Bot"]
    assert mine == [f"{MARK}\nsecond"]
    assert api.comments[150]["body"] == f"{MARK}\nI copied this"
    assert api.tokens == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("text", "number", "head", "why"),
    [
        ("no mark", "7", SHA, "is not what gov pr review writes"),
        (f"{MARK}\nx", "7; rm -rf /", SHA, "holds no number"),
        (f"{MARK}\nx", "8", SHA, "GitHub does not answer"),
        (f"{MARK}\nx", "7", "f" * 40, "is not at commit"),
        (f"{MARK}\nx", "7", "main", "40 hexadecimal digits"),
        (f"{MARK}\n" + "x" * 300_000, "7", SHA, "has more than"),
        (f"{MARK}\nx", "7" * 40, SHA, "has more than"),
    ],
)
def test_what_the_other_job_left_is_held_against_what_is_known(
    tmp_path: Path, api: Api, text: str, number: str, head: str, why: str
) -> None:
    made = post(tmp_path, api, text, number=number, head=head)
    assert made.returncode != 0
    assert why in made.stderr
    assert [each for each in api.comments if each["user"]["type"] == "Bot"] == []
    assert TOKEN not in made.stdout + made.stderr


def test_tools_are_told_what_was_done(tmp_path: Path, api: Api) -> None:
    post(tmp_path, api, f"{MARK}\nfirst")
    environment = {"GITHUB_API_URL": api.url, "GITHUB_REPOSITORY": "council/upgrades", "GITHUB_TOKEN": TOKEN}
    line = f"gov pr comment --file told/comment.md --number told/number --head {SHA} --json"
    assert json.loads(run(line, tmp_path, **environment).stdout) == {
        "schema": "governance/comment/v1",
        "number": 7,
        "done": "updated",
    }


def test_a_comment_that_is_too_long_is_cut(tmp_path: Path, api: Api) -> None:
    assert post(tmp_path, api, f"{MARK}\n" + "x" * 100_000).returncode == 0
    assert len(api.comments[-1]["body"]) == MOST


def test_a_redirect_takes_the_token_nowhere(api: Api) -> None:
    api.status, api.location = 302, "http://127.0.0.1:9/"
    pull = PullRequest(api.url, "council/upgrades", 7, TOKEN)
    with pytest.raises(Refused, match="GitHub answers 302"):
        pull.require_head(SHA)


@pytest.mark.parametrize(
    ("url", "repository", "number"),
    [("http://example.org", "a/b", 1), ("https://x", "a/b/c", 1), ("https://x", "a b/c", 1), ("https://x", "a/b", 0)],
)
def test_what_the_job_is_told_wrongly_is_rejected(url: str, repository: str, number: int) -> None:
    with pytest.raises(Rejected):
        PullRequest(url, repository, number, TOKEN)


def test_an_api_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable) as caught:
        PullRequest("http://127.0.0.1:9", "a/b", 1, TOKEN).require_head(SHA)
    assert TOKEN not in str(caught.value)


def test_a_job_without_its_environment_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(f"{MARK}\n")
    (tmp_path / "n").write_text("7")
    made: Any = run(f"gov pr comment --file c.md --number n --head {SHA}", tmp_path)
    assert (made.returncode, "GITHUB_API_URL is not set" in made.stderr) == (2, True)
