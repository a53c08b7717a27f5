"""The miniature reader in whole runs: every page says what the reference says, whoever reads it, however often a rank or
an engine process is killed, and what the engine gives up is read by the fallback."""

import collections
import json
import pathlib
import re
import shutil
import signal
import time
import zlib

import pecia_process as pecia

READER = pecia.DATA / "deepseek" / "reader"
PIXELS = pecia.BIN.parent / "tests" / "pixels" / "reader"
GROUNDING = "<image>\n<|grounding|>Convert the document to markdown."
PLAIN = "<image>\nFree OCR."
TAG = re.compile(r"<\|ref\|>.*?<\|/ref\|><\|det\|>.*?<\|/det\|>", re.DOTALL)
COMPLETE, COMPLETE_WITH_FAILURES = 0, 3
FIELDS_OF_READ = {"path", "page", "state", "reason", "finish_reason", "text", "raw", "ids", "seconds", "blocks"}


def without_tags(raw):
    """Section 7.4 of the specification: tags deleted, empty lines squeezed, ends stripped."""
    text = TAG.sub("", raw)
    return re.sub("\n{3,}", "\n\n", text).strip() if text != raw else raw.strip()


def expected(prompt):
    """Text by the name of the sample."""
    rows = map(json.loads, (READER / "expected.jsonl").read_text("utf-8").splitlines())
    return {pathlib.Path(row["image"]).stem: without_tags(row["text"]) for row in rows if row["prompt"] == prompt}


def read_ppm(path):
    data = path.read_bytes()
    magic, width, height, _ = data.split(None, 4)[:4]
    assert magic == b"P6"
    return int(width), int(height), data[-3 * int(width) * int(height):]


def write_pdf(path, images):
    """A page for each image, exactly its size at 72 dpi, so that the image is the page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for width, height, rgb in images:
        packed, number = zlib.compress(rgb), len(objects) + 1
        content = b"q %d 0 0 %d 0 0 cm /I Do Q" % (width, height)
        objects += [
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
            b" /Filter /FlateDecode /Length %d >>\nstream\n" % (width, height, len(packed)) + packed + b"\nendstream",
            b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
            b" /Resources << /XObject << /I %d 0 R >> >> >>" % (width, height, number + 1, number)]
        kids.append(b"%d 0 R" % (number + 2))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    path.write_bytes(out)


class DeepseekCase(pecia.Case):
    def setUp(self):
        super().setUp()
        self.samples = sorted((READER / "samples").glob("*.png"))
        self.corpus = self.folder / "corpus"
        self.corpus.mkdir()
        self.run_folder = self.folder / "run"

    def job(self, engine=None, **settings):
        engine = {"name": "deepseek_ocr2", "weights": str(READER / "checkpoint"), "device": "cpu", "dtype": "fp32",
                  **(engine or {})}
        return pecia.write_job(self.folder, self.corpus, engine=engine, **settings)

    def exported(self):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        return pecia.export(self.run_folder, self.folder / "out", "--no-merge")  # the pages as the engine gave them

    def processes(self, launcher, name):
        return [pid for pid in pecia.descendants(launcher.pid) if pecia.name_of(pid) == name]


class WholeRuns(DeepseekCase):
    """30 PNG files and a PDF of the same 30 pages, on three ranks."""

    def setUp(self):
        super().setUp()
        for sample in self.samples:
            shutil.copyfile(sample, self.corpus / sample.name)
        write_pdf(self.corpus / "book.pdf", [read_ppm(PIXELS / f"{sample.stem}.ppm") for sample in self.samples])
        self.names = [sample.stem for sample in self.samples]

    def check(self, prompt):
        files = self.exported()
        texts = expected(prompt)
        read = collections.Counter()
        for page in files["pages.jsonl"]:
            path = pathlib.Path(page["path"])
            name = self.names[page["page"] - 1] if path.suffix == ".pdf" else path.stem
            self.assertEqual(page["state"], "ok" if texts[name] else "blank", page)
            self.assertEqual(page.get("text") or "", texts[name], page)
            self.assertEqual(page["finish_reason"], "stop", page)
            read[page["path"]] += 1
        self.assertEqual(len(read), 31)
        self.assertEqual(set(read.values()), {1, 30})
        for name in self.names:
            if texts[name]:
                self.assertIn(texts[name], files[f"{name}.png.md"].decode())
                self.assertIn(texts[name], files["book.pdf.md"].decode())

    def test_every_page_says_what_the_reference_says_and_ranks_that_run_dry_steal(self):
        status, output = pecia.run(3, "run", self.job(schedule={"partition": "queue"}))  # rank 0 has all at first
        self.assertEqual(status, COMPLETE, output)
        self.check(GROUNDING)
        schedule = json.loads((self.run_folder / "status.json").read_text("utf-8"))["schedule"]
        self.assertGreater(schedule["stolen_pages"], 0, schedule)
        self.assertEqual(pecia.run(0, "verify", self.run_folder)[0], COMPLETE)

    def test_kills_of_a_rank_and_of_an_engine_process_and_a_resume_on_other_ranks_change_nothing(self):
        job = self.job(engine={"prompt": "plain"}, store={"sync": "page"})
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            process = pecia.start(3, "run", job, stdout=log)
        some_outcomes = lambda: sum(path.stat().st_size for path in (self.run_folder / "journal").glob("*.seg")) > 3000
        self.wait_for(some_outcomes, 120, "the first outcomes")
        children = self.processes(process, "pecia-deepseek")
        self.assertTrue(children)
        self.assertTrue(pecia.end(children[0]))
        self.wait_for(lambda: len(set(self.processes(process, "pecia-deepseek")) - set(children)) > 0, 60,
                      "another engine process in place of the one that was killed")
        ranks = self.processes(process, "pecia")
        self.assertEqual(len(ranks), 3)
        pecia.end(ranks[1], signal.SIGKILL)
        process.wait(timeout=120)
        self.assertNotEqual(process.returncode, COMPLETE)
        status, output = pecia.run(2, "run", job)
        self.assertEqual(status, COMPLETE, output)
        self.check(PLAIN)


class EngineProcessAlone(DeepseekCase):
    """Nobody else would read its pages."""

    def kill_the_engine(self, process, after_s):
        self.wait_for(lambda: process.poll() is not None or self.processes(process, "pecia-deepseek"), 30, "its start")
        time.sleep(after_s)
        for pid in self.processes(process, "pecia-deepseek"):
            pecia.end(pid)

    def test_one_rank_goes_on_when_its_engine_process_is_killed(self):
        for number, sample in enumerate(4 * self.samples):
            shutil.copyfile(sample, self.corpus / f"{number:03}_{sample.name}")
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            process = pecia.start(0, "run", self.job(), stdout=log)
        self.kill_the_engine(process, 0.8)
        self.assertEqual(process.wait(timeout=120), COMPLETE, (self.folder / "log").read_text("utf-8"))
        texts = expected(GROUNDING)
        pages = self.exported()["pages.jsonl"]
        self.assertEqual(len(pages), 120)
        for page in pages:
            self.assertEqual(page["text"], texts[pathlib.Path(page["path"]).stem[4:]], page)

    def test_pecia_read_goes_on_when_its_engine_process_is_killed(self):
        with open(self.folder / "out", "w", encoding="utf-8") as out, open(self.folder / "log", "w", encoding="utf-8") as log:
            process = pecia.start(0, "read", "--engine", "deepseek_ocr2", "--set", f"engine.weights={READER}/checkpoint",
                                  "--set", "engine.dtype=fp32", "--format", "json", *self.samples, stdout=out, stderr=log)
        self.kill_the_engine(process, 0.4)
        self.assertEqual(process.wait(timeout=120), COMPLETE, (self.folder / "log").read_text("utf-8"))
        texts = expected(GROUNDING)
        pages = json.loads((self.folder / "out").read_text("utf-8"))
        self.assertEqual({pathlib.Path(page["path"]).stem: page["text"] for page in pages}, texts)
        for page in pages:
            self.assertEqual(set(page) & FIELDS_OF_READ, FIELDS_OF_READ)
        five_numbers = next(page for page in pages if "19_page_6" in page["path"])
        self.assertEqual([block["boxes"] for block in five_numbers["blocks"] if block["unparsed"]], [[]])


class GivenUp(DeepseekCase):
    def test_what_the_engine_gives_up_is_read_by_tesseract(self):
        for sample in self.samples:
            if sample.stem.split("_")[1] == "clean":
                shutil.copyfile(sample, self.corpus / sample.name)
        status, output = pecia.run(2, "run", self.job(engine={"max_new_tokens": 2},
                                                      fallback={"engine": "tesseract", "languages": ["eng"]}))
        self.assertEqual(status, COMPLETE, output)
        pages = self.exported_with_attempts()
        self.assertEqual({page["state"] for page in pages}, {"ok_fallback"}, pages)
        self.assertEqual({page["engine"] for page in pages}, {"tesseract"})
        for page in pages:
            history = [attempt for attempt in page["history"] if attempt["reason"] != "low_confidence"]  # of Tesseract
            self.assertEqual([attempt["reason"] for attempt in history], ["no_end"] * 4, page)
            self.assertEqual([attempt["rung"] for attempt in history],
                             ["normal", "stronger_guard", "plain_prompt", "rotated"])
            self.assertEqual({attempt["engine"] for attempt in history}, {"deepseek_ocr2"})

    def exported_with_attempts(self):
        self.exported()
        lines = (self.folder / "out" / "pages.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def test_without_a_fallback_it_has_failed_and_says_why(self):
        shutil.copyfile(self.samples[2], self.corpus / "page.png")
        status, output = pecia.run(0, "run", self.job(engine={"max_new_tokens": 2}))
        self.assertEqual(status, COMPLETE_WITH_FAILURES, output)
        page = self.exported_with_attempts()[0]
        self.assertEqual((page["state"], page["reason"], page["finish_reason"]), ("failed", "no_end", "length"))


class Geometry(DeepseekCase):
    def test_words_get_boxes_from_tesseract_and_nothing_else_changes(self):
        for sample in self.samples:
            shutil.copyfile(sample, self.corpus / sample.name)
        status, output = pecia.run(2, "run", self.job())
        self.assertEqual(status, COMPLETE, output)
        without = self.exported()["pages.jsonl"]
        shutil.rmtree(self.run_folder)
        status, output = pecia.run(2, "run", self.job(geometry="tesseract"))
        self.assertEqual(status, COMPLETE, output)
        pages = self.exported()["pages.jsonl"]

        placed = 0
        for page, before in zip(pages, without):
            steps = [step["detail"] for step in page["steps"] or [] if step["what"] == "geometry"]
            self.assertEqual(len(steps), 1 if page["state"] == "ok" else 0, page)
            placed += any("letters placed" in step and "have no boxes" not in step for step in steps)
            rest = [step for step in page["steps"] or [] if step["what"] != "geometry"]
            self.assertEqual({**page, "steps": rest}, {**before, "steps": before["steps"] or []})
        # Its letters are as small as the model can read them, which is small for Tesseract.
        self.assertGreater(placed, 10, [page["steps"] for page in pages])


class BadCheckpoints(DeepseekCase):
    def setUp(self):
        super().setUp()
        shutil.copyfile(self.samples[0], self.corpus / "page.png")
        self.checkpoint = self.folder / "checkpoint"
        shutil.copytree(READER / "checkpoint", self.checkpoint)

    def refused(self, *words):
        status, output = pecia.run(2, "run", self.job(engine={"weights": str(self.checkpoint)}))
        self.assertEqual(status, 2, output)
        for word in words:
            self.assertIn(word, output)

    def test_a_folder_that_is_not_there(self):
        shutil.rmtree(self.checkpoint)
        self.refused(str(self.checkpoint))

    def test_one_that_is_cut_short(self):
        weights = self.checkpoint / "model.safetensors"
        weights.chmod(0o644)
        with open(weights, "r+b") as file:
            file.truncate(weights.stat().st_size - 1000)
        self.refused("model.safetensors")


if __name__ == "__main__":
    pecia.main()
