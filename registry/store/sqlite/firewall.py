"""What the namespace firewall keeps, on one connection: see store/firewall.py."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.look_alike import LookAlike, probes, shape
from registry.catalog.view import StoredEntry
from registry.store.firewall import Cooling, Offer
from registry.store.sqlite.readers import unreadable
from registry.store.sqlite.rows import Row

COOLING: Final = """
SELECT entries.name, entries.version, sources.name, entries.fresh_from_us + sources.cool_off_us
FROM entries INDEXED BY entries_fresh JOIN sources ON sources.id = entries.source_id
WHERE entries.fresh_from_us IS NOT NULL AND entries.waived_by IS NULL
  AND (entries.name, entries.version) > (:name, :version)
  AND sources.configured = 1 AND entries.fresh_from_us + sources.cool_off_us > :now_us
ORDER BY entries.name, entries.version LIMIT :limit
"""
END_COOL_OFF: Final = "UPDATE entries SET fresh_from_us = NULL WHERE id = :id"
WAIVE_COOL_OFF: Final = "UPDATE entries SET waived_by = :by, waived_digest = :digest WHERE id = :id"

LOOK_ALIKE: Final = "SELECT record FROM look_alikes WHERE name = :name"
HELD_LOOK_ALIKE: Final = "SELECT record FROM look_alikes WHERE name = :name AND held = 1"
ANY_HELD: Final = "SELECT 1 FROM look_alikes INDEXED BY look_alikes_held WHERE held = 1 LIMIT 1"
LOOK_ALIKES: Final = "SELECT record FROM look_alikes WHERE name > :after ORDER BY name LIMIT :limit"
HELD_LOOK_ALIKES: Final = """
SELECT record FROM look_alikes INDEXED BY look_alikes_held
WHERE held = 1 AND name > :after ORDER BY name LIMIT :limit
"""
PUT_LOOK_ALIKE: Final = """
INSERT INTO look_alikes (name, held, record) VALUES (:name, :held, :record)
ON CONFLICT (name) DO UPDATE SET held = excluded.held, record = excluded.record
"""
FORGET_LOOK_ALIKE: Final = "DELETE FROM look_alikes WHERE name = :name"

NEW_SHAPE: Final = """
INSERT INTO name_shapes (key, name, guarded) VALUES (:key, :name, :guarded) ON CONFLICT DO NOTHING
"""
GUARD: Final = "UPDATE name_shapes SET guarded = 1 WHERE key = :key AND name = :name AND guarded = 0"
ANY_GUARDED: Final = "SELECT 1 FROM name_shapes INDEXED BY name_shapes_guarded WHERE guarded = 1 LIMIT 1"
# A namespace may have thousands of names with a key in common; none of its own is looked for.
RESEMBLING: Final = """
SELECT name_shapes.name FROM json_each(:keys) AS wanted CROSS JOIN name_shapes
  ON name_shapes.key = wanted.value AND name_shapes.name < :low
UNION ALL
SELECT name_shapes.name FROM json_each(:keys) AS wanted CROSS JOIN name_shapes
  ON name_shapes.key = wanted.value AND name_shapes.name > :high
"""
RESEMBLING_GUARDED: Final = """
SELECT name_shapes.name FROM json_each(:keys) AS wanted CROSS JOIN name_shapes INDEXED BY name_shapes_guarded
  ON name_shapes.key = wanted.value AND name_shapes.guarded = 1
"""

OFFERS: Final = """
SELECT record FROM offers WHERE (name, source) > (:name, :source) ORDER BY name, source LIMIT :limit
"""
OPEN_OFFERS: Final = """
SELECT record FROM offers WHERE (name, source) > (:name, :source) AND open = 1 ORDER BY name, source LIMIT :limit
"""
OFFERS_OF: Final = "SELECT record FROM offers WHERE name = :name ORDER BY source"
UNDECIDED: Final = "SELECT count(*) FROM offers INDEXED BY offers_open WHERE source = :source AND open = 1"
PUT_OFFER: Final = """
INSERT INTO offers (name, source, open, record) VALUES (:name, :source, :open, :record)
ON CONFLICT (name, source) DO UPDATE SET open = excluded.open, record = excluded.record
"""

_json: Final = msgspec.json.Encoder().encode
_look_alikes: Final = msgspec.json.Decoder(LookAlike).decode
_offers: Final = msgspec.json.Decoder(Offer).decode


class SqliteFirewallReads:
    """See firewall.FirewallReads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def cooling(self, *, now_us: int, after: tuple[str, str], limit: int) -> list[Cooling]:
        bound = {"now_us": now_us, "name": after[0], "version": after[1], "limit": limit}
        return [
            Cooling(name=ServerName(name), version=version, source=source, until_us=until_us)
            for name, version, source, until_us in self._rows(COOLING, bound)
        ]

    def look_alike(self, name: ServerName) -> LookAlike | None:
        found = self._rows(LOOK_ALIKE, {"name": name})
        return _look_alikes(found[0][0]) if found else None

    def held(self, name: ServerName) -> LookAlike | None:
        found = self._rows(HELD_LOOK_ALIKE, {"name": name})
        return _look_alikes(found[0][0]) if found else None

    def look_alikes(self, *, released: bool, after: str, limit: int) -> list[LookAlike]:
        found = self._rows(LOOK_ALIKES if released else HELD_LOOK_ALIKES, {"after": after, "limit": limit})
        return [_look_alikes(row[0]) for row in found]

    def resembling(self, name: ServerName, *, guarded: bool = False) -> list[ServerName]:
        keys = _json(probes(name)).decode()
        if guarded:
            found = self._rows(RESEMBLING_GUARDED, {"keys": keys})
        else:
            # The character behind the slash is 0.
            found = self._rows(RESEMBLING, {"keys": keys, "low": f"{name.namespace}/", "high": f"{name.namespace}0"})
        return sorted({ServerName(row[0]) for row in found})

    def offers(self, *, decided: bool, after: tuple[str, str], limit: int) -> list[Offer]:
        bound = {"name": after[0], "source": after[1], "limit": limit}
        return [_offers(row[0]) for row in self._rows(OFFERS if decided else OPEN_OFFERS, bound)]

    def offers_of(self, name: ServerName) -> list[Offer]:
        return [_offers(row[0]) for row in self._rows(OFFERS_OF, {"name": name})]

    def undecided(self, source: str) -> int:
        return int(self._rows(UNDECIDED, {"source": source})[0][0])

    def _rows(self, statement: str, bound: Mapping[str, object]) -> list[Row]:
        try:
            return self._connection.execute(statement, bound).fetchall()
        except sqlite3.Error as error:
            raise unreadable(error) from error


class SqliteFirewall(SqliteFirewallReads):
    """
    See firewall.Firewall.

    Args:
        instant_us: The instant of the transaction; asked only if something changes.
    """

    def __init__(self, connection: sqlite3.Connection, instant_us: Callable[[], int]) -> None:
        super().__init__(connection)
        self._instant_us = instant_us
        self._refused: list[Offer] = []
        # Nobody else changes these meanwhile; every name of a transaction asks for them.
        self._any_held: bool | None = None
        self._any_guarded: bool | None = None

    def held(self, name: ServerName) -> LookAlike | None:
        if self._any_held is None:
            self._any_held = bool(self._rows(ANY_HELD, {}))
        return super().held(name) if self._any_held else None

    def resembling(self, name: ServerName, *, guarded: bool = False) -> list[ServerName]:
        if guarded and self._any_guarded is None:
            self._any_guarded = bool(self._rows(ANY_GUARDED, {}))
        return super().resembling(name, guarded=guarded) if self._any_guarded or not guarded else []

    def know(self, name: ServerName, *, guarded: bool) -> bool:
        first, *others = ({"key": key, "name": name, "guarded": guarded} for key in shape(name))
        if self._connection.execute(NEW_SHAPE, first).rowcount == 0:
            return False
        self._connection.executemany(NEW_SHAPE, others)
        self._any_guarded = self._any_guarded or guarded or None
        return True

    def guard(self, name: ServerName) -> None:
        self._connection.executemany(GUARD, [{"key": key, "name": name} for key in shape(name)])
        self._any_guarded = True

    def put_look_alike(self, look_alike: LookAlike) -> None:
        self._any_held = True
        bound = {"name": look_alike.name, "held": look_alike.held, "record": _json(look_alike)}
        self._connection.execute(PUT_LOOK_ALIKE, bound)

    def forget_look_alike(self, name: ServerName) -> None:
        self._connection.execute(FORGET_LOOK_ALIKE, {"name": name})

    def end_cool_off(self, entries: Iterable[StoredEntry]) -> None:
        self._connection.executemany(END_COOL_OFF, [{"id": entry.id} for entry in entries])

    def waive_cool_off(self, entries: Iterable[StoredEntry], *, by: str) -> None:
        self._connection.executemany(
            WAIVE_COOL_OFF, [{"id": entry.id, "by": by, "digest": entry.digest} for entry in entries]
        )

    def refuse(self, name: ServerName, sources: Iterable[str]) -> None:
        noted = {offer.source for offer in self.offers_of(name)}
        for source in sources:
            if source not in noted:
                offer = Offer(name=str(name), source=source, first_us=self._instant_us())
                self.put_offer(offer)
                self._refused.append(offer)

    def put_offer(self, offer: Offer) -> None:
        bound = {"name": offer.name, "source": offer.source, "open": offer.chosen is None, "record": _json(offer)}
        self._connection.execute(PUT_OFFER, bound)

    def refused(self) -> list[Offer]:
        return self._refused
