"""What a loss of power leaves of a folder whose writers ran under the shim and are all dead.

The shim writes down what was made, renamed, removed and written below the folder, and which fsync returned.
A file keeps what its last fsync covered; a name made, renamed or removed is as its folder's last fsync saw it.
"""

import dataclasses
import os
import pathlib
import shutil


@dataclasses.dataclass
class Inode:
    synced_bytes: int = 0
    dirty: list = dataclasses.field(default_factory=list)  # (line, begin, end) written since the last fsync


FOLDER = "folder"


def parent_of(name):
    return os.path.dirname(name) or "."


def snapshot(root):
    """Names below `root`: folders, and files by inode with their sizes. All of it counts as on disk."""
    names, inodes = {}, {}
    for folder, folders, files in os.walk(root):
        for name in folders:
            names[os.path.relpath(os.path.join(folder, name), root)] = FOLDER
        for name in files:
            path = os.path.join(folder, name)
            is_now = os.lstat(path)
            names[os.path.relpath(path, root)] = is_now.st_ino
            inodes[is_now.st_ino] = Inode(is_now.st_size)
    return names, inodes


class Disk:
    """What is on disk beside what is seen, by the lines of the shim's log."""

    def __init__(self, names, inodes):
        self.seen, self.on_disk = dict(names), dict(names)
        self.inodes = inodes
        self.syncing = {}       # by thread
        self.last_sync = {}     # by folder or inode: the line at which its newest returned fsync began

    def play(self, log):
        for number, line in enumerate(log):
            kind, *words = line.rstrip("\n").split("\t")
            if not kind.startswith("fired"):
                getattr(self, "on_" + kind)(number, *words)

    def on_create(self, _, name, inode):
        self.seen[name] = int(inode)
        self.inodes[int(inode)] = Inode()

    def on_truncate(self, _, inode):
        self.inodes[int(inode)] = Inode()

    def on_write(self, number, inode, begin, end):
        self.inodes[int(inode)].dirty.append((number, int(begin), int(end)))

    def on_mkdir(self, _, name):
        self.seen[name] = FOLDER

    def on_rename(self, _, old, new):
        self.seen[new] = self.seen.pop(old)

    def on_unlink(self, _, name):
        self.seen.pop(name, None)

    def names_in(self, folder):
        return {name: what for name, what in self.seen.items() if parent_of(name) == folder}

    def on_syncing(self, number, thread, kind, *what):
        if kind == "folder":
            self.syncing[thread] = (number, what[0], self.names_in(what[0]))
        else:
            self.syncing[thread] = (number, int(what[0]), int(what[1]))

    def on_synced(self, _, thread):
        began, which, what = self.syncing.pop(thread)
        if self.last_sync.get(which, -1) > began:
            return  # a later fsync was faster
        self.last_sync[which] = began
        if isinstance(which, str):
            self.on_disk = {name: is_ for name, is_ in self.on_disk.items() if parent_of(name) != which}
            self.on_disk.update(what)
        else:
            inode = self.inodes[which]
            inode.synced_bytes = what
            inode.dirty = [piece for piece in inode.dirty if piece[0] > began]


def content(path, inode, size, tail):
    """The file's bytes on disk. `tail`: what stands where writes did not reach it."""
    data = bytearray(path.read_bytes()[:inode.synced_bytes])
    for _, begin, end in inode.dirty:
        end = min(end, len(data))
        if begin < end:
            data[begin:end] = bytes(end - begin)
    if tail == "zeros":
        data += bytes(max(0, size - len(data)))  # the length was on disk, the blocks were not
    return bytes(data)


def cut(root, log, keep, before, names="undone", gone=(), tail="cut"):
    """Makes `root` what a loss of power leaves of it.

    before: `snapshot(root)` of before the first writer. names: without an fsync of their folder all are `undone`;
    or those removed are gone all the same and the rest is undone (`removed`), or all reached the disk (`kept`):
    file systems may do either. gone: names whose removal reached the disk in any case. tail: `cut`, or `zeros` for files whose length had reached the disk.
    Returns the names that it lost.
    """
    root = pathlib.Path(root)
    disk = Disk(*before)
    if os.path.exists(log):  # they may have died before they wrote anything
        with open(log, encoding="utf-8") as lines:
            disk.play(lines)
    files = {path.lstat().st_ino: path for place in (keep, root)
             for path in pathlib.Path(place).rglob("*") if path.is_file()}
    left = dict(disk.seen if names == "kept" else disk.on_disk)
    if names == "removed":
        still_named = set(disk.seen.values())
        left = {name: what for name, what in left.items() if name in disk.seen or what in still_named}
    left = {name: what for name, what in left.items() if name not in gone}
    after = root.with_name(root.name + ".after")
    after.mkdir()
    for name, what in sorted(left.items()):
        path = after / name
        if not path.parent.is_dir():
            continue  # its folder never reached the disk
        if what == FOLDER:
            path.mkdir()
        else:
            path.write_bytes(content(files[what], disk.inodes[what], files[what].stat().st_size, tail))
    lost = {name for name in disk.seen if not (after / name).exists()}
    shutil.rmtree(root)
    after.rename(root)
    return lost
