"""A Microsoft Graph of our own: real HTTPS on loopback, three origins, and every misbehaviour that was seen or documented.

The token endpoint checks the signature of the certificate's assertion; the download origin fails when a token arrives; every
request is remembered, so that a test can ask what was sent where.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import trustme
from cryptography import x509

from uptake.adapters.graph.clouds import Cloud

BOM = b"\xef\xbb\xbf"
HEADER = (
    "Report Refresh Date,User Principal Name,Last Activation Date,Last Activity Date,Report Period,"
    "Windows,Mac,Mobile,Web,Outlook,Word,Excel,PowerPoint,OneNote,Teams\r\n"
)


def detail(users: int = 3, refresh: str = "2026-11-19") -> bytes:
    """A user detail report as it comes: with a byte order mark."""
    rows = (f"{refresh},u{n}@x,,{refresh},30,Yes,No,No,No,No,Yes,No,No,No,No\r\n" for n in range(users))
    return BOM + (HEADER + "".join(rows)).encode()


@dataclass
class Tenant:
    """How the fake behaves for one tenant."""

    reports: dict[str, bytes] = field(default_factory=lambda: {"getM365AppUserDetail": detail()})
    how: str = "redirect"
    """redirect, body, address, foreign (redirect elsewhere), http (redirect without TLS), expired, loop, hop."""
    throttle: int = 0
    """Answers 429 so often before each report."""
    retry_after: str | None = "0"
    """None: no such header."""
    fail: dict[str, int] = field(default_factory=dict)
    """Path → status."""
    consent: bool = True
    concealed: bool = True
    pages: int = 1
    foreign_page: bool = False
    same_page: bool = False
    etag: str = ""
    expire_tokens: int = 0
    """So many tokens are answered with 401."""
    break_off: int = 0
    """So many downloads end in the middle."""
    delay: float = 0.0


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    origin: str
    path: str
    query: str
    authorization: str


class FakeGraph:
    """Three servers with one certificate authority."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.tenants: dict[str, Tenant] = {}
        self.seen: list[Seen] = []
        self.counts: Counter[str] = Counter()
        self.tokens: dict[str, str] = {}
        self.downloads: dict[str, tuple[str, str]] = {}
        self.assertion_key: Any = None
        self._lock = threading.Lock()
        self._servers: dict[str, ThreadingHTTPServer] = {}

    def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        for origin in ("graph", "login", "download", "foreign"):
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, origin))
            server.daemon_threads = True
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True, args=(0.05,)).start()
            self._servers[origin] = server

    def stop(self) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def url(self, origin: str) -> str:
        """Graph and login at localhost; downloads at localhost too, the foreign host at 127.0.0.1."""
        host = "127.0.0.1" if origin == "foreign" else "localhost"
        return f"https://{host}:{self._servers[origin].server_port}"

    @property
    def cloud(self) -> Cloud:
        return Cloud("fake", "Fake", self.url("graph"), self.url("login"), ("localhost",))

    @property
    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def remember(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)

    def count(self, key: str) -> int:
        with self._lock:
            self.counts[key] += 1
            return self.counts[key]

    def sent_to(self, origin: str) -> list[Seen]:
        return [each for each in self.seen if each.origin == origin]

    @property
    def secrets(self) -> list[str]:
        """All that must stand in no log: tokens and the tickets of downloads."""
        return [*self.tokens, *self.downloads]


@contextmanager
def serving() -> Iterator[FakeGraph]:
    fake = FakeGraph()
    fake.start()
    try:
        yield fake
    finally:
        fake.stop()


def _handler(fake: FakeGraph, origin: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            authorization = self.headers.get("Authorization", "")
            fake.remember(Seen(origin, parts.path, parts.query, authorization))
            try:
                ANSWERS[origin](fake, self, parts.path, parts.query, body)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                self.close_connection = True

        def send(self, status: int, data: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def send_json(self, content: Any, status: int = 200, **headers: str) -> None:
            self.send(status, json.dumps(content).encode(), Content_Type="application/json", **headers)

        def send_half(self, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True

    return Handler


def _login(fake: FakeGraph, request: Any, path: str, _query: str, body: bytes) -> None:
    tenant = path.strip("/").split("/")[0]
    if path.endswith("openid-configuration"):
        base = f"{fake.url('login')}/{tenant}"
        request.send_json(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token", "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize", "device_authorization_endpoint": f"{base}/devicecode",
            }
        )  # fmt: skip
        return
    form = parse_qs(body.decode())
    if tenant not in fake.tenants or not fake.tenants[tenant].consent:
        request.send_json(
            {"error": "unauthorized_client", "error_description": "AADSTS700016: not in this directory"}, 400
        )
        return
    if fake.assertion_key is not None:
        assertion = form["client_assertion"][0]
        head = jwt.get_unverified_header(assertion)
        jwt.decode(assertion, fake.assertion_key, algorithms=["PS256"], options={"verify_aud": False})
        if "x5t#S256" not in head:
            request.send_json({"error": "invalid_client"}, 401)
            return
    elif form.get("client_secret") != ["very secret"]:
        request.send_json({"error": "invalid_client"}, 401)
        return
    token = f"token-{tenant}-{fake.count('token')}-abcdefghijklmnop"
    fake.tokens[token] = tenant
    request.send_json({"access_token": token, "token_type": "Bearer", "expires_in": 3600})


def _graph(fake: FakeGraph, request: Any, path: str, query: str, _body: bytes) -> None:
    tenant = fake.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if tenant is None:
        request.send_json({"error": {"code": "InvalidAuthenticationToken", "message": "no token"}}, 401)
        return
    how, call = fake.tenants[tenant], path.removeprefix("/v1.0")
    time.sleep(how.delay)
    if how.expire_tokens and fake.count(f"expired {tenant}") <= how.expire_tokens:
        request.send_json({"error": {"code": "InvalidAuthenticationToken", "message": "expired"}}, 401)
    elif call in how.fail:
        request.send_json({"error": {"code": "Failed", "message": "secret details"}}, how.fail[call])
    elif how.throttle and fake.count(f"throttle {tenant} {call}") <= how.throttle:
        headers = {} if how.retry_after is None else {"Retry_After": how.retry_after}
        request.send_json({"error": {"code": "TooManyRequests", "message": "slow down"}}, 429, **headers)
    elif call.startswith("/reports/"):
        _report(fake, request, tenant, how, call.removeprefix("/reports/"))
    elif call == "/admin/reportSettings":
        request.send_json({"displayConcealedNames": how.concealed})
    else:
        _list(fake, request, how, call, query)


def _report(fake: FakeGraph, request: Any, tenant: str, how: Tenant, function: str) -> None:
    name = function.partition("(")[0]
    if name not in how.reports:
        request.send_json(
            {"error": {"code": "BadRequest", "message": f"Resource not found for the segment '{name}'."}}, 400
        )
        return
    headers = {"ETag": how.etag} if how.etag else {}
    if how.etag and request.headers.get("If-None-Match") == how.etag:
        request.send(304, **headers)
        return
    if how.how == "body":
        request.send(200, how.reports[name], Content_Type="application/octet-stream", **headers)
        return
    ticket = f"ticket-{tenant}-{fake.count('ticket')}-qrstuvwxyz"
    fake.downloads[ticket] = (tenant, name)
    origin = "foreign" if how.how == "foreign" else "download"
    address = f"{fake.url(origin)}/data/v1.0/download?token={ticket}"
    if how.how == "http":
        address = address.replace("https://", "http://")
    if how.how == "address":
        request.send(200, address.encode(), Content_Type="application/octet-stream", **headers)
    else:
        request.send(302, Location=address, **headers)


def _list(fake: FakeGraph, request: Any, how: Tenant, call: str, query: str) -> None:
    page = int(parse_qs(query).get("page", ["1"])[0])
    content: dict[str, Any] = {
        "value": [
            {"skuId": f"sku{page}", "skuPartNumber": "SPE_E3", "consumedUnits": 1, "prepaidUnits": {"enabled": 10}}
        ]
    }
    if page < how.pages:
        origin = "foreign" if how.foreign_page else "graph"
        content["@odata.nextLink"] = (
            f"{fake.url(origin)}/v1.0{call}?page={page if how.same_page and page > 1 else page + 1}"
        )
    request.send_json(content)


def _download(fake: FakeGraph, request: Any, _path: str, query: str, _body: bytes) -> None:
    if request.headers.get("Authorization"):
        request.send_json({"error": "a token has no business here"}, 400)
        return
    ticket = parse_qs(query).get("token", [""])[0]
    tenant, name = fake.downloads.get(ticket, ("", ""))
    if not tenant:
        request.send(403)
        return
    how = fake.tenants[tenant]
    if how.how == "expired":
        request.send(403)
    elif how.how == "loop":
        request.send(302, Location=f"/data/v1.0/download?token={ticket}")
    elif how.how == "hop":
        request.send(302, Location=f"{fake.url('foreign')}/x?token={ticket}")
    elif how.break_off and fake.count(f"half {tenant}") <= how.break_off:
        request.send_half(how.reports[name])
    else:
        request.send(200, how.reports[name], Content_Type="text/csv")


def _foreign(_fake: FakeGraph, request: Any, _path: str, _query: str, _body: bytes) -> None:
    request.send(200, b"you should not have come here")


ANSWERS: dict[str, Callable[[FakeGraph, Any, str, str, bytes], None]] = {
    "login": _login, "graph": _graph, "download": _download, "foreign": _foreign,
}  # fmt: skip


def public_key_of(certificate: bytes) -> Any:
    return x509.load_pem_x509_certificate(certificate).public_key()
