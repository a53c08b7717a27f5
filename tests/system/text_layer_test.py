"""A document of pages that bring their text along in every way, read under each policy of page.text_layer."""

import json
import pathlib
import re
import unittest
import zlib

import pecia_process as pecia

SENTENCE = "The quick brown fox jumps over the lazy dog and runs home again before the night"
PAGES = ("sound", "garbled", "scan with a layer", "scan with a stamp", "scan", "drawing")
LAYERS = PAGES[:4]


def shifted(text):
    """What comes of numbers of glyphs that are taken for characters."""
    return "".join(c if c == " " else chr(ord(c) - 29) for c in text)


def text(words, mode=0):
    escaped = "".join("\\" + c if c in "()\\" else c for c in words)
    return f"BT {mode} Tr /F 8 Tf 40 600 Td ({escaped}) Tj ET\n".encode()


def mixed_pdf():
    """A page for each of PAGES, in Helvetica; the picture of the scans is gray noise of stripes, and that under the
    stamp a title of 24 letters."""
    title = zlib.compress(bytes((0 if 60 <= y < 70 and 24 <= x < 216 and x % 8 < 5 else 255) for y in range(320) for x in range(240)))
    scan = zlib.compress(bytes((255 if (x // 6 + y // 9) % 2 else 30) for y in range(160) for x in range(120)))
    picture = b"q 480 0 0 640 0 0 cm /Im Do Q\n"
    paper = b"q 480 0 0 640 0 0 cm /Title Do Q\n"
    contents = [text(SENTENCE), text(shifted(SENTENCE)), picture + text(SENTENCE, mode=3), paper + text(SENTENCE), picture, b"100 100 200 300 re f\n"]
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>",
               3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
               4: b"<</Type/XObject/Subtype/Image/Width 120/Height 160/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
                  b"/Length %d>>stream\n%s\nendstream" % (len(scan), scan),
               5: b"<</Type/XObject/Subtype/Image/Width 240/Height 320/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
                  b"/Length %d>>stream\n%s\nendstream" % (len(title), title)}
    kids = []
    for n, content in enumerate(contents):
        page, stream = 10 + 2 * n, 11 + 2 * n
        kids.append(b"%d 0 R" % page)
        objects[page] = (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 480 640]/Contents %d 0 R"
                         b"/Resources<</Font<</F 3 0 R>>/XObject<</Im 4 0 R/Title 5 0 R>>>>>>" % stream)
        objects[stream] = b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)
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


class TextLayerTest(pecia.Case):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        self.corpus.mkdir()
        for policy in ("auto", "ignore", "redo", "keep", "skip"):
            (self.corpus / f"{policy}.pdf").write_bytes(mixed_pdf())

    def records(self, run_folder):
        status, output = pecia.run(0, "export", run_folder, "--format", "jsonl", "--out", self.folder / "out")
        self.assertEqual(status, 0, output)
        lines = (self.folder / "out" / "pages.jsonl").read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        return {(record["path"].removesuffix(".pdf"), PAGES[record["page"] - 1]): record for record in records}

    def decision(self, record):
        steps = [step["detail"] for step in record.get("steps") or [] if step["what"] == "text_layer"]
        self.assertLessEqual(len(steps), 1)
        return steps[0].split(":")[0] if steps else None

    def test_each_policy_over_a_mixed_document(self):
        rules = [{"match": f"{policy}.pdf", "text_layer": policy} for policy in ("ignore", "redo", "keep", "skip")]
        job = pecia.write_job(self.folder, {"root": str(self.corpus)}, engine={"name": "echo", "threads": 1}, rules=rules)
        status, output = pecia.run(2, "run", job)
        self.assertEqual(status, 0, output)
        records = self.records(self.folder / "run")
        self.assertEqual(len(records), 5 * len(PAGES))

        kept = {("auto", "sound"), *(("keep", page) for page in LAYERS)}
        skipped = {("skip", page) for page in LAYERS}
        for key, record in records.items():
            with self.subTest(key):
                policy, page = key
                decision = {"ignore": "ignored", "redo": "redo", "skip": "skipped", "keep": "kept"}.get(policy, "read")
                if key in kept:
                    decision = "kept"
                self.assertEqual(self.decision(record), decision if page in LAYERS else None)
                self.assertEqual(record["state"], "skipped" if key in skipped else "ok")
                if key in skipped:
                    self.assertEqual((record["reason"], record["text"]), ("has_text", ""))
                elif key in kept:
                    self.assertEqual(record["engine"], "text_layer")
                    self.assertTrue(record["fingerprint"].startswith("text_layer poppler "))
                    self.assertEqual(record["text"].strip(), shifted(SENTENCE) if page == "garbled" else SENTENCE)
                else:
                    self.assertEqual(record["engine"], "echo")
                    self.assertIn(" px", record["text"])

        status, output = pecia.run(0, "verify", self.folder / "run")
        self.assertEqual(status, 0, output)
        # Another policy is another text.
        status, output = pecia.run(0, "run", job, "--set", "page.text_layer=keep")
        self.assertEqual(status, 2, output)
        self.assertIn("page.text_layer: auto -> keep", output)

    def test_read_keeps_text_without_a_run(self):
        status, output = pecia.run(0, "read", self.corpus / "auto.pdf", "--engine", "echo", "--format", "json")
        self.assertEqual(status, 0, output)
        pages = json.loads(output[output.index("["):])
        self.assertEqual([page["engine"] for page in pages], ["text_layer", *["echo"] * (len(PAGES) - 1)])
        self.assertEqual(pages[0]["text"].strip(), SENTENCE)
        status, output = pecia.run(0, "read", self.corpus / "auto.pdf", "--pages", "1", "--set", "page.text_layer=skip")
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"info .*auto\.pdf: has_text: the page has text already")
        self.assertNotIn("error", output)
        self.assertNotIn(SENTENCE, output)

    def test_what_was_skipped_is_read_as_the_documentation_says(self):
        job = pecia.write_job(self.folder, {"root": str(self.corpus), "include": ["auto.pdf"]},
                              engine={"name": "echo", "threads": 1}, page={"text_layer": "skip"})
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 0, output)
        advice = (pathlib.Path(__file__).parents[2] / "docs/errors.md").read_text("utf-8")
        (said,) = re.findall(r"`pecia run JOB (--set page.text_layer=keep[^`]*)`", advice)
        status, output = pecia.run(0, "run", job, *said.split())
        self.assertEqual(status, 0, output)
        skipped = [key for key, record in self.records(self.folder / "run").items() if record["reason"] == "has_text"]
        self.assertEqual(skipped, [])


if __name__ == "__main__":
    unittest.main()
