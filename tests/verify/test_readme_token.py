"""The token in a README: it names one server, and not those whose names begin alike."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.entry import ServerName
from registry.verify.readme import names_server

WIDGET = ServerName.parse("com.acme/widget")
# As the semantic rules have it, a name ends in a letter or a digit.
NAMES = st.from_regex(r"[a-z]{1,3}\.[a-zA-Z0-9.-]{1,4}/[a-zA-Z0-9._-]{0,5}[a-zA-Z0-9]", fullmatch=True).map(
    ServerName.parse
)


class TestNamesServer:
    @pytest.mark.parametrize(
        "readme",
        [
            "mcp-name: com.acme/widget",
            "# Widget\n\nmcp-name: com.acme/widget\n",
            "<!-- mcp-name: com.acme/widget -->",
            "<!-- mcp-name: com.acme/widget-->",
            "<!-- mcp-name: com.acme/widget--!>",
            "<p>mcp-name: com.acme/widget</p>",
            "`mcp-name: com.acme/widget`, see there",
            "mcp-name: com.acme/widget-pro and mcp-name: com.acme/widget",
        ],
    )
    def test_the_name_with_an_end_is_the_server(self, readme: str) -> None:
        """The end is the text's, a character that no name has, or the end of a comment."""
        assert names_server(readme, WIDGET)

    @pytest.mark.parametrize(
        "readme",
        [
            "",
            "com.acme/widget",
            "mcp-name:com.acme/widget",
            "mcp-name: com.acme/widge",
            "mcp-name: com.acme/widget-pro",
            "mcp-name: com.acme/widget.pro",
            "mcp-name: com.acme/widget_2",
            "mcp-name: com.acme/widget2",
            "mcp-name: com.acme/widget/x",
            "mcp-name: com.acme/widget--",
            "mcp-name: com.acme/widget--pro>",
            "mcp-name: com.acme/Widget",
            "mcp-name: comXacme/widget",
            "MCP-NAME: com.acme/widget",
        ],
    )
    def test_another_name_is_another_server(self, readme: str) -> None:
        """No beginning, no ending and no other spelling of a name is the name."""
        assert not names_server(readme, WIDGET)

    @given(name=NAMES, more=st.text("aZ9._/-> !\n<", max_size=5), before=st.text(max_size=5))
    def test_what_follows_decides(self, name: ServerName, more: str, before: str) -> None:
        """
        Whatever follows: the token is for the server exactly if the longest name that can be read there is its own, a
        comment's end left aside.
        """
        readme = f"{before}mcp-name: {name}{more}"

        read = re.split(r"[^A-Za-z0-9._/-]|--!?>", readme.rpartition("mcp-name: ")[2])[0]

        assert names_server(readme, name) == (read == name)

    @given(name=NAMES, other=NAMES)
    def test_one_token_is_for_one_server(self, name: ServerName, other: ServerName) -> None:
        """A token for one server satisfies no other."""
        assert names_server(f"mcp-name: {name}", other) == (name == other)
