"""Two engines in one run: what the first gives up, and ranks that have the second."""

import pecia_process as pecia

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

    def test_another_fallback_is_another_text(self):
        self.pages_of(pecia.write_job(self.folder, BOOKS, engine="echo"), ranks=0)
        job = pecia.write_job(self.folder, BOOKS, engine="echo", fallback="tesseract")
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 2, output)
        self.assertIn("fallback.engine: none -> tesseract", output)


if __name__ == "__main__":
    pecia.main()
