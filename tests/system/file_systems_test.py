"""Runs on file systems without locks, without links, with NFS's stale listings; and copies of runs."""

import shutil
import signal
import subprocess

import h5py
import pecia_process as pecia

SHIM = pecia.BIN.parent / "tests" / "libodd_file_system.so"
CORPUS = pecia.DATA / "system" / "corpus"
COMPLETE_WITH_FAILURES = 3  # the corpus has one truncated PDF
UNFINISHED = 75
DOCUMENTS, PAGES = 8, 30
LONGER_THAN_THE_TEST_S = 3600


class TracedRun(pecia.Case):
    """Of pages that take their time and need no files."""

    def setUp(self):
        super().setUp()
        self.run_folder = self.folder / "run"
        table = self.folder / "trace.tsv"
        rows = [f"book {n}.pdf\t{page}\t0.04" for n in range(DOCUMENTS) for page in range(1, PAGES + 1)]
        table.write_text("\n".join(["path\tpage\tseconds", *rows]) + "\n")
        self.job = pecia.write_job(self.folder, {"trace": str(table)}, engine={"name": "replay", "threads": 1},
                                   store={"sync_interval_s": 0.1, "shard_pages": 20})

    def kill_in_the_middle(self, ranks, env):
        """Ends with records in journals, and in shards of several ranks."""
        process = pecia.start(ranks, "run", self.job, env=env, stdout=subprocess.DEVNULL)
        shards = self.run_folder / "shards"
        self.wait_for(lambda: shards.is_dir() and len(list(shards.glob("*.h5"))) >= 3, what="three shards")
        for pid in [*pecia.descendants(process.pid), process.pid]:
            pecia.end(pid)
        process.wait()


class FileSystemsTest(TracedRun):
    def odd(self, **settings):
        return dict(pecia.environment(), LD_PRELOAD=str(SHIM), PECIA_ODD_ROOT=str(self.run_folder),
                    PECIA_ODD_LOG=str(self.folder / "names.log"), **settings)

    def stale(self):
        return self.odd(PECIA_ODD_STALE_S=str(LONGER_THAN_THE_TEST_S))

    def forget(self):
        """Time has passed: every host sees every name."""
        (self.folder / "names.log").unlink(missing_ok=True)

    def assert_complete(self):
        status, output = pecia.run(0, "verify", self.run_folder)
        self.assertEqual(status, 0, output)
        with h5py.File(self.run_folder / "corpus.h5") as file:
            self.assertEqual(len(file["pages"]), DOCUMENTS * PAGES)
            for row in file["pages"]:
                self.assertEqual(bytes(file["text"][row["text_begin"]:row["text_end"]]), b"replayed\n")

    def test_the_shim_does_what_it_says(self):
        self.run_folder.mkdir()
        program = ("import errno,fcntl,os,sys\n"
                   "os.chdir(sys.argv[1]); open_file = os.open('made', os.O_CREAT | os.O_RDWR)\n"
                   "def error(call):\n"
                   "    try: call()\n"
                   "    except OSError as failed: return errno.errorcode[failed.errno]\n"
                   "print(error(lambda: fcntl.flock(open_file, fcntl.LOCK_EX)), error(lambda: os.link('made', 'b')),"
                   "error(lambda: os.symlink('made', 'c')), sorted(os.listdir('.')))\n")
        command = ["python3", "-c", program, str(self.run_folder)]

        def seen(**settings):
            return subprocess.run(command, env=self.odd(**settings), check=True, capture_output=True, text=True).stdout

        self.assertEqual(seen(PECIA_ODD_NO_LOCKS="1"), "ENOLCK None None ['b', 'c', 'made']\n")
        for name in "b", "c", "made":
            (self.run_folder / name).unlink()
        self.assertEqual(seen(PECIA_ODD_NO_LINKS="1", PECIA_ODD_STALE_S="60"), "None EPERM EPERM ['made']\n")
        listed = subprocess.run(["python3", "-c", "import os,sys; print(os.listdir(sys.argv[1]), os.path.exists(sys.argv[1] + '/made'))",
                                 str(self.run_folder)], env=self.stale(), check=True, capture_output=True, text=True)
        self.assertEqual(listed.stdout, "[] True\n")

    def test_without_locks_and_links(self):
        env = self.odd(PECIA_ODD_NO_LOCKS="1", PECIA_ODD_NO_LINKS="1")
        self.kill_in_the_middle(3, env)
        status, output = pecia.run(2, "run", self.job, env=env)
        self.assertEqual(status, 0, output)
        status, output = pecia.run(0, "verify", self.run_folder, env=env)
        self.assertEqual(status, 0, output)
        self.assert_complete()

    def test_stale_listings(self):
        status, output = pecia.run(3, "run", self.job, env=self.stale())
        self.assertEqual(status, 0, output)
        # Names of shards were told by their ranks: none is in a listing of rank 0.
        self.assertGreater(len(list((self.run_folder / "shards").glob("*.h5"))), 3)
        self.assert_complete()

    def test_a_run_that_was_killed_goes_on_under_stale_listings(self):
        self.kill_in_the_middle(3, self.stale())
        status, output = pecia.run(2, "run", self.job, env=self.stale())
        self.assertEqual(status, 0, output)
        self.forget()
        status, output = pecia.run(2, "run", self.job, env=self.stale())
        self.assertEqual(status, 0, output)
        self.assert_complete()

    def test_a_run_that_was_drained_goes_on_under_stale_listings(self):
        process = pecia.start(0, "run", self.job, env=self.stale())
        self.wait_for(lambda: len(list((self.run_folder / "shards").glob("*.h5"))) >= 2, what="two shards")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, UNFINISHED, output)
        status, output = pecia.run(3, "run", self.job, env=self.stale())
        self.assertEqual(status, 0, output)
        self.forget()
        status, output = pecia.run(0, "run", self.job, env=self.stale())
        self.assertEqual(status, 0, output)
        self.assert_complete()

    def test_readers_look_on_under_stale_listings(self):
        process = pecia.start(2, "run", self.job, env=self.stale())
        self.wait_for(lambda: (self.run_folder / "status.json").exists(), what="a status")
        while process.poll() is None:
            status, output = pecia.run(0, "status", self.run_folder, env=self.stale())
            self.assertEqual(status, 0, output)
            status, output = pecia.run(0, "export", self.run_folder, "--format", "jsonl", "--out", self.folder / "out", env=self.stale())
            self.assertEqual(status, 0, output)
        self.assertEqual(process.returncode, 0, process.stdout.read())
        process.stdout.close()


def copied(run_folder, copy):
    """As rsync without -t: other times, other inodes; names and bytes alone."""
    if shutil.which("rsync"):
        subprocess.run(["rsync", "--recursive", f"{run_folder}/", copy], check=True)
    else:
        shutil.copytree(run_folder, copy, copy_function=shutil.copyfile)
    return copy


class CopiesTest(TracedRun):
    def texts(self, run_folder):
        with h5py.File(run_folder / "corpus.h5") as file:
            return [bytes(file["text"][row["text_begin"]:row["text_end"]]) for row in file["pages"]]

    def test_a_complete_run_moved_and_copied(self):
        job = pecia.write_job(self.folder, CORPUS, name="echo.yaml", engine={"name": "echo"})
        self.assertEqual(pecia.run(2, "run", job)[0], COMPLETE_WITH_FAILURES)
        texts, exported = self.texts(self.run_folder), pecia.export(self.run_folder, self.folder / "out")
        self.assertTrue(any(texts))
        copy = copied(self.run_folder, self.folder / "copy")
        moved = self.run_folder.rename(self.folder / "moved")
        for folder in copy, moved:
            self.assertEqual(pecia.run(0, "verify", folder)[0], COMPLETE_WITH_FAILURES)
            self.assertEqual(pecia.run(0, "status", folder)[0], 0)
            self.assertEqual(self.texts(folder), texts)
            self.assertEqual(pecia.export(folder, self.folder / f"out of {folder.name}"), exported)
        status, output = pecia.run(0, "run", job, "--set", f"run={copy}")
        self.assertEqual(status, COMPLETE_WITH_FAILURES, output)
        self.assertIn("every page of the run is done already", output)

    def test_a_copy_of_an_unfinished_run_goes_on(self):
        self.kill_in_the_middle(3, pecia.environment())
        copy = copied(self.run_folder, self.folder / "copy")
        status, output = pecia.run(0, "verify", copy)
        self.assertEqual(status, UNFINISHED, output)
        self.assertEqual(pecia.run(0, "status", copy)[0], 0)
        before = [page for page in pecia.export(copy, self.folder / "before")["pages.jsonl"] if page["state"] == "ok"]
        self.assertGreater(len(before), 0)
        status, output = pecia.run(2, "run", self.job, "--set", f"run={copy}")
        self.assertEqual(status, 0, output)
        self.assertIn(f"of which {DOCUMENTS * PAGES - len(before)} are to be read", output)
        self.assertEqual(pecia.run(0, "verify", copy)[0], 0)
        self.assertEqual(self.texts(copy), [b"replayed\n"] * DOCUMENTS * PAGES)


if __name__ == "__main__":
    pecia.main()
