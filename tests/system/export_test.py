"""Exports as a user makes them: all formats, again, after a retry, over something else, stopped, on a full disk; text and find."""

import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import zlib

import pecia_process as pecia

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "jobs" / "sample"
ECHO = {"engine": {"name": "echo"}}
GAPS, STOPPED, USAGE = 3, 75, 2
ODD_NAME = b"odd \xff\n 'name'.png"


def png(width_px, height_px):
    """A white page."""
    raw = (b"\0" + b"\xff" * width_px) * height_px
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


class ExportCase(pecia.Case):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"
        self.run_folder = self.folder / "run"

    def read(self, corpus, *arguments, statuses=(0, GAPS), **settings):
        """Runs a job on the corpus (which stays the same in a test)."""
        self.job = pecia.write_job(self.folder, {"root": str(corpus), "exclude": ["**/*.md"]}, **{**ECHO, **settings})
        status, output = pecia.run(0, "run", self.job, *arguments)
        self.assertIn(status, statuses, output)

    def export(self, *arguments, status=0, **kwargs):
        got, output = pecia.run(0, "export", self.run_folder, "--out", self.out, *arguments, **kwargs)
        self.assertEqual(got, status, output)
        return output

    def list(self):
        return json.loads((self.out / "export.json").read_text("utf-8"))

    def files(self):
        return {str(path.relative_to(self.out)): path.stat().st_mtime_ns for path in self.out.rglob("*")
                if path.is_file() and path.name != "export.json"}

    def shim(self, rules):
        log = self.folder / "shim.log"
        log.touch()
        return dict(pecia.environment(), LD_PRELOAD=os.environ["PECIA_SHIM"], PECIA_SHIM_ROOT=str(self.folder), PECIA_SHIM_LOG=str(log),
                    PECIA_SHIM_RULES=rules)


class Sample(ExportCase):
    def test_all_formats_are_written_once_and_again_only_where_something_changed(self):
        corpus = self.folder / "corpus"
        shutil.copytree(SAMPLE, corpus)
        (corpus / "bad.png").write_bytes(b"")
        self.read(corpus)
        # pdf needs the documents, and is tried again where it was refused.
        known = self.export("--format", "none", status=USAGE).rsplit("Formats: ", 1)[1].strip().split(", ")
        formats = [name for name in known if name != "pdf"]

        output = self.export("--format", ",".join(formats), status=GAPS)
        self.assertIn(" 0 unchanged", output)
        self.assertIn("bad.png", output)
        first = self.list()
        self.assertEqual(first["state"], "finished")
        documents = {document["path"]: document for document in first["documents"]}
        self.assertEqual(documents["bad.png"]["state"], "gaps")
        self.assertEqual(first["summary"]["documents"], first["summary"]["complete"] + first["summary"]["with_gaps"])
        for document in documents.values():
            for written in document["formats"].values():
                for name in written["files"]:
                    self.assertTrue((self.out / name).is_file(), name)
        self.assertTrue((self.out / "bad.png.md").read_text("utf-8").startswith("> [this document could not be read: "))

        before = self.files()
        output = self.export("--format", ",".join(formats), status=GAPS)
        self.assertIn(f" {first['summary']['documents']} unchanged", output)
        self.assertEqual(self.files(), before)

        (corpus / "bad.png").write_bytes(png(64, 48))
        self.read(corpus, "--retry", "failed", "--documents", "bad.png")
        status, output = pecia.run(0, "export", self.run_folder, "--out", self.out, "--format", ",".join(formats))
        self.assertIn(status, (0, GAPS), output)
        self.assertIn(f" {first['summary']['documents'] - 1} unchanged", output)
        after = self.files()
        changed = {name for name in after if after[name] != before.get(name)}
        self.assertEqual({name for name in changed if not name.startswith("bad.png.")}, {"pages.jsonl"})
        self.assertIn("64 x 48 px", (self.out / "bad.png.md").read_text("utf-8"))

    def test_an_export_to_another_folder_has_the_same_bytes_whatever_the_threads(self):
        self.read(SAMPLE)
        one = pecia.export(self.run_folder, self.folder / "one")
        status, output = pecia.run(0, "export", self.run_folder, "--format", "md,txt,jsonl", "--out", self.folder / "two", "--jobs", "5")
        self.assertIn(status, (0, GAPS), output)
        two = pecia.export(self.run_folder, self.folder / "two")
        self.assertEqual(one, two)
        self.assertGreater(len(one), 20)


class Small(ExportCase):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        (self.corpus / "box").mkdir(parents=True)
        for n in range(1, 6):
            (self.corpus / "box" / f"{n}.png").write_bytes(png(20 + n, 10))
        (self.corpus / "bad.png").write_bytes(b"")
        pathlib.Path(os.fsdecode(os.fsencode(self.corpus) + b"/" + ODD_NAME)).write_bytes(png(99, 9))
        self.read(self.corpus, statuses=(GAPS,))

    def test_names_of_any_bytes_mirror_the_corpus(self):
        self.export(status=GAPS)
        names = {os.fsencode(str(path.relative_to(self.out))) for path in self.out.rglob("*.md")}
        self.assertEqual(names, {b"bad.png.md", ODD_NAME + b".md", *(b"box/%d.png.md" % n for n in range(1, 6))})
        self.assertIn("odd \\xff\\x0a 'name'.png", [document["path"] for document in self.list()["documents"]])

    def test_only_what_is_asked_for(self):
        self.export("--documents", "box/[12].png", "--documents", "*5.png")
        self.assertEqual(sorted(self.files()), ["box/1.png.md", "box/2.png.md", "box/5.png.md"])
        self.export("--documents", "box/1.png", "--dictionaries", str(self.folder), "--dictionaries", str(self.corpus))
        self.export("--documents", "nothing*", status=USAGE)
        shutil.rmtree(self.out)
        output = self.export("--complete-only", status=GAPS)
        self.assertIn("1 skipped", output)
        self.assertNotIn("bad.png.md", self.files())
        self.assertIn("bad.png.md", self.files() if self.export(status=GAPS) else {})

    def test_lines_for_documents(self):
        self.export("--format", "jsonl", "--per", "document", status=GAPS)
        lines = [json.loads(line) for line in (self.out / "documents.jsonl").read_text("utf-8").splitlines()]
        self.assertEqual(len(lines), 7)
        self.assertEqual([line["path"] for line in lines if line["state"] == "gaps"], ["bad.png"])
        for line in lines:
            self.assertEqual(line["balance"]["unexplained"], 0)

    def test_without_a_folder_it_writes_into_the_run(self):
        status, output = pecia.run(0, "export", self.job, "--format", "txt")
        self.assertEqual(status, GAPS, output)
        self.assertEqual((self.run_folder / "export" / "box" / "1.png.txt").read_text(), "21 x 10 px\n")
        self.assertEqual(pecia.run(0, "verify", self.run_folder)[0], GAPS)

    def test_what_is_not_its_own_is_written_over_by_force_alone(self):
        (self.out / "box").mkdir(parents=True)
        (self.out / "box" / "1.png.md").write_text("notes")
        self.assertIn("--force", self.export(status=USAGE))
        self.assertEqual((self.out / "box" / "1.png.md").read_text(), "notes")
        self.export("--force", status=GAPS)
        self.assertIn("21 x 10 px", (self.out / "box" / "1.png.md").read_text())

        other = self.folder / "other"
        other.mkdir()
        job = pecia.write_job(other, {"root": str(self.corpus / "box")}, **ECHO)
        self.assertEqual(pecia.run(0, "run", job)[0], 0)
        status, output = pecia.run(0, "export", other / "run", "--out", self.out)
        self.assertEqual(status, USAGE, output)
        self.assertIn("another run", output)
        self.assertEqual(pecia.run(0, "export", other / "run", "--out", self.out, "--force")[0], 0)

    def test_settings_that_make_no_sense(self):
        for arguments in (("--format", "docx"), ("--kind", "novel"), ("--keep", "everything"), ("--keep", "hyphens", "--no-merge"),
                          ("--pdfa",), ("--per", "book"), ("--jobs", "0"), ("--dictionaries", str(self.folder / "nowhere"))):
            self.export(*arguments, status=USAGE)
        self.assertFalse(self.out.exists())
        status, output = pecia.run(0, "export", self.run_folder, "--out", "")
        self.assertEqual(status, USAGE, output)
        status, output = pecia.run(0, "export", self.run_folder, "--out", self.run_folder / "shards")
        self.assertEqual(status, USAGE, output)
        self.assertIn("a folder of the run itself", output)
        self.assertIn("Add md or html", self.export("--figures", "--format", "jsonl", status=USAGE))

    def test_stopped_it_leaves_whole_files_and_goes_on(self):
        environment = self.shim("do=stall seconds=3 on=rename path=out/*.md nth=3")
        process = pecia.start(0, "export", self.run_folder, "--out", self.out, "--format", "md,jsonl", "--jobs", "1", env=environment)
        self.wait_for(lambda: (self.folder / "shim.log").stat().st_size > 0, what="the third file")
        os.kill(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, STOPPED, output)
        self.assertIn("the same command goes on", output)
        self.assertEqual(self.list()["state"], "stopped")
        self.assertNotIn("pages.jsonl", self.files())
        self.assertEqual([name for name in self.files() if name.endswith(".part")], [])
        self.assertGreaterEqual(len(self.files()), 3)
        before = self.files()
        self.export("--format", "md,jsonl", status=GAPS)
        self.assertEqual(before, {name: time_ns for name, time_ns in self.files().items() if name in before})
        self.assertEqual(len([name for name in self.files() if name.endswith(".md")]), 7)

    def test_killed_it_takes_what_it_wrote_for_its_own(self):
        environment = self.shim("do=kill on=rename when=after path=out/*.md nth=4")
        process = pecia.start(0, "export", self.run_folder, "--out", self.out, env=environment)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertEqual(self.list()["state"], "writing")
        self.assertIn(" 0 unchanged", self.export(status=GAPS))
        self.assertEqual(len([name for name in self.files() if name.endswith(".md")]), 7)

    def test_a_full_disk_is_named_and_nothing_is_left_half(self):
        status, output = pecia.run(0, "export", self.run_folder, "--out", self.out, "--jobs", "1",
                                   env=self.shim("do=fail errno=ENOSPC on=write path=out/box/*.part nth=2"))
        self.assertEqual(status, 1, output)
        self.assertRegex(output, r"out/box/.*No space left on device.*make room")
        self.assertEqual([name for name in self.files() if name.endswith(".part")], [])
        for name in self.files():
            self.assertIn(" px" if "bad" not in name else "could not be read", (self.out / name).read_text("utf-8", "surrogateescape"))
        self.export(status=GAPS)

    def test_a_run_that_is_not_read_to_its_end(self):
        (self.corpus / "new.png").write_bytes(png(31, 7))
        status, output = pecia.run(0, "run", self.job, "--dry-run")
        self.assertEqual(status, 0, output)
        output = self.export(status=GAPS)
        self.assertIn("1 page is not read yet", output)
        self.assertIn("[page 1 is not read yet]", (self.out / "new.png.md").read_text())

    def test_damaged_shards_cost_their_pages_alone(self):
        shard = next((self.run_folder / "shards").glob("*.h5"))
        contents = bytearray(shard.read_bytes())
        for at in range(len(contents) // 4, len(contents), 97):
            contents[at] ^= 0x55
        shard.write_bytes(contents)
        output = self.export(status=GAPS)
        self.assertIn("pecia verify", output)
        self.assertEqual(len(self.list()["documents"]), 7)


class TextAndFind(ExportCase):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        (self.corpus / "box").mkdir(parents=True)
        for n in range(1, 4):
            (self.corpus / "box" / f"{n}.png").write_bytes(png(20 + n, 10))
        (self.corpus / "bad.png").write_bytes(b"")
        self.read(self.corpus, statuses=(GAPS,))

    def text(self, *arguments, status=0):
        got, output = pecia.run(0, "text", self.run_folder, *arguments)
        self.assertEqual(got, status, output)
        return output

    def find(self, *arguments, status=0):
        got, output = pecia.run(0, "find", self.run_folder, *arguments)
        self.assertEqual(got, status, output)
        return output

    def check_text(self):
        self.assertEqual(self.text("box/2.png"), "22 x 10 px\n")
        self.assertEqual(self.text("2.png", 1), "22 x 10 px\n")
        self.assertEqual(self.text("*3*", "--raw"), "23 x 10 px\n")
        self.assertTrue(self.text("bad.png", status=GAPS).startswith("[this document could not be read: "))
        self.assertIn("has no page 2, but 1 page", self.text("2.png", 2, status=USAGE))
        self.assertIn("may be any of 3 documents", self.text("box/*", status=USAGE))
        self.assertIn("Did you mean", self.text("bat.png", status=USAGE))

    def test_a_document_or_a_page_is_printed_at_once(self):
        self.check_text()

    def test_text_is_there_without_corpus_h5_too(self):
        (self.run_folder / "corpus.h5").unlink()
        self.check_text()

    def test_what_the_next_job_has_listed_and_not_read_is_not_that_of_the_last(self):
        (self.corpus / "box" / "2.png").write_bytes(png(44, 55))
        (self.corpus / "new.png").write_bytes(png(66, 77))
        self.read(self.corpus, "--dry-run", "--set", "corpus.changed=redo")
        for name in ("box/2.png", "new.png"):
            self.assertIn("is not read yet", self.text(name, status=GAPS))
            self.assertIn("is not read yet", self.text(name, 1, status=GAPS))
        self.assertEqual(self.text("box/1.png"), "21 x 10 px\n")

    def test_a_name_may_mean_a_document_that_is_listed_and_not_read(self):
        (self.corpus / "2.png").write_bytes(png(44, 55))
        (self.corpus / "box" / "33.png").write_bytes(png(66, 77))
        self.read(self.corpus, "--dry-run")
        self.assertIn("is not read yet", self.text("2.png", status=GAPS))
        self.assertIn("may be any of 2 documents", self.text("*/3*.png", status=USAGE))
        self.assertEqual(self.text("/2.png"), "22 x 10 px\n")

    def test_lines_are_found_with_their_places(self):
        self.assertEqual(self.find(r"2[12] x"), "box/1.png:1:1: 21 x 10 px\nbox/2.png:1:1: 22 x 10 px\n")
        self.assertEqual(self.find("PX", status=1), "")
        self.assertEqual(self.find("PX", "-i", "--max", "1"), "box/1.png:1:1: 21 x 10 px\n")
        self.assertEqual(self.find("x", "--count", "--documents", "box/[23]*"), "box/2.png:1\nbox/3.png:1\n")
        line = json.loads(self.find("10", "--json", "--documents", "*1.png"))
        self.assertEqual(line, {"path": "box/1.png", "page": 1, "line": 1, "text": "21 x 10 px", "match": [5, 7]})

    def test_patterns_and_globs_that_make_no_sense(self):
        self.assertIn("\n  a(b\n     ^", self.find("a(b", status=USAGE))
        self.assertIn("matches what --documents says", self.find("x", "--documents", "none*", status=USAGE))
        self.assertEqual(pecia.run(0, "find", self.folder, "x")[0], USAGE)

    def test_a_full_disk_is_seen(self):
        for arguments, status in ((("text", self.run_folder, "2.png"), 1), (("text", self.run_folder, "2.png", 1), 1),
                                  (("find", self.run_folder, "px"), 2)):
            with open("/dev/full", "w") as full:
                process = pecia.start(0, *arguments, stdout=full, stderr=subprocess.PIPE)
                _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, status, arguments)
            self.assertIn("No space left on device", errors)


if __name__ == "__main__":
    pecia.main()
