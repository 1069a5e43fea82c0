"""All filters, in all combinations, against a plain reading of the rules (reference §2)."""

from itertools import product

import pytest

from tests.api.reading import Item, Reader, key, official

SEARCHES = ("", "example", "needle", "com.acme/payroll")
VERSIONS = ("", "latest", "1.0.0")
DELETED = ("", "true", "false")
REGISTRY_TYPES = ("", "npm", "oci", "np")
TRANSPORTS = ("", "stdio", "sse")


def _registry_types(item: Item) -> set[str]:
    return {package["registryType"] for package in item["server"].get("packages", [])}


def _transports(item: Item) -> set[str]:
    of_packages = {package["transport"]["type"] for package in item["server"].get("packages", [])}
    return of_packages | {remote["type"] for remote in item["server"].get("remotes", [])}


def _found(item: Item, term: str) -> bool:
    server = item["server"]
    return any(term.casefold() in server.get(member, "").casefold() for member in ("name", "title", "description"))


def _tier(item: Item, term: str) -> int:
    name = item["server"]["name"].casefold()
    if not term or term.casefold() not in (name, name.partition("/")[2]):
        return 2
    return 0 if term.casefold() == name else 1


def _admitted(item: Item, asked: dict[str, str]) -> bool:
    block = official(item)
    since = asked.get("updated_since", "")
    deleted = bool(since) or asked.get("include_deleted") == "true"
    wanted = asked.get("version", "")
    return (
        (deleted or block["status"] != "deleted")
        and (not wanted or (block["isLatest"] if wanted == "latest" else key(item)[1] == wanted))
        and (not since or block["updatedAt"] > since)
        and _found(item, asked.get("search", ""))
        and asked.get("registry_type", "") in _registry_types(item) | {""}
        and asked.get("transport", "") in _transports(item) | {""}
    )


def _expected(catalog: list[Item], asked: dict[str, str]) -> list[tuple[str, str]]:
    """The catalog is in the order of the list, and sorting is stable."""
    term = asked.get("search", "")
    return [key(item) for item in sorted(catalog, key=lambda item: _tier(item, term)) if _admitted(item, asked)]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("polled", [False, True])
def test_combine_with_and(reader: Reader, catalog: list[Item], search: str, polled: bool) -> None:
    """
    reference §2: filters combine with AND, in every combination, over pages of every size.
    """
    since = sorted(official(item)["updatedAt"] for item in catalog)[len(catalog) // 4]
    combinations = product(VERSIONS, DELETED, REGISTRY_TYPES, TRANSPORTS)
    for number, (version, deleted, registry_type, transport) in enumerate(combinations):
        if polled and deleted == "false":
            continue
        asked = {
            "search": search,
            "version": version,
            "include_deleted": deleted,
            "registry_type": registry_type,
            "transport": transport,
            "updated_since": since if polled else "",
        }

        # Shifted with every round of the last filter, so that each filter meets each size.
        walk = reader.walk((100, 7, 3)[(number + number // len(TRANSPORTS)) % 3], **asked)

        assert walk.keys == _expected(catalog, asked), asked


def test_latest_is_over_the_whole_view(reader: Reader, catalog: list[Item]) -> None:
    """
    reference §2: a filter narrows the page and never decides what is the latest version.
    """
    # 1.0.1 is deleted and was the newest; 1.0.0 carries the flag whether or not deleted ones are asked for.
    for query in ({"include_deleted": "true"}, {"updated_since": "2020-01-01T00:00:00Z"}, {"version": "1.0.0"}):
        flags = {key(item): official(item)["isLatest"] for item in reader.walk(100, **query).items}

        assert flags["org.initech/files", "1.0.0"]
        assert flags == {key(item): official(item)["isLatest"] for item in catalog if key(item) in flags}


@pytest.mark.parametrize(
    ("registry_type", "names"),
    [
        ("npm", ["io.github.octavia/weather", "org.example.kinds/both", "org.example.kinds/npm"]),
        ("mcpb", ["org.initech/files"]),
        ("NPM", []),
        ("npm oci", []),
        (" npm ", []),
        ("%", []),
    ],
)
def test_registry_type_is_a_whole_word(reader: Reader, registry_type: str, names: list[str]) -> None:
    """
    Ours: registry_type keeps versions with a package of exactly that type.
    """
    assert sorted({name for name, _ in reader.walk(100, registry_type=registry_type).keys}) == names


def test_transport_looks_at_packages_and_remotes(reader: Reader) -> None:
    """
    Ours: transport keeps versions that offer it, as a package or as a remote.
    """
    offering = {name for name, _ in reader.walk(100, transport="streamable-http", version="latest").keys}

    assert {"org.example.kinds/both", "com.globex/search", "com.acme/payroll"} <= offering
    assert "org.example.kinds/npm" not in offering


@pytest.mark.parametrize("parameter", ["registry_type", "transport"])
def test_too_long_a_word_is_422(reader: Reader, parameter: str) -> None:
    """
    Ours: what is longer than any type can be is refused, with the parameter named.
    """
    answer = reader.page({parameter: "x" * 65})

    assert answer.status == 422
    assert answer.json()["errors"][0]["location"] == f"query.{parameter}"
