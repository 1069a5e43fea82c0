"""Errors to answers. The only module of this package that knows which status code an error has."""

from http import HTTPStatus
from typing import Final

from litestar.exceptions import HTTPException, MethodNotAllowedException

from registry.api.answers import Answer, Header, problem
from registry.errors import (
    CallerFault,
    Conflict,
    Invalid,
    InvalidManifest,
    NotFound,
    Refused,
    RegistryError,
    StoreBusy,
    StoreFault,
    Throttled,
    Unauthenticated,
    UpstreamFault,
)
from registry.policy.token import without_secrets
from schemas.registry_api import ProblemDetail

# The most specific class wins: looked up along the error's own ancestry.
_STATUS: Final[dict[type[RegistryError], HTTPStatus]] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    InvalidManifest: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Refused: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Throttled: HTTPStatus.TOO_MANY_REQUESTS,
    UpstreamFault: HTTPStatus.BAD_GATEWAY,
    StoreFault: HTTPStatus.SERVICE_UNAVAILABLE,
}
_NOT_FOUND_HINT: Final = "Endpoint not found. See /docs for the API documentation."


class ParameterFault(Invalid):
    """Raised when parameters cannot be understood; `errors` says which and why (reference §1.2)."""

    def __init__(self, errors: list[ProblemDetail]) -> None:
        super().__init__("validation failed")
        self.errors = errors


class BodyRefused(Invalid):
    """Raised when a body is not read, or cannot be, with the status that this has (reference §1.2)."""

    def __init__(self, status: HTTPStatus, detail: str, errors: list[ProblemDetail] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = errors


class UnknownPath(NotFound):
    """Raised where the answer must be that of a path that is not there, whatever the caller knows."""

    def __init__(self) -> None:
        super().__init__(_NOT_FOUND_HINT)


def answer(error: Exception, path: str, *, challenge: tuple[Header, ...]) -> Answer:
    """
    The answer to a request that ended in *error*. What is not one of ours loses its text on the way out.

    Args:
        path: The path as it was asked for, for a hint where nothing is there.
        challenge: What is said of how to get a better credential.
    """
    if isinstance(error, ParameterFault):
        return problem(422, _title(HTTPStatus.UNPROCESSABLE_ENTITY), str(error), errors=error.errors)
    if isinstance(error, BodyRefused):
        return problem(error.status, _title(error.status), str(error), errors=error.errors)
    if isinstance(error, UnknownPath):
        return unknown_path(path)
    if isinstance(error, RegistryError):
        status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), None)
        if status is not None:
            return problem(
                status, _title(status), str(error), errors=_errors(error), headers=_headers(error) + challenge
            )
    if isinstance(error, MethodNotAllowedException) and path.lstrip("/").startswith("v1/"):
        return _wrong_method(error)
    if isinstance(error, HTTPException) and error.status_code in (404, 405):
        # reference §1.1.5: a wrong method is answered like an unknown path, never with 405.
        return unknown_path(path)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return problem(error.status_code, _title(HTTPStatus(error.status_code)), error.detail)
    return problem(500, _title(HTTPStatus.INTERNAL_SERVER_ERROR), "something went wrong here; the log says more")


def unknown_path(path: str) -> Answer:
    """404 for a path, or a method, that is not there. Of one that names a team, or nearly so, nothing is repeated."""
    detail = _NOT_FOUND_HINT
    if "//" not in path and not path.startswith(("/v0/", "/v0.1/", "/v1/", "/teams/", "/t/")):
        shown = without_secrets(path)[:200]
        detail = (
            f"Endpoint not found. Did you mean '/v0.1{shown}' or '/v0{shown}'? See /docs for the API documentation."
        )
    return problem(404, _title(HTTPStatus.NOT_FOUND), detail)


def _wrong_method(error: MethodNotAllowedException) -> Answer:
    # The framework names OPTIONS for every path; the edge answers that without it.
    known = {method.strip() for method in (error.headers or {}).get("allow", "").split(",")} - {"OPTIONS", ""}
    allowed = ", ".join(sorted(known))
    detail = f"this is asked for with {allowed}"
    headers = ((b"allow", allowed.encode()),)
    return problem(405, _title(HTTPStatus.METHOD_NOT_ALLOWED), detail, headers=headers)


def _errors(error: RegistryError) -> list[ProblemDetail] | None:
    if isinstance(error, CallerFault) and error.why is not None:
        return [ProblemDetail(message=error.why)]
    return None


def _title(status: HTTPStatus) -> str:
    return "Unprocessable Entity" if status == HTTPStatus.UNPROCESSABLE_ENTITY else status.phrase


def _headers(error: RegistryError) -> tuple[Header, ...]:
    if isinstance(error, Throttled):
        return ((b"retry-after", b"%d" % max(1, round(error.retry_after_s))),)
    if isinstance(error, StoreBusy):
        return ((b"retry-after", b"1"),)
    return ()
