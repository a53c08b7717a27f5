"""`pecia read`: pages here and now, without a run."""

import json
import re
import signal
import subprocess
import time

import pecia_process as pecia

CORPUS = pecia.DATA / "system" / "corpus"
LETTERS = CORPUS / "books" / "letters.pdf"
NOTE = CORPUS / "loose" / "note 0.png"


class Read(pecia.Case):
    def read(self, *arguments, status=0):
        """Standard output and standard error."""
        process = pecia.start(0, "read", *arguments, stderr=subprocess.PIPE, cwd=self.folder)
        try:
            output, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            for pid in [*pecia.descendants(process.pid), process.pid]:
                pecia.end(pid)
            raise
        self.assertEqual(process.returncode, status, errors)
        return output, errors

    def pages(self, *arguments, status=0):
        output, errors = self.read("--format", "json", *arguments, status=status)
        return json.loads(output), errors

    def test_text_of_a_page(self):
        output, errors = self.read(LETTERS, "--pages", "1")
        self.assertIn("Open development: Whereas many other Linux distributions", output)
        self.assertNotIn("==>", output)
        self.assertEqual(errors, "")
        self.assertEqual(list(self.folder.iterdir()), [], "nothing is written")

    def test_json_has_text_and_blocks(self):
        (page,), _ = self.pages(LETTERS, "--pages", "1")
        self.assertEqual((page["path"], page["page"], page["state"], page["reason"]), (str(LETTERS), 1, "ok", "none"))
        self.assertEqual((page["engine"], page["finish_reason"], page["raw"], page["ids"]), ("tesseract", "none", "", []))
        self.assertGreater(page["seconds"], 0)
        self.assertIn("Whereas", page["blocks"][0]["text"])
        x0, y0, x1, y1 = page["blocks"][0]["boxes"][0]
        self.assertTrue(0 <= x0 < x1 and 0 <= y0 < y1)

    def test_files_and_pages_in_their_order(self):
        pages, _ = self.pages(NOTE, LETTERS, CORPUS / "loose" / "note 2.png", "--engine", "echo")
        self.assertEqual([(page["path"].split("/")[-1], page["page"]) for page in pages],
                         [("note 0.png", 1), ("letters.pdf", 1), ("letters.pdf", 2), ("letters.pdf", 3), ("letters.pdf", 4),
                          ("note 2.png", 1)])
        pages, _ = self.pages(LETTERS, "--engine", "echo", "--pages", "4,2-3")
        self.assertEqual([page["page"] for page in pages], [2, 3, 4])

    def test_formats_for_people(self):
        output, _ = self.read(LETTERS, NOTE, "--engine", "echo", "--pages", "1-2")
        self.assertEqual(output.count("==> "), 2)
        output, _ = self.read(LETTERS, NOTE, "--engine", "echo", "--pages", "1-2", "--format", "md")
        self.assertEqual(re.findall("<!-- (.*) -->", output), [str(LETTERS), "page 1", "page 2", str(NOTE), "page 1"])

    def test_a_bad_file_costs_no_other(self):
        nothing = self.folder / "nothing.pdf"
        text = self.folder / "text.txt"
        text.write_text("no document")
        pages, errors = self.pages(nothing, NOTE, text, self.folder, CORPUS / "books" / "truncated.pdf", "--engine", "echo", status=3)
        self.assertEqual([(page["state"], page["reason"]) for page in pages],
                         [("failed", "vanished"), ("ok", "none"), ("skipped", "not_a_document"), ("skipped", "not_a_document"),
                          ("failed", "unreadable")])
        for words in ("nothing.pdf page 0: failed(vanished): there is no such file", "text.txt: not_a_document", "it is a folder"):
            self.assertIn(words, errors)

    def test_pages_that_are_not_there(self):
        output, errors = self.read(NOTE, "--pages", "2", "--engine", "echo", status=3)
        self.assertEqual(output, "")
        self.assertIn("note 0.png: it has 1 page, and none of those asked for", errors)

    def test_what_the_user_must_mend(self):
        for arguments, words in (
                (["--pages", "5-3"], "--pages 5-3"),
                (["--engine", "tesserakt"], "Did you mean 'tesseract'?"),
                (["--engine", "deepseek_ocr2"], "engine.weights is missing"),
                (["--set", "engine.languages=xyz"], "Tesseract has no language 'xyz'"),
                (["--set", "engine.thread=1"], "Did you mean 'threads'?"),
                (["--job", "none.yaml"], "none.yaml"),
                (["--format", "pdf"], "pdf")):
            with self.subTest(arguments):
                output, errors = self.read(NOTE, *arguments, status=2)
                self.assertIn(words, errors)
                self.assertEqual(output, "")
        self.read(status=2)

    def test_takes_engine_rules_and_fallback_from_a_job(self):
        job = pecia.write_job(self.folder, CORPUS, fallback="echo", rules=[{"match": "loose/**", "engine": "echo"}])
        pages, _ = self.pages(NOTE, LETTERS, "--pages", "1", "--job", job)
        self.assertEqual([page["engine"] for page in pages], ["echo", "tesseract"])
        self.assertFalse((self.folder / "run").exists())
        job = pecia.write_job(self.folder, CORPUS, fallback="echo")
        (page,), _ = self.pages(NOTE, "--job", job, "--engine", "echo")
        self.assertEqual(page["engine"], "echo")

    def test_is_stopped_with_what_is_done(self):
        # Enough for half a minute, however late this process hears of the first page.
        scans = sorted(path for path in (pecia.DATA.parents[1] / "jobs" / "sample").rglob("*") if path.suffix in (".tif", ".pdf", ".jpg"))
        process = pecia.start(0, "read", "--format", "json", NOTE, *scans, "--set", "engine.threads=1", stderr=subprocess.PIPE)
        first = process.stdout.readline()
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        errors = process.stderr.read()
        process.wait(timeout=60)
        self.assertLess(time.monotonic() - asked, 5)
        self.assertEqual(process.returncode, 75, errors)
        self.assertIn("stopped: ", errors)
        pages = json.loads(first + rest)
        self.assertEqual(pages[0]["state"], "ok")
        self.assertLess(len(pages), 20)

    def test_reads_with_the_fallback_what_the_engine_gives_up(self):
        # The page is more than Tesseract may take.
        job = pecia.write_job(self.folder, CORPUS, engine={"name": "tesseract", "watchdog_s": 0.1}, fallback="echo",
                              retries={"engine_timeout": {"times": 1}})
        (page,), errors = self.pages(LETTERS, "--pages", "2", "--job", job)
        self.assertEqual((page["state"], page["engine"], page["rung"]), ("ok_fallback", "echo", "fallback"))
        self.assertEqual([attempt["reason"] for attempt in page["attempts"]], ["engine_timeout", "engine_timeout"])
        self.assertIn("starting the fallback echo", errors)


if __name__ == "__main__":
    pecia.main()
