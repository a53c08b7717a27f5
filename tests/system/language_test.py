"""`languages: auto`: the language of each document, from a sample of it."""

import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import unittest

import pecia_process as pecia

NOTE = pecia.DATA / "system" / "corpus" / "loose" / "note 0.png"
ENGINE = pecia.DATA / "engine"
WANTED = {"english.png": "eng", "french.tif": "fra", "fraktur.tif": "frk"}


def installed():
    listed = subprocess.run([pecia.BIN / "pecia-tesseract", "--list-languages"], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def models_folder():
    """Of the models of Tesseract, if it is where it usually is."""
    folders = [os.environ.get("TESSDATA_PREFIX", "/nowhere"), *map(str, pathlib.Path("/usr").glob("share/tesser*/**/tessdata"))]
    return next((pathlib.Path(folder) for folder in folders if (pathlib.Path(folder) / "eng.traineddata").is_file()), None)


def repeated(tiff, pages):
    """A TIFF of one page as one of so many that are all the same."""
    order = "<" if tiff[:2] == b"II" else ">"
    (begin,) = struct.unpack_from(order + "I", tiff, 4)
    (entries,) = struct.unpack_from(order + "H", tiff, begin)
    directory = tiff[begin : begin + 2 + 12 * entries]
    book = bytearray(tiff) + b"\0" * (len(tiff) % 2)
    last = begin + len(directory)
    for _ in range(pages - 1):
        struct.pack_into(order + "I", book, last, len(book))
        last = len(book) + len(directory)
        book += directory + bytes(4 + len(directory) % 2)
    struct.pack_into(order + "I", book, last, 0)
    return bytes(book)


@unittest.skipUnless({"eng", "fra", "frk", "osd"} <= installed(), "eng, fra, frk and osd are not installed")
class Language(pecia.Case):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        self.corpus.mkdir()
        shutil.copy(NOTE, self.corpus / "english.png")
        for name in ("french.tif", "fraktur.tif"):
            shutil.copy(ENGINE / name, self.corpus / name)

    def pages(self, ranks, languages, rules=()):
        name = f"{ranks}"
        job = pecia.write_job(self.folder, self.corpus, run=str(self.folder / name), rules=list(rules),
                              engine={"name": "tesseract", "languages": languages})
        status, output = pecia.run(ranks, "run", job)
        self.assertEqual(status, 0, output)
        return pecia.export(self.folder / name, self.folder / f"out {name}")["pages.jsonl"]

    @staticmethod
    def languages(pages):
        return {page["path"]: page["languages"] for page in pages}

    def test_every_document_is_read_in_its_own_whatever_the_ranks(self):
        alone = self.pages(1, "auto")
        self.assertEqual(self.languages(alone), {path: [language] for path, language in WANTED.items()})
        for page in alone:
            (step,) = [step for step in page["steps"] if step["what"] == "language"]
            self.assertRegex(step["detail"], rf"^{WANTED[page['path']]} of .*{WANTED[page['path']]} 0\.\d\d.* on page 1$")
        self.assertIn("Contre tant d’ennemis", " ".join(page["text"] for page in alone).replace("'", "’"))
        self.assertEqual(alone, self.pages(2, ["auto"]))

    def test_rules_may_say_auto_and_some_to_choose_from(self):
        pages = self.pages(1, ["eng"], [{"match": "fr*.tif", "languages": ["auto", "eng", "fra"]}])
        languages = self.languages(pages)
        self.assertEqual((languages["english.png"], languages["french.tif"]), (["eng"], ["fra"]))
        steps = {page["path"]: [step["what"] for step in page.get("steps", [])] for page in pages}
        self.assertNotIn("language", steps["english.png"])
        self.assertIn("language", steps["fraktur.tif"])

    def test_a_run_in_two_jobs_chooses_as_one_in_a_single_job(self):
        pages = 8
        shutil.rmtree(self.corpus)
        self.corpus.mkdir()
        (self.corpus / "french.tif").write_bytes(repeated((ENGINE / "french.tif").read_bytes(), pages))
        whole = self.pages(2, "auto")
        self.assertEqual([page["languages"] for page in whole], [["fra"]] * pages)
        run = self.folder / "1"
        job = pecia.write_job(self.folder, self.corpus, run=str(run), drain={"grace_s": 0},
                              engine={"name": "tesseract", "languages": "auto", "threads": 1})
        process = pecia.start(0, "run", job)

        def recorded():
            return b"Contre" in b"".join(path.read_bytes() for path in run.glob("journal/*"))

        self.wait_for(recorded, timeout_s=200, what="a page in the journal")
        os.kill(process.pid, signal.SIGUSR1)
        output, _ = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 75, output)
        self.assertEqual(self.pages(1, "auto"), whole)

    @unittest.skipUnless(models_folder(), "the models of Tesseract are not found")
    def test_where_one_language_is_installed_it_is_that(self):
        models = self.folder / "models"
        models.mkdir()
        (models / "eng.traineddata").symlink_to(models_folder() / "eng.traineddata")
        job = pecia.write_job(self.folder, self.corpus, engine={"name": "tesseract", "languages": "auto"})
        status, output = pecia.run(0, "run", job, env=dict(pecia.environment(), TESSDATA_PREFIX=str(models)))
        self.assertEqual(status, 0, output)
        pages = pecia.export(self.folder / "run", self.folder / "out")["pages.jsonl"]
        self.assertEqual(self.languages(pages), {path: ["eng"] for path in WANTED})
        for page in pages:
            (step,) = [step for step in page["steps"] if step["what"] == "language"]
            self.assertRegex(step["detail"], r"^eng( of eng 0\.\d\d on page 1|, since no language reads page 1 well)$")

    def test_read_does_it_too(self):
        process = pecia.start(0, "read", "--format", "json", self.corpus / "french.tif", "--set", "engine.languages=auto",
                              stderr=subprocess.PIPE)
        output, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, errors)
        (page,) = json.loads(output)
        self.assertIn("France à mon tour", page["text"])


if __name__ == "__main__":
    pecia.main()
