"""Tries the login of a hosted app with a provider of identities of its own: python -m deploy.login

A tiny OpenID Connect provider stands on loopback, and knows whoever comes as SUBJECT. A browser logs in from the page
Train, finds the run that belongs to that subject, and no longer does after it has logged out. It needs Authlib
(pip install 'streamlit[auth]'), as the login itself does.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import torch
from playwright.sync_api import Page, expect, sync_playwright

from nade_core.runs import Owned, Request, create, give, hashed, plan
from nade_core.runs.folder import write_status

from .check import HOST, PATIENCE, ROOT, answering, free_port

SUBJECT, NAME, CLIENT = "student-17", "A Student", "nade-lab"
SECRETS = """[auth]
redirect_uri = "{app}/oauth2callback"
cookie_secret = "a secret for the check, long enough for it"
client_id = "{client}"
client_secret = "known to both"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


class Provider(BaseHTTPRequestHandler):
    """The four answers that a login asks for; the identity is signed with the key of the server."""

    server: Any

    def do_GET(self) -> None:
        at, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if at.path == "/authorize":
            self.server.nonce = asked.get("nonce", [""])[0]
            self.send_response(302)
            back = urlencode({"code": "a code", "state": asked["state"][0]})
            self.send_header("Location", f"{asked['redirect_uri'][0]}?{back}")
            self.end_headers()
        elif at.path == "/keys":
            self._say({"keys": [self.server.key.as_dict(private=False, use="sig", kid="one", alg="RS256")]})
        else:
            self._say(self._metadata())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        now = int(time.time())
        claims = {"iss": self.server.address, "sub": SUBJECT, "name": NAME, "aud": CLIENT, "nonce": self.server.nonce}
        identity = self.server.sign({**claims, "iat": now, "exp": now + 600})
        self._say({"access_token": "unused", "token_type": "Bearer", "expires_in": 600, "id_token": identity})

    def _metadata(self) -> dict:
        at = self.server.address
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {
            "issuer": at,
            **{name: f"{at}/{path}" for name, path in places.items()},
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _say(self, value: dict) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def provider() -> Iterator[str]:
    """The provider on loopback: its address."""
    from joserfc import jwk, jwt

    server: Any = ThreadingHTTPServer((HOST, 0), Provider)
    server.address, server.key = f"http://{HOST}:{server.server_port}", jwk.RSAKey.generate_key(2048)
    server.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, server.key)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.address
    finally:
        server.shutdown()


def a_run_of(owner: str, runs: Path) -> None:
    """A finished run in the folder of runs."""
    folder = create(runs / "of-seventeen", plan(Request("mnist", "Independent"), torch.device("cpu")))
    write_status(folder, "done")
    give(folder, Owned(hashed(owner)))


@contextmanager
def hosted(folder: Path, provider: str) -> Iterator[str]:
    """The app with that login, its secrets in a folder of their own: its address."""
    port = free_port()
    secrets = folder / "secrets.toml"
    secrets.write_text(SECRETS.format(app=f"http://{HOST}:{port}", client=CLIENT, provider=provider))
    environment = {**os.environ, "NADE_HOSTED": "1", "NADE_RUNS": str(folder / "runs"), "PORT": port, "ADDRESS": HOST}
    command = ["sh", "deploy/start.sh", "--secrets.files", str(secrets)]
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with answering(subprocess.Popen(command, cwd=ROOT, env=environment), f"{HOST}:{port}"):
        yield f"http://{HOST}:{port}"


def walk(page: Page, app: str) -> None:
    """Somebody without a login sees no run; logged in, his; logged out, none. Both ways lead to the first page."""
    train, home = f"{app}/train?lang=en", re.compile(rf"^{app}/(\?.*)?$")
    page.goto(train)
    expect(page.get_by_text("No runs yet.")).to_be_visible()
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(home)
    page.goto(train)
    expect(page.get_by_text(f"Logged in as {NAME}")).to_be_visible()
    expect(page.get_by_text("Finished: the model is in the list of the other chapters.")).to_be_visible()
    print("Who logs in finds his run, known by the hash of his subject.")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(home)
    page.goto(train)
    expect(page.get_by_text("No runs yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    print("Who logs out no longer does.")


def main() -> None:
    if find_spec("authlib") is None or find_spec("httpx") is None:
        print("Authlib is not here: the login is not tried.")
        return
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as name, provider() as identities, sync_playwright() as playwright:
        folder = Path(name)
        a_run_of(f"{identities} {SUBJECT}", folder / "runs")
        with hosted(folder, identities) as app:
            chromium = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium")
            page = chromium.new_page()
            page.set_default_timeout(PATIENCE)
            walk(page, app)


if __name__ == "__main__":
    main()
