"""Thousands of damaged and hostile documents: each page one state, no rank lost, nothing left behind.

PECIA_MUTATIONS=3000 for the full number; PECIA_MUTATION_SEED for others than the usual ones."""

import json
import os
import pathlib
import random
import re
import struct
import subprocess
import tempfile
import time
import zlib

import pecia_process as pecia

MUTATIONS = int(os.environ.get("PECIA_MUTATIONS", "200"))
SEED = int(os.environ.get("PECIA_MUTATION_SEED", "1"))
SHARE_READ = 10  # for so many, one more is read by Tesseract
PATIENCE_S = 600 + 3 * MUTATIONS  # of a run, on a machine with much else to do
MOST_SECONDS = 240  # of a page, all of its attempts together: twice its time and the other limits stand behind it
WRITE_DOCUMENTS = pathlib.Path(os.environ["PECIA_SHIM"]).parent / "write_documents"
ODD = pecia.DATA / "odd"
LARGEST_SEED_BYTES = 100_000
# Of one process at a time, however many documents there are.
MOST_PAGES_HELD = 20
MOST_DESCRIPTORS = 120

# ---- the mutator


def flip_bytes(data, rng, _others):
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), 0, 0xFF, 0x7F, 0x80))


def cut_off(data, rng, _others):
    del data[rng.randrange(1, len(data)):]


def swap_chunks(data, rng, _others):
    size = rng.randrange(1, max(2, len(data) // 4))
    a, b = sorted(rng.randrange(max(1, len(data) - size)) for _ in range(2))
    data[a:a + size], data[b:b + size] = data[b:b + size], data[a:a + size]


def repeat_chunk(data, rng, _others):
    size, at = rng.randrange(1, max(2, len(data) // 3)), rng.randrange(len(data))
    data[at:at] = bytes(data[at:at + size]) * rng.choice((1, 2, 50))


def lie_about_length(data, rng, _others):
    """A 16 or 32 bit field of either byte order says something else: lengths, offsets and counts are of these."""
    size = rng.choice((2, 4))
    if len(data) < 64:
        return
    # Headers are at the front, a TIFF's directory is often at the end.
    at = rng.choice((rng.randrange(min(len(data), 400) - size), max(0, len(data) - 1 - rng.randrange(300) - size)))
    value = rng.choice((0, 1, 2, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, len(data), rng.randrange(1 << 32)))
    value &= (1 << 8 * size) - 1
    data[at:at + size] = struct.pack(rng.choice("<>") + ("H" if size == 2 else "I"), value)


def edit_number(data, rng, others):
    """A decimal number in the text of a PDF; a field elsewhere."""
    numbers = list(re.finditer(rb"\d+", bytes(data[:20_000])))
    if not bytes(data[:5]).startswith(b"%PDF") or not numbers:
        lie_about_length(data, rng, others)
        return
    found = rng.choice(numbers)
    value = rng.choice((b"0", b"-1", b"1", b"99999", b"2147483647", b"4294967296", b"99999999999999999999", b"1e9",
                        b"%d" % rng.randrange(1000), b"%d" % (int(found.group()) + rng.choice((-1, 1)))))
    data[found.start():found.end()] = value


def splice(data, rng, others):
    """The front of one and the back of another."""
    other = rng.choice(others)
    data[rng.randrange(len(data)):] = other[rng.randrange(len(other)):]


def zero_chunk(data, rng, _others):
    size, at = rng.randrange(1, max(2, len(data) // 2)), rng.randrange(len(data))
    data[at:at + size] = bytes(len(data[at:at + size]))


MUTATORS = (flip_bytes, flip_bytes, cut_off, swap_chunks, repeat_chunk, lie_about_length, lie_about_length, edit_number,
            edit_number, splice, zero_chunk)


def with_sound_checksums(data):
    """A PNG whose chunks are sound: else every mutation ends at the first checksum."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    at = 8
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at:at + 4])[0]
        end = at + 8 + length
        if end + 4 > len(data):
            break
        data[end:end + 4] = struct.pack(">I", zlib.crc32(data[at + 4:end]))
        at = end + 4
    return data


def mutated(number, names, seeds):
    """The document `number`: the same bytes whenever it is asked for."""
    rng = random.Random(f"{SEED}-{number}")
    name = names[number % len(names)]
    data = bytearray(seeds[name])
    others = [seeds[other] for other in names]
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(MUTATORS)(data, rng, others)
        if not data:
            data = bytearray(b"\0")
    if rng.random() < .8:
        data = with_sound_checksums(data)
    return f"{number:05}-{name}", bytes(data)


# ---- what may be left behind


def everything_below(folder):
    return {path: path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}


def shared_memory():
    return set(os.listdir("/dev/shm"))


def shared_memory_of(pid):
    """Names that it has of it: others run beside the test and have some, too."""
    return set(re.findall(r" /dev/shm/(\S+)", pathlib.Path(f"/proc/{pid}/maps").read_text()))


def descriptors_of(pid):
    """How many it has open, and how many of them are a page's pixels, which have no name in /dev/shm (memfd_create)."""
    targets = [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
    return len(targets), sum(target.startswith("/memfd:pecia") for target in targets)


class MutatedDocuments(pecia.Case):
    def setUp(self):
        super().setUp()
        made = self.folder / "made"
        subprocess.run([WRITE_DOCUMENTS, made], check=True)
        files = [*sorted(made.iterdir()), *sorted(path for path in ODD.iterdir() if path.suffix in (".pdf", ".png", ".jpg"))]
        self.seeds = {path.name: path.read_bytes() for path in files if 0 < path.stat().st_size <= LARGEST_SEED_BYTES}
        self.names = sorted(self.seeds)
        # As many of a TIFF as of a PDF.
        by_format = {}
        for name in self.names:
            by_format.setdefault(name.rpartition(".")[2], []).append(name)
        most = max(map(len, by_format.values()))
        self.names = [group[n % len(group)] for n in range(most) for group in by_format.values()]
        self.assertEqual(set(by_format), {"pdf", "tif", "jpg", "png", "jp2", "docx", "odt"})
        (self.folder / "tmp").mkdir()
        self.soffice = self.write_soffice(made / "text.pdf")

    def write_soffice(self, pdf):
        """In LibreOffice's place, which takes seconds for each: copies a PDF where it finds what it knows, else fails."""
        script = self.folder / "office" / "soffice"
        script.parent.mkdir()
        (script.parent / "made.pdf").write_bytes(pdf.read_bytes())
        script.write_text('#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\ngrep -q "xmlns" "$2" || exit 1\n'
                          f'cp "{script.parent}/made.pdf" "$1/document.pdf"\n')
        script.chmod(0o755)
        return str(script)

    def write_corpus(self, numbers):
        corpus = self.folder / "corpus"
        corpus.mkdir(exist_ok=True)
        for path in corpus.iterdir():
            path.unlink()
        for number in numbers:
            name, data = mutated(number, self.names, self.seeds)
            (corpus / name).write_bytes(data)
        return corpus

    def check(self, corpus, engine, timeout_s):
        """Runs, verifies, and goes over every line of the export."""
        outside, memory, self.mapped = everything_below(self.folder), shared_memory(), set()
        began = time.monotonic()
        job = pecia.write_job(self.folder, corpus, engine={"threads": 2, **engine})  # each more has descriptors of its own
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace") as log:
            process = pecia.start(2, "run", job, stdout=log, env=dict(pecia.environment(), PECIA_SOFFICE=self.soffice,
                                                                      TMPDIR=str(self.folder / "tmp")))
            descriptors, pages = self.most_descriptors(process, timeout_s)
            log.seek(0)
            output = log.read()
        self.assertIn(process.returncode, (0, 3), output)
        print(f"at most {descriptors} descriptors, {pages} of pages")
        self.assertLess(pages, MOST_PAGES_HELD, "pixels of pages are left open")
        self.assertLess(descriptors, MOST_DESCRIPTORS, "descriptors are left open")
        self.assertIn(pecia.run(0, "verify", self.folder / "run")[0], (0, 3))
        status, out = pecia.run(0, "export", self.folder / "run", "--format", "jsonl", "--out", self.folder / "out")
        self.assertIn(status, (0, 3), out)
        lines = [json.loads(line) for path in (self.folder / "out").rglob("*.jsonl")
                 for line in path.read_text("utf-8").splitlines()]
        states = {}
        for page in lines:
            key = page["path"], page["page"]
            self.assertNotIn(key, states, "a page has two states")
            states[key] = page["state"]
            self.assertIn(page["state"], pecia.STATES)
            self.assertTrue(page["state"] not in ("failed", "skipped") or page["reason"], page)
            self.assertLess(page["seconds"], MOST_SECONDS, page)
            self.assertNotEqual(page["reason"], "poison", page)
            self.assertNotIn("answered nonsense", str(page["detail"]), page)
        self.assertEqual({path for path, _ in states}, {path.name for path in corpus.iterdir()})
        self.assertEqual(shared_memory() & self.mapped - memory, set())
        after = {path: size for path, size in everything_below(self.folder).items()
                 if not path.is_relative_to(self.folder / "run") and not path.is_relative_to(self.folder / "out")}
        after.pop(job)
        outside.pop(job, None)
        self.assertEqual(after, outside, "a file outside of the run was written")
        return lines, time.monotonic() - began

    def most_descriptors(self, process, timeout_s):
        """Waits for its end; the most descriptors that one of its processes had open at a time, and those of pages."""
        most, most_pages, until = 0, 0, time.monotonic() + timeout_s
        while process.poll() is None:
            self.assertLess(time.monotonic(), until, "the run does not end")
            for pid in pecia.descendants(process.pid):
                try:
                    descriptors, pages = descriptors_of(pid)
                    most, most_pages = max(most, descriptors), max(most_pages, pages)
                    self.mapped |= shared_memory_of(pid)
                except OSError:
                    pass
            time.sleep(.1)
        return most, most_pages

    def test_each_page_ends_in_one_state(self):
        corpus = self.write_corpus(range(MUTATIONS))
        lines, seconds = self.check(corpus, {"name": "echo"}, PATIENCE_S)
        crashed = [page for page in lines if page["reason"] == "child_crashed"]
        timeouts = [page for page in lines if page["reason"] == "timeout"]
        counts = {}
        for page in lines:
            counts[page["state"], page["reason"]] = counts.get((page["state"], page["reason"]), 0) + 1
        print(f"{len(lines)} pages of {MUTATIONS} documents in {seconds:.0f} s: {sorted(counts.items(), key=str)}")
        for page in crashed + timeouts:
            print(f"{page['path']} page {page['page']}: {page['reason']}: {page['detail']}")
        self.assertGreater(sum(page["state"] == "ok" for page in lines), len(lines) // 20, "most are beyond reading: mutate less")

    def test_tesseract_survives_what_is_read_from_them(self):
        corpus = self.write_corpus(range(MUTATIONS, MUTATIONS + MUTATIONS // SHARE_READ))
        self.check(corpus, {"name": "tesseract", "languages": ["eng"]}, PATIENCE_S)


if __name__ == "__main__":
    pecia.main()
