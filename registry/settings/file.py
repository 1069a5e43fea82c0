"""From a configuration file and the environment to the settings, or to everything that is wrong with them.

Here are the order of the steps and the whole-file failures; what a value or a table may be is
`tables`, what must hold between them `rules`, the environment's say `environ`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from registry.errors import ConfigFault
from registry.settings import Settings
from registry.settings.environ import override
from registry.settings.positions import Positions
from registry.settings.problem import ConfigProblem
from registry.settings.tables import Reading

_S = TypeVar("_S", bound=Struct)


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """
    The settings in the file at *path* with the overrides in *environ*. Paths in it come out absolute,
    relative ones starting at the file's directory. Secrets are not resolved.

    Raises:
        ConfigFault: With one line for each problem: file and line (or variable), key, and what was expected.
    """
    settings, problems = _read(path, environ)
    if problems:
        raise ConfigFault("\n".join(map(str, problems)))
    return settings


def check_config(path: Path, environ: Mapping[str, str]) -> list[ConfigProblem]:
    """Everything wrong with the file at *path* and the overrides in *environ*; empty when it would load."""
    return _read(path, environ)[1]


def _read(path: Path, environ: Mapping[str, str]) -> tuple[Settings, list[ConfigProblem]]:
    """The settings mean nothing unless the list is empty."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        document: dict[str, object] = tomllib.loads(text)
    except OSError as error:
        return Settings(), [_whole_file(path, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return Settings(), [_whole_file(path, "cannot be read: it is not UTF-8 text")]
    except tomllib.TOMLDecodeError as error:
        return Settings(), [_syntax_problem(path, text, error)]
    origins, problems = override(document, environ)
    reading = Reading(str(path), Positions(text), origins)
    settings = reading.settings(document)
    problems += sorted(reading.problems, key=lambda problem: problem.line or 0)
    return _with_absolute_paths(settings, path.absolute().parent), problems


def _whole_file(path: Path, message: str) -> ConfigProblem:
    return ConfigProblem(source=str(path), expected="a TOML file", message=message)


def _syntax_problem(path: Path, text: str, error: tomllib.TOMLDecodeError) -> ConfigProblem:
    # tomllib ends its message with "(at line 3, column 5)" or "(at end of document)".
    what, _, where = str(error).partition(" (at ")
    line = re.match(r"line (\d+)", where)
    return ConfigProblem(
        source=str(path),
        line=int(line[1]) if line else max(1, len(text.splitlines())),
        expected="TOML",
        message=f"not TOML: {what[:1].lower()}{what[1:]}",
    )


def _with_absolute_paths(settings: Settings, directory: Path) -> Settings:
    """Every path in *settings*, however deep, starting at *directory* where it was relative."""

    def absolute(value: object) -> object:
        if isinstance(value, Path):
            return Path(os.path.normpath(directory / value))
        if isinstance(value, tuple):
            return tuple(map(absolute, value))
        return table(value) if isinstance(value, Struct) else value

    def table(values: _S) -> _S:
        return replace(values, **{name: absolute(getattr(values, name)) for name in values.__struct_fields__})

    return table(settings)
