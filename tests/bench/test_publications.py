"""What is published in a measurement: if it were refused, the figure would be of refusals."""

import json

from schemas.validation.body import body_failures
from tests.bench.publications import manifests


class TestManifests:
    def test_are_good_to_publish_and_all_different(self) -> None:
        """
        The form is right, the full schema and the rules are kept, and no name and version come twice.
        """
        documents = [json.loads(document) for document in manifests(300)]

        assert not any(map(body_failures, documents))
        assert len({(document["name"], document["version"]) for document in documents}) == 300

    def test_share_no_address_between_servers(self) -> None:
        """
        A remote address is one server's only; a publication that takes another's is refused.
        """
        users: dict[str, str] = {}
        for document in map(json.loads, manifests(1000)):
            for remote in document.get("remotes", []):
                assert users.setdefault(remote["url"], document["name"]) == document["name"]
