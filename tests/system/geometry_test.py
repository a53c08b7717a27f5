"""Words that an engine without boxes has read get them from Tesseract (`geometry`). The engine echo says how large a page is: pages on
which that is written stand for those that it has read rightly, others for those that it has not."""

import json
import os
import signal
import subprocess
import sys

import pecia_process as pecia

COMPLETE, UNFINISHED = 0, 75
SAID = "2000 x 2667 px\n"  # of 480 x 640 points in 300 dpi
LEFT, BASE_LINE, FONT_SIZE = 40, 500, 24  # points, from below
PIXELS_PER_POINT = 300 / 72

WORDS = """
import json, sys, h5py
file = h5py.File(sys.argv[1], "r")
paths = {row["id"]: row["path"].decode() for row in file["documents"]}
for row in file["pages"]:
    cut = lambda what: file[what][row[what + "_begin"]:row[what + "_end"]]
    text = bytes(cut("text"))
    part = lambda p: [text[p["text_begin"]:p["text_end"]].decode(), *(float(p[c]) for c in ("x0", "y0", "x1", "y1"))]
    places = {what: [part(p) for p in cut(what)] for what in ("words", "lines")}
    print(json.dumps({"path": paths[row["document"]], "page": int(row["page"]), **places}))
"""


def pdf(lines):
    """A page for each of these, in Helvetica."""
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>", 3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"}
    kids = []
    for n, line in enumerate(lines):
        content = f"BT /F {FONT_SIZE} Tf {LEFT} {BASE_LINE} Td ({line}) Tj ET\n".encode()
        kids.append(b"%d 0 R" % (10 + 2 * n))
        objects[10 + 2 * n] = (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 480 640]/Contents %d 0 R"
                               b"/Resources<</Font<</F 3 0 R>>>>>>" % (11 + 2 * n))
        objects[11 + 2 * n] = b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)
    objects[2] = b"<</Type/Pages/Kids[" + b" ".join(kids) + b"]/Count %d>>" % len(kids)
    file, offsets = b"%PDF-1.4\n", {}
    for number in sorted(objects):
        offsets[number] = len(file)
        file += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    table = len(file)
    file += b"xref\n0 1\n0000000000 65535 f \n"
    for number in sorted(objects):
        file += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    return file + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, table)


class GeometryTest(pecia.Case):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        self.corpus.mkdir()
        self.run_folder = self.folder / "run"

    def job(self, **settings):
        return pecia.write_job(self.folder, self.corpus, engine={"name": "echo", "threads": 2},
                               **{"geometry": "tesseract", "page": {"text_layer": "ignore"}, "store": {"sync": "page"}, **settings})

    def places(self):
        """Words and lines of each page as corpus.h5 has them."""
        done = subprocess.run([sys.executable, "-c", WORDS, self.run_folder / "corpus.h5"], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def pages(self):
        status, output = pecia.run(0, "export", self.run_folder, "--format", "jsonl", "--out", self.folder / "out")
        self.assertEqual(status, COMPLETE, output)
        return [json.loads(line) for line in (self.folder / "out" / "pages.jsonl").read_text("utf-8").splitlines()]

    def geometry_of(self, page):
        steps = [step["detail"] for step in page.get("steps") or [] if step["what"] == "geometry"]
        self.assertLessEqual(len(steps), 1)
        return steps[0] if steps else None

    def test_words_stand_where_they_are_drawn(self):
        (self.corpus / "right.pdf").write_bytes(pdf(6 * [SAID.strip()]))
        (self.corpus / "wrong.pdf").write_bytes(pdf(3 * ["Nothing of the kind"]))
        (self.corpus / "left-out.pdf").write_bytes(pdf([SAID.strip()]))
        status, output = pecia.run(2, "run", self.job(rules=[{"match": "left-*", "geometry": "none"}]))
        self.assertEqual(status, COMPLETE, output)

        for page in self.pages():
            self.assertEqual((page["state"], page["text"], page["engine"]), ("ok", SAID, "echo"), page)
            said = self.geometry_of(page)
            if page["path"] == "right.pdf":
                self.assertRegex(said, r"^tesseract [0-9.]+, eng: 100 % of letters placed, 4 of 4 words, 1\.00 alike$")
            elif page["path"] == "wrong.pdf":
                self.assertRegex(said, r"^words have no boxes: tesseract [0-9.]+, eng has another text: ")
            else:
                self.assertIsNone(said)
        for page in self.places():
            if page["path"] != "right.pdf":
                self.assertEqual((page["words"], page["lines"]), ([], []), page)
                continue
            self.assertEqual([word[0] for word in page["words"]], SAID.split())
            self.assertEqual([line[0] for line in page["lines"]], [SAID.strip()])
            base_line, size = (640 - BASE_LINE) * PIXELS_PER_POINT, FONT_SIZE * PIXELS_PER_POINT
            for _, x0, y0, x1, y1 in page["words"]:
                self.assertTrue(base_line - size < y0 < y1 < base_line + size / 3, page)
            lefts = [word[1] for word in page["words"]]
            self.assertEqual(lefts, sorted(lefts))
            self.assertAlmostEqual(lefts[0], LEFT * PIXELS_PER_POINT, delta=size / 4)
        self.assertEqual(pecia.run(0, "verify", self.run_folder)[0], COMPLETE)

    def test_another_geometry_needs_to_be_accepted(self):
        (self.corpus / "right.pdf").write_bytes(pdf([SAID.strip()]))
        self.assertEqual(pecia.run(0, "run", self.job())[0], COMPLETE)
        status, output = pecia.run(0, "run", self.job(geometry="none"))
        self.assertEqual(status, 2, output)
        self.assertIn("geometry: tesseract -> none", output)

    def test_a_language_that_is_not_there_costs_the_boxes_and_no_page(self):
        (self.corpus / "right.pdf").write_bytes(pdf([SAID.strip()]))
        status, output = pecia.run(0, "run", self.job(fallback={"languages": ["xyz"]}))
        self.assertEqual(status, COMPLETE, output)
        page = self.pages()[0]
        self.assertEqual((page["state"], page["text"]), ("ok", SAID))
        self.assertRegex(self.geometry_of(page), "^words have no boxes: .*xyz")

    def test_a_job_that_is_told_to_stop_keeps_what_was_read_and_goes_on_without_it(self):
        (self.corpus / "right.pdf").write_bytes(pdf(60 * [SAID.strip()]))
        process = pecia.start(2, "run", self.job(), stderr=subprocess.STDOUT)
        journal = self.run_folder / "journal"
        self.wait_for(lambda: journal.is_dir() and any(file.stat().st_size > 500 for file in journal.iterdir()), what="an outcome")
        os.kill(process.pid, signal.SIGUSR1)
        output, _ = process.communicate(timeout=100)
        self.assertIn(process.returncode, (COMPLETE, UNFINISHED), output)
        if process.returncode == UNFINISHED:
            self.assertEqual(pecia.run(0, "verify", self.run_folder)[0], UNFINISHED)
            status, output = pecia.run(0, "run", self.job())
            self.assertEqual(status, COMPLETE, output)
        pages, places = self.pages(), self.places()
        self.assertEqual(len(pages), 60)
        for page, place in zip(pages, places):
            self.assertEqual((page["state"], page["text"]), ("ok", SAID), page)
            if place["words"]:
                self.assertRegex(self.geometry_of(page), "4 of 4 words")
            else:
                self.assertEqual(self.geometry_of(page).split(":")[0], "words have no boxes")
                self.assertIn("told to stop", self.geometry_of(page))


if __name__ == "__main__":
    pecia.main()
