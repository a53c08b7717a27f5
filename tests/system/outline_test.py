"""A PDF with an outline and page labels, from the file to its exports and to `pecia text`, which no longer have the file."""

import json
import re

import pecia_process as pecia

SENTENCE = "The quick brown fox jumps over the lazy dog and runs home again before the night"
FOOT = "xii"  # alone on one page it is no page number but by the PDF's label


def pdf(labels):
    """Two pages of text, the second with a number at its foot."""
    contents = [f"BT /F 8 Tf 40 600 Td ({SENTENCE}) Tj ET\n", f"BT /F 8 Tf 40 600 Td ({SENTENCE}) Tj 190 -560 Td ({FOOT}) Tj ET\n"]
    objects = ["<</Type/Catalog/Pages 2 0 R/Outlines<</First 8 0 R>>" + labels + ">>", "<</Type/Pages/Kids[4 0 R 6 0 R]/Count 2>>",
               "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
    for n, content in enumerate(contents):
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 480 640]/Contents {5 + 2 * n} 0 R/Resources<</Font<</F 3 0 R>>>>>>")
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
    objects.append("<</Title(Gr\\374\\337e)/Dest[4 0 R/Fit]/First 9 0 R>>")
    objects.append("<</Title<FEFF041F0420>/A<</S/GoTo/D[6 0 R/Fit]>>>>")
    file, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(file))
        file += f"{number} 0 obj\n{content}\nendobj\n"
    table = len(file)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{at:010d} 00000 n \n" for at in offsets)
    return (file + f"trailer<</Root 1 0 R/Size {len(objects) + 1}>>\nstartxref\n{table}\n%%EOF\n").encode("ascii")


class OutlineTest(pecia.Case):
    def setUp(self):
        super().setUp()
        corpus = self.folder / "corpus"
        corpus.mkdir()
        (corpus / "labelled.pdf").write_bytes(pdf("/PageLabels<</Nums[0<</S/r/St 11>>]>>"))
        (corpus / "plain.pdf").write_bytes(pdf("/PageLabels<</Nums[0<</S/D>>]>>"))
        job = pecia.write_job(self.folder, {"root": str(corpus)}, engine={"name": "echo"})
        status, output = pecia.run(2, "run", job)
        self.assertEqual(status, 0, output)
        self.run_folder = self.folder / "run"
        for file in corpus.iterdir():
            file.unlink()

    def test_contents_and_printed_numbers_are_in_the_exports(self):
        out = self.folder / "out"
        status, output = pecia.run(0, "export", self.run_folder, "--out", out, "--format", "jsonl,html", "--per", "document")
        self.assertEqual(status, 0, output)
        labelled, plain = [json.loads(line) for line in (out / "documents.jsonl").read_text("utf-8").splitlines()]
        for book in (labelled, plain):
            self.assertEqual(book["contents"], [{"level": 1, "title": "Grüße", "page": 1}, {"level": 2, "title": "ПР", "page": 2}])
        self.assertEqual(labelled["printed_numbers"], ["xi", FOOT])
        self.assertNotIn("printed_numbers", plain)
        self.assertIn("printed number xi", (out / "labelled.pdf.html").read_text("utf-8"))

    def check_text(self):
        for path, seen in (("labelled.pdf", False), ("plain.pdf", True)):
            status, output = pecia.run(0, "text", self.run_folder, path)
            self.assertEqual(status, 0, output)
            self.assertIn("quick brown fox", output)
            self.assertEqual(re.search(rf"\b{FOOT}\b", output) is not None, seen, output)
            self.assertIn(FOOT, pecia.run(0, "text", self.run_folder, path, "--raw")[1])

    def test_text_knows_the_labels_too(self):
        self.check_text()

    def test_text_knows_them_without_corpus_h5(self):
        (self.run_folder / "corpus.h5").unlink()
        self.check_text()

    def test_text_does_without_a_manifest_that_is_damaged(self):
        for segment in (self.run_folder / "manifest").iterdir():
            segment.write_text(segment.read_text("utf-8").replace("Gr", "gR"), "utf-8")
        for name in ("labelled.pdf", "lab*"):
            status, output = pecia.run(0, "text", self.run_folder, name)
            self.assertEqual(status, 0, output)
            self.assertIn("without the document's outline", output)
            self.assertIn(FOOT, output)


if __name__ == "__main__":
    pecia.main()
