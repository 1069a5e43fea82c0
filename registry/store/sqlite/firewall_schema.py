"""The statements that create what the namespace firewall keeps. One statement each."""

from typing import Final

COOL_OFF: Final = (
    "ALTER TABLE sources ADD COLUMN cool_off_us INTEGER NOT NULL DEFAULT 0",
    # What there is already was let through: nothing of it waits.
    # What the cool-off of a version counts from; NULL: it has none, or it is over.
    "ALTER TABLE entries ADD COLUMN fresh_from_us INTEGER",
    # Who did not wait for the cool-off of the bytes it has.
    "ALTER TABLE entries ADD COLUMN waived_by TEXT",
    "CREATE INDEX entries_fresh ON entries (name, version) WHERE fresh_from_us IS NOT NULL AND waived_by IS NULL",
)

WAIVED_BYTES: Final = (
    # The bytes whose cool-off was waived last: they stay so while others are listed in their place.
    "ALTER TABLE entries ADD COLUMN waived_digest BLOB",
    """
    UPDATE entries SET waived_digest = (SELECT digest FROM documents WHERE documents.id = entries.document_id)
    WHERE waived_by IS NOT NULL
    """,
)

LOOK_ALIKES: Final = (
    # How names are found that look like another: see catalog/look_alike.py.
    """
    CREATE TABLE name_shapes (
      key TEXT NOT NULL,
      name TEXT NOT NULL,
      guarded INTEGER NOT NULL CHECK (guarded IN (0, 1)), -- has been approved by a person, or is claimed
      PRIMARY KEY (key, name)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX name_shapes_guarded ON name_shapes (key, name) WHERE guarded = 1",
    """
    CREATE TABLE look_alikes (
      name TEXT PRIMARY KEY,
      held INTEGER NOT NULL CHECK (held IN (0, 1)),
      record BLOB NOT NULL               -- the whole look-alike, JSON
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX look_alikes_held ON look_alikes (name) WHERE held = 1",
)

OFFERS: Final = (
    """
    CREATE TABLE offers (
      name TEXT NOT NULL,
      source TEXT NOT NULL,              -- that has the name, and is not the one that answers for it
      open INTEGER NOT NULL CHECK (open IN (0, 1)), -- nobody has decided
      record BLOB NOT NULL,              -- the whole offer, JSON
      PRIMARY KEY (name, source)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX offers_open ON offers (source, name) WHERE open = 1",
)
