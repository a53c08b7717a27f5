"""Documents of office programs in a run: with a script in LibreOffice's place, without one, and with the real one."""

import json
import shutil
import unittest

import pecia_process as pecia
from office_documents import write_odt

LETTERS = pecia.DATA / "system" / "corpus" / "books" / "letters.pdf"  # 4 pages


class Office(pecia.Case):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        self.corpus.mkdir()
        (self.folder / "tmp").mkdir()
        write_odt(self.corpus / "essay.odt")

    def tearDown(self):
        self.assertEqual(list((self.folder / "tmp").iterdir()), [], "nothing is left behind")

    def environment(self, **more):
        return dict(pecia.environment(), TMPDIR=str(self.folder / "tmp"), **more)

    def script(self):
        """Copies a PDF of four pages into the folder that is its last argument but one."""
        script = self.folder / "office" / "soffice"
        script.parent.mkdir()
        shutil.copyfile(LETTERS, script.parent / "made.pdf")
        script.write_text(f'#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\ncp "{script.parent}/made.pdf" "$1/document.pdf"\n')
        script.chmod(0o755)
        return str(script)

    def pages(self):
        files = pecia.export(self.folder / "run", self.folder / "out")
        return [page for name, found in files.items() if name.endswith(".jsonl") for page in found]

    def manifest(self):
        return "".join(path.read_text() for path in (self.folder / "run" / "manifest").iterdir())

    def test_its_pages_are_read_like_any_other(self):
        job = pecia.write_job(self.folder, self.corpus)
        status, output = pecia.run(0, "run", job, env=self.environment(PECIA_SOFFICE=self.script()))
        self.assertEqual(status, 0, output)
        found = self.pages()
        self.assertEqual([page["page"] for page in found], [1, 2, 3, 4])
        self.assertIn("Whereas", json.dumps(found[0]))
        for page in found:
            self.assertEqual(page["steps"][0]["what"], "libreoffice", page)
        self.assertIn('"odt"', self.manifest())

    def test_without_libreoffice_it_fails_with_the_remedy_and_can_be_tried_again(self):
        job = pecia.write_job(self.folder, self.corpus, engine={"name": "echo"})
        status, output = pecia.run(0, "run", job, env=self.environment(PECIA_SOFFICE="/no/such/program"))
        self.assertEqual(status, 3, output)
        (page,) = self.pages()
        self.assertEqual((page["state"], page["reason"]), ("failed", "needs_libreoffice"))
        self.assertIn("--retry needs_libreoffice", self.manifest())
        status, output = pecia.run(0, "run", job, "--retry", "needs_libreoffice",
                                   env=self.environment(PECIA_SOFFICE=self.script()))
        self.assertEqual(status, 0, output)
        shutil.rmtree(self.folder / "out")
        self.assertEqual(len(self.pages()), 4)

    @unittest.skipUnless(shutil.which("soffice"), "LibreOffice is not installed")
    def test_with_the_real_one(self):
        write_odt(self.corpus / "essay.odt", "Whereas the university lends its pieces, each scribe returns them.")
        job = pecia.write_job(self.folder, self.corpus)
        status, output = pecia.run(0, "run", job, env=self.environment())
        self.assertEqual(status, 0, output)
        (page,) = self.pages()
        self.assertIn("scribe", json.dumps(page))
        self.assertEqual([step["what"] for step in page["steps"]][:2], ["libreoffice", "text_layer"], "it is kept, and so recorded")

    def test_doctor_names_it(self):
        _, output = pecia.run(0, "doctor", cwd=self.folder, env=self.environment(PECIA_SOFFICE="/no/such/program"))
        self.assertRegex(output, r"(?m)^warn +LibreOffice +.*libreoffice-writer-nogui")
        _, output = pecia.run(0, "doctor", cwd=self.folder, env=self.environment(PECIA_SOFFICE=self.script()))
        self.assertRegex(output, r"(?m)^ok +LibreOffice +/.*soffice")
        self.assertRegex(output, r"(?m)^(ok|warn) +libreoffice sandbox +no_new_privs")


if __name__ == "__main__":
    pecia.main()
