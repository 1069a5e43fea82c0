"""The official registry's read API over a fake upstream's catalog: reference §1 and §2, rule by rule.

Pure: a request in, an answer out. What the live registry does oddly is done oddly here too (422 for a bad
limit, a next cursor on every full page, no 405), because mirrors have to cope with exactly that.
"""

import re
from datetime import datetime
from urllib.parse import quote, unquote

import msgspec

from registry.clock import microseconds
from tests.doubles.catalog import Catalog, Question, Row
from tests.doubles.wire import Request, Response

_PROBLEM = "application/problem+json"
_TITLES = {400: "Bad Request", 404: "Not Found", 422: "Unprocessable Entity"}
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_RFC3339 = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_DEFAULT_LIMIT, _MOST = 30, 100
_SINCE_FORMAT = "Invalid updated_since format: expected RFC3339 timestamp (e.g., 2025-08-07T13:15:04.280Z)"
_SINCE_DELETED = "Cannot set include_deleted=false when using updated_since (incremental sync requires deleted servers)"


class _Failed(Exception):
    """Raised when the answer is a problem document."""

    def __init__(self, status: int, detail: str, *errors: dict[str, object]) -> None:
        super().__init__(detail)
        problem: dict[str, object] = {"title": _TITLES[status], "status": status, "detail": detail}
        if errors:
            problem["errors"] = errors
        self.response = _json(problem, status=status, content_type=_PROBLEM)


class ReadApi:
    """Answers requests from *catalog*."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def answer(self, request: Request) -> Response:
        refused = _null_bytes(request) or _trailing_slash(request)
        if refused is not None:
            return refused
        try:
            response = self._route(request)
        except _Failed as failed:
            response = failed.response
        headers = [("Vary", "Origin")]
        if "origin" in request.headers and request.method == "GET":
            headers.append(("Access-Control-Allow-Origin", "*"))
            headers.append(("Access-Control-Expose-Headers", "Content-Type, Content-Length"))
        return response.but(headers=(*headers, *response.headers))

    def _route(self, request: Request) -> Response:
        # On the escaped path: an encoded slash stays inside its segment, a bare one never matches.
        prefix, _, rest = request.path.removeprefix("/").partition("/")
        if request.method not in {"GET", "HEAD"} or prefix not in {"v0", "v0.1"}:
            return _no_route(request)
        match rest.split("/"):
            case ["health"]:
                return _json({"status": "ok"})
            case ["ping"]:
                return _json({"pong": True})
            case ["version"]:
                return _json({"version": "dev", "git_commit": "unknown", "build_time": "unknown"})
            case ["servers"]:
                return self._list(request.params)
            case ["servers", name, "versions"] if name:
                return self._history(_decoded(name, "server name"), request.params)
            case ["servers", name, "versions", version] if name and version:
                return self._detail(_decoded(name, "server name"), _decoded(version, "version"), request.params)
            case _:
                return _no_route(request)

    def _list(self, params: dict[str, str]) -> Response:
        errors: list[dict[str, object]] = []
        limit = _limit(params, errors)
        include_deleted = _include_deleted(params, errors)
        if errors:
            raise _Failed(422, "validation failed", *errors)
        since = params.get("updated_since")
        since_us = _instant(since) if since else None
        if since_us is not None and include_deleted is False:
            raise _Failed(400, _SINCE_DELETED)
        question = Question(
            updated_since_us=since_us,
            include_deleted=bool(include_deleted) or since_us is not None,
            version=params.get("version") or None,
            search=params.get("search") or None,
        )
        items, last = self._catalog.page(question, after=params.get("cursor", ""), limit=limit)
        # A full page always has a next one, even if that turns out empty.
        return _page(items, next_cursor=":".join(last) if last and len(items) == limit else None)

    def _history(self, name: str, params: dict[str, str]) -> Response:
        rows = self._visible(name, params)
        if not rows:
            raise _Failed(404, "Server not found")
        return _page([row.item for row in rows], next_cursor=None)

    def _detail(self, name: str, version: str, params: dict[str, str]) -> Response:
        for row in self._visible(name, params):
            if row.is_latest if version == "latest" else row.version == version:
                return Response(body=row.item + b"\n")
        raise _Failed(404, "Server not found")

    def _visible(self, name: str, params: dict[str, str]) -> list[Row]:
        errors: list[dict[str, object]] = []
        include_deleted = _include_deleted(params, errors)
        if errors:
            raise _Failed(422, "validation failed", *errors)
        return [row for row in self._catalog.versions(name) if include_deleted or row.status != "deleted"]


def _page(items: list[bytes], *, next_cursor: str | None) -> Response:
    cursor = b"" if next_cursor is None else b'"nextCursor":%b,' % msgspec.json.encode(next_cursor)
    body = b'{"servers":[%b],"metadata":{%b"count":%d}}\n' % (b",".join(items), cursor, len(items))
    return Response(body=body)


def _json(value: object, *, status: int = 200, content_type: str = "application/json") -> Response:
    return Response(status=status, content_type=content_type, body=msgspec.json.encode(value) + b"\n")


def _null_bytes(request: Request) -> Response | None:
    found = None
    if "\0" in request.decoded_path or "%00" in request.decoded_path:
        found = "URL path contains"
    elif "\0" in request.query or "%00" in request.query:
        found = "query parameters contain"
    if found is None:
        return None
    # Plain JSON, not a problem document: this filter runs before everything else (reference §1.1).
    return _json({"title": _TITLES[400], "status": 400, "detail": f"Invalid request: {found} null bytes"}, status=400)


def _trailing_slash(request: Request) -> Response | None:
    path = request.decoded_path
    if path == "/" or not path.endswith("/"):
        return None
    query = f"?{request.query}" if request.query else ""
    location = quote(path[:-1], safe="/:@!$&'()*+,;=-._~") + query
    return Response(status=308, headers=(("Location", location),), content_type=None)


def _no_route(request: Request) -> Response:
    path = request.decoded_path
    hint = "" if path.startswith(("/v0/", "/v0.1/")) else f" Did you mean '/v0.1{path}' or '/v0{path}'?"
    detail = f"Endpoint not found.{hint} See /docs for the API documentation."
    body = msgspec.json.encode({"detail": detail, "status": 404, "title": _TITLES[404]})
    return Response(status=404, content_type=_PROBLEM, body=body)


def _decoded(segment: str, what: str) -> str:
    """Percent-decoded twice, as the router and then the handler do it: `%2F` and `%252F` are the same."""
    once = unquote(segment)
    wrong = _BAD_ESCAPE.search(once)
    if wrong is not None:
        raise _Failed(400, f"Invalid {what} encoding", {"message": f'invalid URL escape "{wrong[0]}"'})
    return unquote(once)


def _limit(params: dict[str, str], errors: list[dict[str, object]]) -> int:
    text = params.get("limit") or str(_DEFAULT_LIMIT)
    if _INTEGER.fullmatch(text) is None:
        errors.append({"message": "invalid integer", "location": "query.limit", "value": text})
        return _DEFAULT_LIMIT
    limit = int(text)
    if limit < 1:
        errors.append({"message": "expected number >= 1", "location": "query.limit", "value": limit})
    if limit > _MOST:
        errors.append({"message": f"expected number <= {_MOST}", "location": "query.limit", "value": limit})
    return limit


def _include_deleted(params: dict[str, str], errors: list[dict[str, object]]) -> bool | None:
    text = params.get("include_deleted") or None
    if text is None:
        return None
    if text not in _TRUE | _FALSE:
        errors.append({"message": "invalid boolean", "location": "query.include_deleted", "value": text})
    return text in _TRUE


def _instant(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _Failed(400, _SINCE_FORMAT)
    # The database keeps microseconds; what is finer is cut off.
    seconds, fraction, zone = match[1], (match[2] or "")[:7], match[3]
    try:
        return microseconds(msgspec.convert(f"{seconds}{fraction}{zone}", datetime))
    except msgspec.ValidationError as error:
        raise _Failed(400, _SINCE_FORMAT) from error
