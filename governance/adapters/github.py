"""One comment on a pull request, by GitHub's REST API: found by its mark, and written anew; never a second one.

The token comes from the environment of the job and goes to the API's host alone: redirects are not followed. What is
written is text that somebody else may have had a hand in: it is sent as data, and cut to what GitHub takes.
"""

import json
import re
import urllib.error
import urllib.request
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from governance.core.errors import Refused, Rejected, Unreachable
from governance.core.units import shown

API_VERSION = "2022-11-28"
TIMEOUT = 30.0
"""Seconds that the API may be silent."""
MOST_PAGES = 50
"""Of a hundred comments each."""
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_SHA = re.compile(r"[0-9a-f]{40}")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nowhere: the token would go along."""


class PullRequest:
    """One pull request of one repository."""

    def __init__(self, api: str, repository: str, number: int, token: str) -> None:
        parts = urlsplit(api)
        local = parts.hostname in {"127.0.0.1", "localhost"}
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise Rejected("GITHUB_API_URL is no https URL")
        if not _REPOSITORY.fullmatch(repository):
            raise Rejected(f"`{shown(repository)}` names no repository", hint="write OWNER/NAME")
        if number < 1:
            raise Rejected(f"{number} is no number of a pull request")
        self._base = f"{api.rstrip('/')}/repos/{repository}"
        self._number = number
        self.__token = token
        self._opener = urllib.request.build_opener(_Stay)

    def require_head(self, sha: str) -> None:
        """Refuse unless this commit is the head of the pull request: a job may be told any number by what it reads."""
        if not _SHA.fullmatch(sha):
            raise Rejected("a commit's id has 40 hexadecimal digits")
        found = self._ask("GET", f"/pulls/{self._number}")
        if not isinstance(found, dict) or found.get("head", {}).get("sha") != sha:
            raise Refused(f"pull request {self._number} is not at commit {sha}", hint="a newer run will comment")

    def say(self, mark: str, text: str) -> str:
        """Write the comment that begins with `mark`: a new one, or the one that is there. Gives which it was."""
        if not text.startswith(mark):
            raise Rejected("the comment does not begin with its mark")
        there = self._mine(mark)
        if there is None:
            self._ask("POST", f"/issues/{self._number}/comments", {"body": text})
            return "written"
        self._ask("PATCH", f"/issues/comments/{there}", {"body": text})
        return "updated"

    def _mine(self, mark: str) -> int | None:
        """The oldest comment with the mark that was written by a bot: others may copy the mark, and cannot be edited."""
        for page in range(1, MOST_PAGES + 1):
            found = self._ask("GET", f"/issues/{self._number}/comments?per_page=100&page={page}")
            if not isinstance(found, list):
                raise Unreachable("GitHub did not answer with a list of comments")
            for each in found:
                if str(each.get("body", "")).startswith(mark) and each.get("user", {}).get("type") == "Bot":
                    return int(each["id"])
            if len(found) < 100:
                return None
        raise Refused(f"pull request {self._number} has more comments than anybody reads")

    def _ask(self, method: str, path: str, document: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - https, or this very machine: see above
            f"{self._base}{path}",
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": API_VERSION,
                "Authorization": f"Bearer {self.__token}",
                "Content-Type": "application/json",
            },
        )
        try:
            response: HTTPResponse
            with self._opener.open(request, timeout=TIMEOUT) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            hint = "the job needs pull-requests: write" if error.code in {401, 403, 404} else "try again"
            raise Refused(f"GitHub answers {error.code} to {method} {path.partition('?')[0]}", hint=hint) from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"GitHub does not answer: {type(error).__name__}") from None
