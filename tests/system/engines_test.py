"""Two engines in one run: what the first gives up, and ranks that have the second."""

import json
import pathlib
import unittest

import pecia_process as pecia

READER = pathlib.Path(__file__).resolve().parents[2] / "jobs" / "reader"

CORPUS = pecia.DATA / "system" / "corpus"
BOOKS = {"root": str(CORPUS), "include": ["books/faq.tif", "books/letters.pdf"]}
PAGES = 12


class Engines(pecia.Case):
    def pages_of(self, job, ranks, status=0):
        got, output = pecia.run(ranks, "run", job)
        self.assertEqual(got, status, output)
        got, verified = pecia.run(0, "verify", self.folder / "run", "--deep")
        self.assertEqual(got, status, verified)
        pages = pecia.export(self.folder / "run", self.folder / "out")["pages.jsonl"]
        self.assertEqual(len(pages), PAGES)
        return pages, output

    def test_fallback_reads_what_the_engine_gave_up(self):
        # Most pages take Tesseract more than that.
        job = pecia.write_job(self.folder, BOOKS, engine={"name": "tesseract", "watchdog_s": 0.1}, fallback="echo")
        pages, output = self.pages_of(job, ranks=2)
        given_up = [page for page in pages if page["state"] == "ok_fallback"]
        self.assertGreater(len(given_up), 0)
        for page in given_up:
            self.assertEqual(page["engine"], "echo")
            self.assertRegex(page["text"], r"\d+ x \d+ px")
        self.assertEqual({page["state"] for page in pages} - {"ok", "ok_fallback"}, set())
        self.assertLessEqual(output.count("starting the fallback echo"), 2)

    def test_fallback_that_cannot_start_is_said_before_pages_are_read(self):
        job = pecia.write_job(self.folder, BOOKS, engine="echo", fallback={"engine": "tesseract", "languages": ["xyz"]})
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 2, output)
        self.assertIn("Tesseract has no language 'xyz'", output)

    def test_ranks_with_the_fallback_share_the_pages(self):
        job = pecia.write_job(self.folder, BOOKS, fallback="echo", ranks={"echo": 1, "mixed": "share"})
        pages, _ = self.pages_of(job, ranks=2)
        engines = [page["engine"] for page in pages]
        self.assertIn("echo", engines)
        self.assertEqual(set(engines) - {"tesseract", "echo"}, set())
        self.assertEqual({page["state"] for page in pages}, {"ok"}, "nothing was given up")

    def test_a_rank_with_the_fallback_reads_what_was_given_up_and_what_rules_say(self):
        # Most pages take Tesseract more than that.
        job = pecia.write_job(self.folder, BOOKS, engine={"name": "tesseract", "watchdog_s": 0.1}, fallback="echo",
                              ranks={"echo": 1}, rules=[{"match": "**/faq.tif", "engine": "echo"}])
        pages, output = self.pages_of(job, ranks=3)
        self.assertEqual({page["state"] for page in pages} - {"ok", "ok_fallback"}, set())
        self.assertIn("ok_fallback", {page["state"] for page in pages})
        for line in (self.folder / "out" / "pages.jsonl").read_text("utf-8").splitlines():
            page = json.loads(line)
            if page["state"] != "ok_fallback":
                continue
            self.assertEqual((page["engine"], page["rung"]), ("echo", "fallback"))
            self.assertEqual([(attempt["engine"], attempt["reason"]) for attempt in page["history"]],
                             [("tesseract", "engine_timeout")] * 2)
        for page in pages:
            if page["path"].endswith("faq.tif"):
                self.assertEqual((page["state"], page["engine"]), ("ok", "echo"))
            elif page["state"] == "ok":
                self.assertEqual(page["engine"], "tesseract")
        self.assertIn("left to the fallback", output)
        self.assertNotIn("starting the fallback", output)  # on a rank of the engine

    def test_another_fallback_is_another_text(self):
        self.pages_of(pecia.write_job(self.folder, BOOKS, engine="echo"), ranks=0)
        job = pecia.write_job(self.folder, BOOKS, engine="echo", fallback="tesseract")
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 2, output)
        self.assertIn("fallback.engine: none -> tesseract", output)

    @unittest.skipUnless((pecia.BIN / "pecia-deepseek").exists(), "built without LibTorch")
    def test_a_rank_with_tesseract_reads_what_the_model_gave_up(self):
        job = pecia.write_job(self.folder, READER / "samples", fallback="tesseract", ranks={"tesseract": 1},
                              engine={"name": "deepseek_ocr2", "weights": str(READER / "checkpoint"), "device": "cpu",
                                      "dtype": "fp32", "max_new_tokens": 2})
        status, output = pecia.run(3, "run", job)
        self.assertEqual(status, 0, output)  # a rank of the model starts a fallback of its own where nobody fetches its pages for 5 s
        self.assertIn("left to the fallback", output)
        pecia.export(self.folder / "run", self.folder / "out")
        lines = (self.folder / "out" / "pages.jsonl").read_text("utf-8").splitlines()
        pages = [json.loads(line) for line in lines]
        given_up = [page for page in pages if page["rung"] == "fallback"]
        self.assertGreater(len(given_up), len(pages) / 2)  # others are blank under one prompt or another
        for page in given_up:
            self.assertEqual(page["engine"], "tesseract")
            self.assertIn(page["state"], ("ok_fallback", "blank"))
            self.assertEqual([(attempt["engine"], attempt["rung"]) for attempt in page["history"]
                              if attempt["reason"] != "low_confidence"],  # Tesseract's own
                             [("deepseek_ocr2", rung) for rung in ("normal", "stronger_guard", "plain_prompt", "rotated")])

    @unittest.skipUnless((pecia.BIN / "pecia-deepseek").exists(), "built without LibTorch")
    def test_tesseract_reads_what_the_model_gave_up(self):
        # So few tokens are enough for some pages under the plain prompt only, and for others not at all.
        job = pecia.write_job(self.folder, READER / "samples", fallback="tesseract",
                              engine={"name": "deepseek_ocr2", "weights": str(READER / "checkpoint"), "device": "cpu",
                                      "dtype": "fp32", "max_new_tokens": 12})
        status, output = pecia.run(0, "read", "--job", job, "--format", "json", READER / "samples" / "10_page_2.png",
                                   READER / "samples" / "11_page_2.png", stderr=None)
        self.assertEqual(status, 0, output)
        plain, given_up = json.loads(output)
        self.assertEqual((plain["state"], plain["rung"], plain["text"]), ("ok", "plain_prompt", "616057386"))
        self.assertEqual((given_up["state"], given_up["engine"]), ("ok_fallback", "tesseract"))
        self.assertEqual([(attempt["rung"], attempt["reason"], attempt["finish_reason"]) for attempt in given_up["attempts"]
                          if attempt["reason"] != "low_confidence"],
                         [(rung, "no_end", "length") for rung in ("normal", "stronger_guard", "plain_prompt", "rotated")])


if __name__ == "__main__":
    pecia.main()
