"""Passwords open what they are for, and stand nowhere afterwards: not in the run, the log, or what `ps` shows."""

import pathlib
import time

import pecia_process as pecia

ODD = pecia.DATA / "odd"
OF_FILE, FOR_ALL = "userpass", "sesame-4711-wrong"
UNNEEDED = "of-a-rule-4711"  # of a document that opens without; the one of the other rule is too short to be looked for
PASSWORDS = OF_FILE, FOR_ALL, UNNEEDED
LOOK_EVERY_S = 0.02


def seen_of(pid):
    """What everybody, and what the user, sees of a process."""
    seen = b""
    for name in ("cmdline", "environ", "comm", "status"):
        try:
            seen += pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:
            pass  # it has ended
    return seen


class Passwords(pecia.Case):
    def job(self, **settings):
        (self.folder / "secret.txt").write_text(f"# of the archive\npodofo_*.pdf\t{OF_FILE}\n", encoding="utf-8")
        (self.folder / "secret.txt").chmod(0o600)
        corpus = {"root": str(ODD), "include": ["podofo_*V2-128.pdf", "pdfminer_*.pdf", "fmt_encryption_notextaccess.pdf"]}
        return pecia.write_job(self.folder, corpus, engine={"name": "echo"},
                               passwords={"all": FOR_ALL, "file": "secret.txt"},
                               rules=[{"match": "pdfminer_rc4-40.pdf", "password": "foo"},
                                      {"match": "fmt_encryption_notextaccess.pdf", "password": UNNEEDED}], **settings)

    def test_they_open_documents_and_are_kept_to_themselves(self):
        job = self.job()
        process = pecia.start(2, "run", job)
        seen = {}
        while process.poll() is None:
            for pid in [process.pid, *pecia.descendants(process.pid)]:
                seen[pid, pecia.name_of(pid)] = seen_of(pid)
            time.sleep(LOOK_EVERY_S)
        output = process.communicate()[0]
        self.assertEqual(process.returncode, 3, output)
        self.assertIn("pecia", {name for _, name in seen}, seen.keys())  # children may be too short-lived to be seen
        states = {page["path"]: (page["state"], page["reason"] or "") for page in
                  pecia.export(self.folder / "run", self.folder / "out")["pages.jsonl"]}
        self.assertEqual(states, {
            "podofo_AESV2-128.pdf": ("ok", ""), "podofo_RC4V2-128.pdf": ("ok", ""),  # by the file
            "pdfminer_rc4-40.pdf": ("ok", ""),  # by the rule
            "pdfminer_aes-256.pdf": ("failed", "encrypted"),  # the one for all is wrong
            "fmt_encryption_notextaccess.pdf": ("ok", ""),  # needs none
        })
        self.assertIn("the password that the job gives for this document is wrong", output)

        for folder in (self.folder / "run", self.folder / "out"):
            for file in folder.rglob("*"):
                if file.is_file():
                    for password in PASSWORDS:
                        self.assertNotIn(password.encode(), file.read_bytes(), file)
        for password in PASSWORDS:
            self.assertNotIn(password, output)
            for (pid, name), text in seen.items():
                self.assertNotIn(password.encode(), text, (pid, name))

    def test_images_are_exported_without_them(self):
        job = self.job()
        self.assertEqual(pecia.run(2, "run", job)[0], 3)
        (self.folder / "secret.txt").unlink()
        status, output = pecia.run(0, "export", self.folder / "run", "--format", "md", "--out", self.folder / "out", "--images")
        self.assertEqual(status, 3, output)  # for the page that could not be opened
        self.assertIn("secret.txt", output)
        self.assertIn("Images and PDFs of documents that need a password from it are not written", output)
        self.assertTrue(any((self.folder / "out").rglob("*.md")), output)

    def test_one_in_the_wrong_place_is_not_repeated(self):
        job = pecia.write_job(self.folder, ODD, passwords=FOR_ALL)
        for arguments in (["run", job], ["read", ODD / "podofo_AESV2-128.pdf", "--set", f"passwords={FOR_ALL}"]):
            status, output = pecia.run(0, *arguments)
            self.assertEqual(status, 2, output)
            self.assertNotIn(FOR_ALL, output)

    def test_a_file_that_others_can_read_is_warned_of_once(self):
        job = self.job()
        (self.folder / "secret.txt").chmod(0o644)
        status, output = pecia.run(2, "run", job)
        self.assertEqual(status, 3, output)
        self.assertEqual(output.count("can be read by others (mode 644)"), 1, output)

    def test_read_takes_them_from_a_job(self):
        job = self.job()
        document = ODD / "podofo_AESV2-128.pdf"
        for arguments, status in ((["--job", job], 0), (["--engine", "echo"], 3),
                                  (["--engine", "echo", "--set", f"passwords.file={self.folder / 'secret.txt'}"], 0)):
            with self.subTest(arguments):
                found, output = pecia.run(0, "read", document, *arguments)
                self.assertEqual(found, status, output)
                self.assertNotIn(OF_FILE, output)

    def test_a_faulty_file_is_named_with_its_line(self):
        job = self.job()
        (self.folder / "secret.txt").write_text(f"a.pdf\tx\nb.pdf {OF_FILE}\n", encoding="utf-8")
        status, output = pecia.run(2, "run", job)
        self.assertEqual(status, 2, output)
        self.assertIn("secret.txt:2: there is no tab in the line", output)
        self.assertNotIn(OF_FILE, output)


if __name__ == "__main__":
    pecia.main()
