"""Calls to Microsoft Graph: tokens, paging, throttling, ETags, and reports behind a redirect that must not see the token.

Documented and observed (usage.md, A2): a report answers 302 with an address that needs no token, or 200 with the body, or 200 with
the address as text. Answers 429 come with and without Retry-After. Nothing secret is logged: the loggers of httpx and httpcore are
silenced here, because they would write whole addresses.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx
import msal  # type: ignore[import-untyped]

from uptake.adapters.graph.clouds import Cloud
from uptake.adapters.graph.secrets import Application
from uptake.core.errors import UptakeError

log = logging.getLogger("uptake.graph")
TIMEOUT = httpx.Timeout(60.0, connect=20.0)
MOST_TRIES = 6
MOST_WAITING = 900.0
"""Seconds that one call may wait in all; beyond it the run goes on with other tenants and comes back later."""
LONGEST_PAUSE = 300.0
MOST_REDIRECTS = 3
MOST_PAGES = 20_000
LARGEST_JSON = 64 << 20
LARGEST_REPORT = 1 << 30
LONGEST_REPORT = 1800.0
"""Seconds for one download; a server that sends a byte a minute does not hold a run."""
AGAIN = frozenset((429, 500, 502, 503, 504))
TALKATIVE = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


class _Silence(logging.Filter):
    """Lets nothing through: what these loggers say holds addresses with tokens and headers."""

    def filter(self, _: logging.LogRecord) -> bool:
        return False


SILENCE = _Silence()


def silence_transport() -> None:
    """Keep the transport's loggers from writing addresses and headers, whatever level somebody sets."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        if SILENCE not in logger.filters:
            logger.addFilter(SILENCE)


class GraphError(UptakeError):
    """A call that failed; message and hint hold neither tokens nor addresses of downloads."""

    def __init__(self, message: str, hint: str = "", status: int = 0, code: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.code = code


class ThrottledError(GraphError):
    """Still throttled after all tries: come back later."""


class ConsentError(GraphError):
    """The customer's administrator has not agreed, or a right is missing."""


class BrokenOffError(GraphError):
    """A report that ended in the middle: fetch it again."""


class UntrustedAddressError(GraphError):
    """An address that Microsoft Graph gave and that is none of its hosts; nothing was sent there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer with its ETag; `is_unchanged` for 304."""

    content: Mapping[str, Any]
    etag: str = ""
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """What became of a report: its size in bytes, or that it has not changed."""

    size: int
    etag: str = ""
    is_unchanged: bool = False


@dataclass(slots=True)
class Pauses:
    """How to wait; replaced in tests."""

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: random.Random = field(default_factory=random.Random)


class _MsalTransport:
    """httpx as msal wants it: msal gives a signed assertion as bytes, which httpx would write as `b'…'`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> httpx.Response:
        return self._http.get(url, params=params, headers=headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> httpx.Response:
        form = {key: value.decode() if isinstance(value, bytes) else value for key, value in (data or {}).items()}
        return self._http.post(url, params=params, data=form, headers=headers)

    def close(self) -> None:
        """The client belongs to whoever made it."""


class Tokens:
    """Access tokens of one application for any tenant, from msal's own cache; never written anywhere."""

    def __init__(self, cloud: Cloud, application: Application, http: httpx.Client) -> None:
        self._cloud = cloud
        self._application = application
        self._http = http
        self._clients: dict[str, msal.ConfidentialClientApplication] = {}

    def of(self, tenant: str, *, fresh: bool = False) -> str:
        """A token for Microsoft Graph in a tenant. Raises `ConsentError` or `GraphError` without the secret in it."""
        if fresh:
            self._clients.pop(tenant, None)
        try:
            found = self._client(tenant).acquire_token_for_client([f"{self._cloud.graph}/.default"])
        except (httpx.HTTPError, ValueError) as error:  # msal: ValueError for an answer that is no JSON
            raise GraphError(
                f"signing in to tenant {tenant} failed: {type(error).__name__}", "Is its id right?"
            ) from None
        token = found.get("access_token")
        if isinstance(token, str):
            return token
        code = str(found.get("error", ""))
        message = f"signing in to tenant {tenant} failed: {code or 'no token'}"
        if code in ("unauthorized_client", "consent_required", "invalid_grant", "access_denied"):
            raise ConsentError(message, "Send the customer's administrator the consent link.", code=code)
        raise GraphError(
            message, "Check the application's id, its certificate or secret, and when it expires.", code=code
        )

    def _client(self, tenant: str) -> msal.ConfidentialClientApplication:
        client = self._clients.get(tenant)
        if client is None:
            try:
                client = msal.ConfidentialClientApplication(
                    self._application.client_id,
                    client_credential=self._application.credential(),
                    authority=self._cloud.authority(tenant),
                    validate_authority=False,
                    instance_discovery=False,
                    http_client=_MsalTransport(self._http),
                )
            except (ValueError, httpx.HTTPError) as error:
                raise GraphError(
                    f"signing in to tenant {tenant} failed: {type(error).__name__}", "Is its id right?"
                ) from None
            self._clients[tenant] = client
        return client


class GraphClient:
    """Calls for one tenant. Not shared between threads."""

    def __init__(
        self, cloud: Cloud, tenant: str, tokens: Tokens, http: httpx.Client, pauses: Pauses | None = None
    ) -> None:
        silence_transport()
        self.cloud = cloud
        self.tenant = tenant
        self._tokens = tokens
        self._http = http
        self._pauses = pauses or Pauses()
        self._token = ""

    # JSON

    def get(self, path: str, *, etag: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """A JSON object. `path` begins with `/`."""
        response = self._call(self.cloud.root + path, {**({"If-None-Match": etag} if etag else {}), **(headers or {})})
        try:
            if response.status_code == 304:
                return Answer({}, etag, is_unchanged=True)
            return Answer(self._json(response), response.headers.get("ETag", ""))
        finally:
            response.close()

    def pages(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]:
        """All items of a list, page by page. A next page at another host is refused before anything is sent there."""
        url, seen = self.cloud.root + path, set[str]()
        for _ in range(MOST_PAGES):
            if url in seen:
                raise GraphError("Microsoft Graph gave the same page twice")
            seen.add(url)
            response = self._call(url, headers or {})
            try:
                content = self._json(response)
            finally:
                response.close()
            items = content.get("value")
            yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
            url = content.get("@odata.nextLink") or ""
            if not url:
                return
            if not isinstance(url, str) or not self.cloud.is_own(url):
                raise UntrustedAddressError(
                    "the next page lies at a host that is not Microsoft Graph's; it was not fetched"
                )
        raise GraphError(f"more than {MOST_PAGES:,} pages")

    def _json(self, response: httpx.Response) -> Mapping[str, Any]:
        data = _bounded(response, LARGEST_JSON)
        try:
            content = httpx.Response(200, content=data).json()
        except (ValueError, RecursionError):
            raise GraphError("Microsoft Graph answered with something that is not JSON") from None
        if not isinstance(content, dict):
            raise GraphError("Microsoft Graph answered with something that is no object")
        return content

    # Reports

    def download(self, function: str, into: BinaryIO, *, etag: str = "") -> Download:
        """A report as CSV, written as it comes. `function` is for example `getM365AppUserDetail(period='D30')`.

        Raises `UntrustedAddressError` where the address is not one of the cloud's; the token is not sent to any download.
        """
        headers = {"Accept": "*/*", **({"If-None-Match": etag} if etag else {})}
        response = self._call(f"{self.cloud.root}/reports/{function}", headers)
        try:
            if response.status_code == 304:
                return Download(0, etag, is_unchanged=True)
            found = response.headers.get("ETag", "")
            if response.is_redirect:
                return Download(self._fetch(response.headers.get("Location", ""), into), found)
            head = b""
            chunks = response.iter_bytes(1 << 16)
            for chunk in chunks:
                head += chunk
                if len(head) >= 4096:
                    break
            address = _address_in(head)
            if address:
                return Download(self._fetch(address, into), found)
            return Download(_written(_joined(head, chunks), into), found)
        except httpx.HTTPError as error:
            raise BrokenOffError(f"the report broke off: {type(error).__name__}", "Fetch it again.") from None
        finally:
            response.close()

    def _fetch(self, address: str, into: BinaryIO) -> int:
        """The body behind a pre-authenticated address, without the token; every redirect is looked at again."""
        for _ in range(MOST_REDIRECTS):
            if not self.cloud.may_download(address):
                raise UntrustedAddressError(
                    "the report lies at a host that is not one of this cloud's; it was not fetched"
                )
            response = self._send(address, {})
            try:
                if response.is_redirect:
                    address = urljoin(address, response.headers.get("Location", ""))
                    continue
                if response.status_code != 200:
                    hint = "Addresses of reports hold for a few minutes; fetch the report again."
                    raise GraphError(f"the download answered {response.status_code}", hint, response.status_code)
                return _written(response.iter_bytes(1 << 16), into)
            finally:
                response.close()
        raise GraphError("the download was redirected too often")

    # One call

    def _call(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """The answer of Microsoft Graph, with patience; 200, 302 and 304 come back, all else is an error."""
        waited, renewed = 0.0, False
        for attempt in range(MOST_TRIES):
            self._token = self._token or self._tokens.of(self.tenant)
            response = self._send(
                url, {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **headers}
            )
            status = response.status_code
            if status in (200, 304) or response.is_redirect:
                return response
            if status == 401 and not renewed:
                response.close()
                self._token, renewed = self._tokens.of(self.tenant, fresh=True), True
                continue
            if status not in AGAIN or attempt == MOST_TRIES - 1:
                raise self._problem(response)
            pause = self._pause(response, attempt)
            response.close()
            if waited + pause > MOST_WAITING:
                break
            log.info("tenant %s: %s answered %d, waiting %.0f s", self.tenant, _name(url), status, pause)
            self._pauses.sleep(pause)
            waited += pause
        raise ThrottledError(
            f"{_name(url)} is still throttled", "The limit counts per tenant; the next run tries again.", 429
        )

    def _send(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """One request as a stream; a broken connection is tried again twice."""
        for attempt in range(3):
            try:
                request = self._http.build_request("GET", url, headers=dict(headers))
                return self._http.send(request, stream=True, follow_redirects=False)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if attempt == 2 or isinstance(error, httpx.InvalidURL):
                    raise GraphError(
                        f"{urlsplit(url).hostname or 'the host'} cannot be reached: {type(error).__name__}"
                    ) from None
                self._pauses.sleep(2.0**attempt)
        raise AssertionError  # the loop returns or raises

    def _pause(self, response: httpx.Response, attempt: int) -> float:
        """Seconds: what Retry-After says, as a number or a date; without it twice as long each time, with a little chance."""
        said = response.headers.get("Retry-After", "")
        seconds = None
        if said.strip().isdigit():
            seconds = float(said)
        elif said:
            try:
                seconds = (parsedate_to_datetime(said) - self._pauses.now()).total_seconds()
            except (ValueError, TypeError):
                seconds = None
        if seconds is None:
            seconds = 2.0**attempt * (1 + self._pauses.chance.random())
        return min(LONGEST_PAUSE, max(0.0, seconds))

    def _problem(self, response: httpx.Response) -> GraphError:
        status = response.status_code
        try:
            error = self._json(response).get("error")
        except GraphError:
            error = None
        finally:
            response.close()
        detail = error if isinstance(error, dict) else {}
        code = str(detail.get("code", ""))[:80]
        message = f"{_name(str(response.request.url))} answered {status}{f' ({code})' if code else ''}"
        if status == 429:
            return ThrottledError(message, "The limit counts per tenant; the next run tries again.", status, code)
        if status in (401, 403):
            hint = "Reports.Read.All must be granted by the customer's administrator; send the consent link."
            return ConsentError(message, hint, status, code)
        if status in (400, 404):
            return GraphError(
                message, "This cloud may not offer the report: import the admin center's export.", status, code
            )
        return GraphError(message, "Microsoft's side; the next run tries again.", status, code)


def _name(url: str) -> str:
    """The function or list that was called, without host and query."""
    return urlsplit(url).path.rpartition("/v1.0/")[2] or "the call"


def _address_in(head: bytes) -> str:
    """The address where a body is nothing but one."""
    text = head.lstrip(b"\xef\xbb\xbf").strip().strip(b'"')
    if text.startswith(b"https://") and len(head) < 4096 and not any(byte in text for byte in b" ,\r\n"):
        return text.decode("ascii", "replace")
    return ""


def _joined(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _written(chunks: Iterator[bytes], into: BinaryIO) -> int:
    size, until = 0, time.monotonic() + LONGEST_REPORT
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() > until:
            raise GraphError(f"the report took more than {LONGEST_REPORT:.0f} s", "The next run tries again.")
        if size > LARGEST_REPORT:
            raise GraphError(f"the report is larger than {LARGEST_REPORT:,} bytes")
        into.write(chunk)
    return size


def _bounded(response: httpx.Response, most: int) -> bytes:
    pieces, size = [], 0
    try:
        for chunk in response.iter_bytes(1 << 16):
            size += len(chunk)
            if size > most:
                raise GraphError(f"an answer is larger than {most:,} bytes")
            pieces.append(chunk)
    except httpx.HTTPError as error:
        raise GraphError(f"an answer broke off: {type(error).__name__}", "The next run tries again.") from None
    return b"".join(pieces)
