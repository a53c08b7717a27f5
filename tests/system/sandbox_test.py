"""What users are told of the sandbox of the processes that parse documents, where it holds and where it does not."""

import os
import pathlib
import shutil
import subprocess

import pecia_process as pecia
from office_documents import write_odt

# Runs a program as on a kernel without Landlock and seccomp.
OLD_KERNEL = pathlib.Path(os.environ["PECIA_BIN_DIR"]).parent / "tests" / "old_kernel"
CORPUS = pecia.DATA / "system" / "corpus" / "loose"


class Sandbox(pecia.Case):
    def setUp(self):
        super().setUp()
        self.environment = dict(pecia.environment(), PECIA_SOFFICE=str(self.write_soffice()))

    def write_soffice(self):
        """In LibreOffice's place: copies a PDF."""
        script = self.folder / "office" / "soffice"
        script.parent.mkdir()
        shutil.copyfile(pecia.DATA / "system" / "corpus" / "books" / "letters.pdf", script.parent / "made.pdf")
        script.write_text(f'#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\ncp "{script.parent}/made.pdf" "$1/document.pdf"\n')
        script.chmod(0o755)
        return script

    def on_old_kernel(self, *arguments):
        done = subprocess.run([OLD_KERNEL, pecia.PECIA, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, env=self.environment, cwd=self.folder)
        if done.returncode == 77:
            self.skipTest(done.stderr)
        return done.returncode, done.stdout + done.stderr

    def test_doctor_has_a_line_on_it(self):
        _, output = pecia.run(0, "doctor", cwd=self.folder, env=self.environment)
        for program in "page", "tesseract", "libreoffice":
            self.assertRegex(output, rf"(?m)^(ok|warn) +{program} sandbox +no_new_privs")

    def test_doctor_says_what_does_not_hold_and_what_to_do(self):
        status, output = self.on_old_kernel("doctor")
        self.assertEqual(status, 0, "pecia runs all the same:\n" + output)
        for program in "page", "tesseract", "libreoffice":
            self.assertRegex(output, rf"(?m)^warn +{program} sandbox +no_new_privs; without Landlock: .*Linux 5.13.*; without seccomp: .*CONFIG_SECCOMP_FILTER")

    def test_a_run_without_it_warns_once_and_reads_all(self):
        job = pecia.write_job(self.folder, CORPUS, engine={"name": "echo"})
        status, output = self.on_old_kernel("run", job)
        self.assertIn(status, (0, 3), output)
        self.assertEqual(output.count("not confined as they could be"), 1, output)
        self.assertIn("without Landlock", output)
        status, output = pecia.run(0, "verify", self.folder / "run")
        self.assertIn(status, (0, 3), output)

    def test_its_warning_covers_libreoffice(self):
        corpus = self.folder / "corpus"
        corpus.mkdir()
        write_odt(corpus / "essay.odt")
        status, output = self.on_old_kernel("run", pecia.write_job(self.folder, corpus, engine={"name": "echo"}))
        self.assertEqual(status, 0, output)
        self.assertEqual(output.count("not confined as they could be"), 1, output)
        self.assertIn("(around LibreOffice) Landlock", output)


if __name__ == "__main__":
    if OLD_KERNEL.exists():
        pecia.main()
    else:
        print("built with a sanitizer: there is no sandbox")
