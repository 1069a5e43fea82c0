"""What publishers read of their own beside a view: a version that the view does not have, by its exact number.

At the root address only, and marked as pending. Whoever may not publish the name is answered as before.
"""

from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import PRIVATE_ANSWER, json_answer
from registry.api.noted import noted_on
from registry.api.params import include_deleted, parse_query
from registry.api.path import name_in, version_in
from registry.catalog.overlay import PRIVATE, Source
from registry.catalog.published import published, published_item
from registry.governing.firewall import owned_by
from registry.policy.namespaces import may_publish
from registry.store.interface import Snapshot, Store


async def pending_version(scope: HTTPScope, store: Store, private: Source) -> ASGIApp | None:
    """
    The version in the path as its publishers see it, if the caller is one of them; None if not, or there is none.

    A deleted one only if asked for; none of a name that another source answers for by now. Ask once the caller is
    known, and the view has no such version.

    Raises what the parts of the path and the query do.
    """
    caller = noted_on(scope).principal
    if caller is None:
        return None
    name, version = name_in(scope), version_in(scope)
    if not may_publish(caller, name, private):
        return None
    deleted = include_deleted(parse_query(scope["query_string"]))

    def found(snapshot: Snapshot) -> bytes | None:
        if owned_by(snapshot, name).source != PRIVATE:
            return None
        of_name = published(snapshot.entries(PRIVATE, name))
        own = next((each for each in of_name if each.entry.version == version), None)
        if own is None or (own.deleted and not deleted):
            return None
        return published_item(own, snapshot.document, pending=True)

    item = await store.ask(found)
    return None if item is None else json_answer(item + b"\n", headers=PRIVATE_ANSWER)
