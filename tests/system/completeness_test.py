"""A run is complete when every page has its state and corpus.h5 holds all of them; not before."""

import json
import shutil
import unittest.mock

import h5py
import pecia_process as pecia

CORPUS = pecia.DATA / "system" / "corpus" / "loose"
ECHO = {"engine": {"name": "echo"}}


class CompletenessTest(pecia.Case):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        shutil.copytree(CORPUS, self.corpus)
        self.run_folder = self.folder / "run"
        self.index = self.run_folder / "corpus.h5"
        self.job = pecia.write_job(self.folder, self.corpus, **ECHO)

    def read(self, *arguments, status=0):
        result, output = pecia.run(0, "run", self.job, *arguments, timeout_s=60)
        self.assertEqual(result, status, output)
        return output

    def verify(self):
        return pecia.run(0, "verify", self.run_folder)

    def rows(self):
        with h5py.File(self.index) as file:
            return len(file["pages"])

    def test_a_run_that_was_stopped_before_it_knew_a_document_is_unfinished(self):
        for folder in "manifest", "epoch", "journal", "shards":
            (self.run_folder / folder).mkdir(parents=True)
        status, output = self.verify()
        self.assertEqual(status, 75, output)

    def test_an_index_that_is_missing_is_written_by_the_next_job(self):
        self.read()
        rows = self.rows()
        self.index.unlink()
        status, output = self.verify()
        self.assertEqual(status, 75, output)
        self.assertIn("corpus.h5", output)
        self.read()
        self.assertEqual(self.rows(), rows)
        self.assertEqual(self.verify()[0], 0)

    def test_an_index_of_before_the_last_pages_is_written_anew(self):
        """As a job leaves it that is killed between its last shard and corpus.h5."""
        self.read()
        before, rows = self.folder / "before.h5", self.rows()
        shutil.copy(self.index, before)
        shutil.copy(self.corpus / "note 1.png", self.corpus / "new.png")
        self.read()
        shutil.copy(before, self.index)
        self.assertEqual(self.verify()[0], 75)
        self.read()
        self.assertEqual(self.rows(), rows + 1)
        self.assertEqual(self.verify()[0], 0)

    def test_a_run_whose_journal_is_synced_at_its_close_ends_by_itself(self):
        self.read("--set", "store.sync=close")
        self.assertEqual(self.verify()[0], 0)

    def test_a_retry_of_what_failed_leaves_what_is_no_document_alone(self):
        (self.corpus / "bad.png").write_bytes(b"")
        self.read(status=3)
        self.read("--retry", "failed", status=3)
        last = sorted((self.run_folder / "manifest").iterdir())[-1]
        again = [json.loads(line) for line in last.read_text("utf-8").splitlines()[1:-1]]
        self.assertEqual([(document["path"], document["revision"]) for document in again], [("bad.png", 1)])

    def test_options_may_stand_before_the_job_file(self):
        status, output = pecia.run(0, "run", "--set", "engine.threads=1", "--retry", "failed,unreadable",
                                   "--documents", "*", self.job)
        self.assertEqual(status, 0, output)
        status, output = pecia.run(0, "export", "--out", self.folder / "out", "--format", "md,txt", self.run_folder)
        self.assertEqual(status, 0, output)

    def test_doctor_says_when_a_program_does_not_start(self):
        broken = self.folder / "broken"
        broken.mkdir()
        for name in "pecia-page", "pecia-tesseract":
            (broken / name).write_text("#!/bin/sh\necho 'libfoo.so.1: cannot open shared object file' >&2\nexit 127\n")
            (broken / name).chmod(0o755)
        status, output = pecia.run(0, "doctor", self.folder, env=dict(pecia.environment(), PECIA_LIBEXEC_DIR=str(broken)))
        self.assertEqual(status, 1, output)
        self.assertIn("libfoo.so.1", output)

    def doctor_beside(self, deepseek):
        """What doctor says where pecia-deepseek is this script, or is not there."""
        programs = self.folder / "programs"
        programs.mkdir()
        for name in "pecia-page", "pecia-office", "pecia-pdf", "pecia-tesseract":
            (programs / name).symlink_to(pecia.BIN / name)
        if deepseek:
            (programs / "pecia-deepseek").write_text("#!/bin/sh\n" + deepseek)
            (programs / "pecia-deepseek").chmod(0o755)
        shutil.copy2(pecia.PECIA, programs)  # which looks beside itself, too
        with unittest.mock.patch.object(pecia, "PECIA", str(programs / "pecia")):
            status, output = pecia.run(0, "doctor", self.folder,
                                       env=dict(pecia.environment(), PECIA_LIBEXEC_DIR=str(programs)))
        self.assertEqual(status, 0, output)  # the engine is optional
        return output

    def test_doctor_says_how_to_get_libtorch(self):
        self.assertIn("jobs/fetch_libtorch.sh", self.doctor_beside(None))

    def test_doctor_tells_what_deepseek_says_of_itself(self):
        self.assertRegex(self.doctor_beside("[ $1 = --describe ] && echo GPU 7"), "ok +pecia-deepseek +GPU 7")

    def test_doctor_says_when_libtorch_is_gone(self):
        output = self.doctor_beside("echo 'libtorch_cpu.so: cannot open shared object file' >&2; exit 127")
        self.assertRegex(output, "warn +pecia-deepseek +does not start .libtorch_cpu.so")


if __name__ == "__main__":
    pecia.main()
