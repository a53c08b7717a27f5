"""Where the kill matrix kills: calls of the code, as the shim names them (docs/developing.md, "The shim")."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Point:
    what: str
    event: str
    last: int = 1       # of these events, one of the first so many
    joins: bool = False  # only where shards are joined: begins with a run that has many


SEGMENT, PART, SHARD = "path=run/journal/*.seg", "path=run/shards/*.h5.part", "path=run/shards/*.h5"
POINTS = (
    # Of 480 pages a rank of three has 160, of which no more than 16 (shard_pages) wait for one fsync.
    Point("in an fsync of the journal", f"on=fsync {SEGMENT}", 10),
    Point("after an fsync of the journal", f"on=fsync {SEGMENT} when=after", 10),
    Point("in writing a record", f"on=write {SEGMENT} bytes=33", 40),
    Point("before the journal folder's fsync", f"on=fsyncdir {SEGMENT}"),
    Point("in sealing", f"on=write {PART} bytes=3000", 3),
    Point("in the fsync of a shard", f"on=fsync {PART}", 3),
    Point("with the checksum file in place, not the shard", f"on=rename {SHARD}", 3),
    Point("between a shard's rename and its folder's fsync", f"on=rename {SHARD} when=after", 3),
    Point("before a sealed segment is deleted", f"on=unlink {SEGMENT}", 3),
    Point("after a sealed segment is deleted", f"on=unlink {SEGMENT} when=after", 3),
    Point("in taking an epoch", "on=mkdir path=run/epoch/* when=after"),
    Point("between making the lock and writing it", "on=create path=run/lock.json when=after"),
    Point("between the manifest's rename and its folder's fsync", "on=rename path=run/manifest/*.jsonl when=after"),
    Point("in writing the ledger", "on=rename path=run/epoch/*/ledger.json"),
    Point("in writing corpus.h5", "on=write path=run/corpus.h5*.part bytes=3000"),
    Point("in the fsync of corpus.h5", "on=fsync path=run/corpus.h5*.part"),
    Point("between corpus.h5's rename and its folder's fsync", "on=rename path=run/corpus.h5 when=after"),
    Point("in joining shards", "on=write path=run/shards/*-c-*.h5.part bytes=3000", joins=True),
    Point("before the joined shard is named", "on=rename path=run/shards/*-c-*.h5", joins=True),
    Point("after the joined shard is named", "on=rename path=run/shards/*-c-*.h5 when=after", joins=True),
    Point("before superseded.txt is named", "on=rename path=run/shards/superseded.txt", joins=True),
    Point("after superseded.txt is named", "on=rename path=run/shards/superseded.txt when=after", joins=True),
    Point("in writing corpus.h5 over joined shards", "on=write path=run/corpus.h5*.part bytes=3000", joins=True),
)
