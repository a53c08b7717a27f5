"""Every odd document ends with a recorded state and a reason a person understands; no rank dies."""

import pecia_process as pecia

ODD = pecia.DATA / "odd"
# Files that readers disagree on may be read or fail, but what nobody can read must fail for this reason.
EXPECTED = {
    "made_zero_byte.pdf": ("failed", "unreadable"),
    "made_text_named.tif": ("skipped", "not_a_document"),
    "ocrmypdf_invalid.pdf": ("failed", "unreadable"),
    "made_truncated.jpg": ("failed", "unreadable"),
    "made_truncated.pdf": ("failed", "unreadable"),
    "podofo_RC4V2-128.pdf": ("failed", "encrypted"),
    "podofo_AESV2-128.pdf": ("failed", "encrypted"),
    "pdfminer_rc4-40.pdf": ("failed", "encrypted"),
    "made_blank.png": ("blank", ""),
    "made_flate1bit_png15.pdf": ("ok", ""),
    "fmt_encryption_notextaccess.pdf": ("ok", ""),
    "podofo_YCCK-jpeg.pdf": ("ok", ""),
    "ocrmypdf_livecycle.pdf": ("failed", "xfa_form"),
    "pdfjs_poppler-742-0-fuzzed.pdf": ("failed", "page_tree"),
    "govdocs_033689.pdf": ("ok", ""),
    "govdocs_189478.pdf": ("ok", ""),
    "fmt_T03_001_no-cross-reference-table.pdf": ("ok", ""),
}
# What had to be done to open them stands with their pages.
STEPS = {
    "govdocs_189478.pdf": "opened after a repair by qpdf",
    "pdfjs_poppler-67295-0.pdf": "it says that it has 9999999999 pages, and 1 was found",
    "fmt_T02-02_002_page-tree-kids-links-recursive.pdf": "found by their type",
    "podofo_TestImageInvalidLength.pdf": "Poppler alone rasterises it",
}


class OddDocuments(pecia.Case):
    def test_each_has_a_state_and_a_reason(self):
        status, output = pecia.run(2, "run", pecia.write_job(self.folder, ODD), timeout_s=400)
        self.assertEqual(status, 3, output)
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 3)
        found = {}
        for page in pecia.export(self.folder / "run", self.folder / "out")["pages.jsonl"]:
            found.setdefault(page["path"], page)
            self.assertIn(page["state"], pecia.STATES)
            if page["state"] == "failed":
                self.assertTrue(page["reason"], page)
                self.assertIn(f"failed: {page['path']}", output)
        names = {path.name for path in ODD.iterdir()}
        self.assertEqual(set(found), names)
        for name, (state, reason) in EXPECTED.items():
            with self.subTest(name):
                self.assertEqual((found[name]["state"], found[name]["reason"] or ""), (state, reason), found[name])
        for name, words in STEPS.items():
            with self.subTest(name):
                self.assertIn(words, " ".join(step["detail"] for step in found[name]["steps"] if step["what"] == "pdf"))

    def test_a_given_password_opens(self):
        rules = [{"match": "podofo_*V2-128.pdf", "password": "userpass"},
                 {"match": "pdfminer_*.pdf", "password": "foo"}]
        corpus = {"root": str(ODD), "include": ["podofo_*V2-128.pdf", "pdfminer_*.pdf"]}
        job = pecia.write_job(self.folder, corpus, rules=rules)
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 0, output)
        self.assertNotIn("userpass", (self.folder / "run" / "run.yaml").read_text())


if __name__ == "__main__":
    pecia.main()
