"""`/docs` and the OpenAPI document. One page of our own: nothing is loaded from anywhere, no script runs."""

from html import escape
from typing import Any, Final

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from registry import RELEASE
from registry.api.answers import text_answer
from schemas.openapi import as_yaml, document

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_POLICY: Final = (
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-cache"),
)
_STYLE: Final = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem }
section { border-top: 1px solid var(--line); padding: .6rem 0 }
code, pre { font: .9em ui-monospace, monospace } pre { overflow-x: auto; padding: .7rem; background: var(--line) }
.method { display: inline-block; min-width: 3.4rem; font-weight: 700 }
table { border-collapse: collapse; width: 100%; font-size: .93rem }
td { vertical-align: top; padding: .25rem .8rem .25rem 0 }
td:first-child { white-space: nowrap } nav a { margin-right: 1rem }
"""


def documentation_routes(prefixes: tuple[str, ...], public_url: str) -> list[HTTPRouteHandler]:
    """The page, and the document it is made from. *public_url*: how clients reach this registry."""
    described = document(prefixes) | {"servers": [{"url": public_url}]}
    as_json = msgspec.json.encode(described) + b"\n"
    as_text = as_yaml(described).encode()
    page = _page(described, public_url).encode()

    @route(["/", "/docs"], http_method=_READ, name="get-docs")
    async def docs() -> ASGIApp:
        return text_answer(page, "text/html; charset=utf-8", headers=_POLICY)

    @route("/openapi.json", http_method=_READ, name="get-openapi-json")
    async def openapi_json() -> ASGIApp:
        return text_answer(as_json, "application/openapi+json")

    @route("/openapi.yaml", http_method=_READ, name="get-openapi-yaml")
    async def openapi_yaml() -> ASGIApp:
        return text_answer(as_text, "application/openapi+yaml")

    return [docs, openapi_json, openapi_yaml]


# Any, in all of the following: an OpenAPI document has no narrower type.
def _page(described: dict[str, Any], public_url: str) -> str:
    base = escape(public_url)
    sections = [
        _section(method, path, operation, described)
        for path, operations in described["paths"].items()
        if "/v0/" not in path
        for method, operation in operations.items()
    ]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(described["info"]["title"])}</title><style>{_STYLE}</style></head><body>
<h1>{escape(described["info"]["title"])} <small>{escape(RELEASE)}</small></h1>
{_paragraphs(described["info"]["description"])}
<nav><a href="openapi.json">openapi.json</a><a href="openapi.yaml">openapi.yaml</a></nav>
<h2>Try it</h2>
<pre>curl -s '{base}/v0.1/servers?limit=3&amp;version=latest'
curl -s '{base}/v0.1/servers?search=payroll'
curl -s '{base}/v0.1/servers/com.acme%2Fpayroll/versions/latest'</pre>
<h2>Endpoints</h2>
{"".join(sections)}
</body></html>
"""


def _section(method: str, path: str, operation: dict[str, Any], described: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td>"
        f"<td>{escape(parameter.get('description', ''))} {_kind(parameter.get('schema', {}))}</td></tr>"
        for parameter in (_resolved(each, described) for each in operation.get("parameters", []))
    )
    name = operation["operationId"]
    return (
        f'<section id="{escape(name)}"><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code>'
        f"<br>{escape(operation['summary'])}{f'<table>{rows}</table>' if rows else ''}</section>"
    )


def _kind(schema: dict[str, Any]) -> str:
    words = [str(schema.get("type", ""))]
    if "minimum" in schema:
        words.append(f"{schema['minimum']} to {schema['maximum']}")
    if "default" in schema:
        words.append(f"default {schema['default']}")
    return f"<small>({escape(', '.join(words))})</small>"


def _resolved(element: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    reference = element.get("$ref")
    if reference is None:
        return element
    found: Any = described
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    resolved: dict[str, Any] = found
    return resolved


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.strip().split("\n\n"))
