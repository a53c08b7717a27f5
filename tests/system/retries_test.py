"""Pages that are tried again, and pages that are read in another way because they were read poorly."""

import json
import random
import signal
import struct
import subprocess
import zlib

import pecia_process as pecia

WIDTH, HEIGHT = 900, 500


def png(pixels):
    """An 8-bit gray PNG of WIDTH x HEIGHT pixels."""
    rows = b"".join(b"\0" + bytes(pixels[y * WIDTH : (y + 1) * WIDTH]) for y in range(HEIGHT))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def scrawl(seed):
    """Lines of what looks like letters and says nothing."""
    chance = random.Random(seed)
    pixels = bytearray(b"\xff" * (WIDTH * HEIGHT))

    def stroke(x, y, width, height):
        for row in range(y, min(y + height, HEIGHT)):
            end = min(x + width, WIDTH)
            pixels[row * WIDTH + x : row * WIDTH + end] = b"\x10" * max(0, end - x)

    for line in range(8):
        x = 40
        while x < WIDTH - 60:
            for _ in range(chance.randint(2, 7)):
                for _ in range(3):
                    upright = chance.random() < 0.5
                    stroke(x + chance.randint(0, 12), 40 + 55 * line + chance.randint(0, 20),
                           3 if upright else chance.randint(6, 14), chance.randint(8, 18) if upright else 3)
                x += 22
            x += 20
    return png(pixels)


class Retries(pecia.Case):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        for n, name in enumerate(("poor/a.png", "poor/b.png", "low/a.png", "low/b.png")):
            path = self.corpus / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(scrawl(n % 2))
        (self.corpus / "good.png").write_bytes((pecia.DATA / "system/corpus/loose/note 0.png").read_bytes())

    def read(self, name, ranks, **engine):
        settings = {"name": "tesseract", "languages": ["eng"], "threads": 1, **engine}
        job = pecia.write_job(self.folder, self.corpus, name=name + ".yaml", engine=settings,
                              rules=[{"match": "low/**", "priority": "low"}])
        run = self.folder / name
        status, output = pecia.run(ranks, "run", job, "--set", f"run={run}")
        self.assertEqual(status, 0, output)
        pecia.export(run, self.folder / (name + "-out"))
        lines = (self.folder / (name + "-out") / "pages.jsonl").read_text("utf-8").splitlines()
        pages = {page["path"]: page for page in map(json.loads, lines)}
        self.assertEqual(len(pages), 5)
        self.assertEqual({page["state"] for page in pages.values()}, {"ok"}, "poor pages are no failures")
        return pages

    def test_poor_pages_are_read_again_those_of_low_priority_are_not_and_ranks_change_nothing(self):
        pages = self.read("few", ranks=1, retry_budget=1)
        for path in ("poor/a.png", "poor/b.png"):
            history = pages[path]["history"]
            self.assertEqual([(attempt["engine"], attempt["reason"]) for attempt in history],
                             [("tesseract", "low_confidence")], pages[path])
            self.assertRegex(history[0]["detail"], r"^(confidence 0\.\d\d.*|nothing); .* was better$")
            self.assertGreater(history[0]["seconds"], 0)
        for path in ("low/a.png", "low/b.png", "good.png"):
            self.assertEqual(pages[path]["history"], [])
        many = self.read("many", ranks=3, retry_budget=1)
        self.assertEqual({path: page["text"] for path, page in many.items()},
                         {path: page["text"] for path, page in pages.items()})

    def test_without_budget_the_page_says_what_it_did_not_get(self):
        pages = self.read("poor", ranks=2, retry_budget=1e-9)
        for path in ("poor/a.png", "poor/b.png"):
            self.assertEqual(pages[path]["history"], [])
            said = [step["detail"] for step in pages[path]["steps"] if "retry_budget" in step["detail"]]
            self.assertEqual(len(said), 1, pages[path]["steps"])
            self.assertRegex(said[0], r"^confidence 0\.\d\d; no other reading: engine\.retry_budget is used up$")
        for path in ("low/a.png", "good.png"):
            self.assertNotIn("retry_budget", json.dumps(pages[path]["steps"]))

    def test_read_reads_again_too_and_a_budget_of_nothing_is_none(self):
        job = pecia.write_job(self.folder, self.corpus)
        for budget, attempts in ((1, 1), (0, 0)):
            status, output = pecia.run(0, "read", "--job", job, "--set", f"engine.retry_budget={budget}", "--format",
                                       "json", self.corpus / "poor/a.png", stderr=None)
            self.assertEqual(status, 0, output)
            (page,) = json.loads(output)
            self.assertEqual(len(page["attempts"]), attempts, page)

    def test_read_prints_a_page_whose_other_reading_is_broken_off_by_a_stop(self):
        command = ("read", "-v", "--format", "json", "--set", "engine.retry_budget=1", "--set", "engine.threads=1",
                   self.corpus / "poor/a.png")
        said = []
        for _ in range(5):  # where the other reading ended before the engine was held
            process = pecia.start(0, *command, stderr=subprocess.PIPE)
            for line in process.stderr:
                if "reading it in another way" in line:
                    break
            engines = [pid for pid in pecia.descendants(process.pid) if pecia.name_of(pid) == "pecia-tesseract"]
            for engine in engines:
                pecia.end(engine, signal.SIGSTOP)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
            said.append((process.returncode, output, errors))
            if "the job was told to stop" in output:  # before the engine got the page, or while it read
                (page,) = json.loads(output)
                self.assertEqual(page["state"], "ok", errors)
                return
        self.fail(f"the page was never printed with its first reading: {said}")

    def test_another_budget_is_another_text(self):
        self.read("one", ranks=0)
        job = self.folder / "one.yaml"
        status, output = pecia.run(0, "run", job, "--set", f"run={self.folder / 'one'}", "--set",
                                   "retries.low_confidence=0")
        self.assertEqual(status, 2, output)
        self.assertIn("retries.low_confidence.attempts: 1 -> 0", output)


if __name__ == "__main__":
    pecia.main()
