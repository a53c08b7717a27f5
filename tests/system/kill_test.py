"""SIGKILL at random moments: no committed page is lost, and the exports are those of a quiet run.

PECIA_KILL_SEED sets the seed (printed), PECIA_KILL_RUNS the number of runs (20); a run is a function of both.
"""

import concurrent.futures
import os
import random
import re
import shutil
import time

import pecia_process as pecia

SEED = int(os.environ.get("PECIA_KILL_SEED", random.SystemRandom().randrange(10**6)))
RUNS = int(os.environ.get("PECIA_KILL_RUNS", 20))
AT_ONCE = 4
CORPUS = pecia.DATA / "system" / "corpus"
COMPLETE_WITH_FAILURES = 3  # the corpus has one truncated PDF
VICTIMS = {"rank": "pecia", "page child": "pecia-page", "engine child": "pecia-tesseract"}


class KillTest(pecia.Case):
    @classmethod
    def setUpClass(cls):
        print(f"PECIA_KILL_SEED={SEED}", flush=True)

    def quiet_run(self):
        folder = self.folder / "quiet"
        folder.mkdir()
        began = time.monotonic()
        status, output = pecia.run(2, "run", pecia.write_job(folder, CORPUS))
        quiet_s = time.monotonic() - began
        self.assertEqual(status, COMPLETE_WITH_FAILURES, output)
        self.assertEqual(pecia.run(0, "verify", folder / "run")[0], COMPLETE_WITH_FAILURES)
        return pecia.export(folder / "run", folder / "out"), quiet_s

    def kill_once(self, process, victim, after_s, rng):
        """Kills one victim `after_s` after the start, or the first one that shows up later."""
        time.sleep(after_s)
        while process.poll() is None:
            if victim == "mpirun":
                pids = [process.pid]
            else:
                pids = [pid for pid in pecia.descendants(process.pid)
                        if pecia.name_of(pid) == VICTIMS[victim]]
            if pids and pecia.end(rng.choice(pids)):
                return True
            time.sleep(0.01)
        return False

    def resume(self, folder, job, rng, total, committed):
        for _ in range(4):
            ranks = rng.choice([0, 1, 2, 3, 4])
            status, output = pecia.run(ranks, "run", job)
            to_read = re.search(r"of which (\d+) are to be read", output)
            self.assertIsNotNone(to_read, output)
            self.assertLessEqual(int(to_read[1]), total - len(committed), "a finished page was read again")
            if status == COMPLETE_WITH_FAILURES:
                return
            self.assertEqual(status, 75, output)
        self.fail(f"not complete after 4 resumes:\n{output}")

    def test_every_page_survives(self):
        expected, quiet_s = self.quiet_run()
        # Several at once: much of a run's time is waiting for ranks whose launcher was killed.
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            futures = {number: pool.submit(self.one_run, number, quiet_s, expected) for number in range(RUNS)}
        for number, future in futures.items():
            with self.subTest(number=number, seed=SEED):
                future.result()

    def one_run(self, number, quiet_s, expected):
        rng = random.Random(SEED * 1000 + number)
        victim = rng.choice(["rank", "mpirun", "page child", "engine child"])
        ranks = rng.choice([1, 2, 3, 4])
        self.kill_and_resume(number, victim, ranks, rng.uniform(0.05, quiet_s), rng, expected)

    def kill_and_resume(self, number, victim, ranks, after_s, rng, expected):
        folder = self.folder / f"killed{number}"
        folder.mkdir()
        job = pecia.write_job(folder, CORPUS, store={"sync_interval_s": 0.2})
        process = pecia.start(ranks, "run", job)
        killed = self.kill_once(process, victim, after_s, rng)
        output, _ = process.communicate(timeout=240)
        print(f"  {number}: {victim} of {ranks} ranks after {after_s:.2f} s: "
              f"{'killed' if killed else 'had ended'}, status {process.returncode}", flush=True)
        if victim in ("page child", "engine child"):
            self.assertEqual(process.returncode, COMPLETE_WITH_FAILURES, output)
        committed = self.committed_pages(folder)
        self.resume(folder, job, rng, len(expected["pages.jsonl"]), committed)
        status, output = pecia.run(0, "verify", folder / "run")
        self.assertEqual(status, COMPLETE_WITH_FAILURES, output)
        exported = pecia.export(folder / "run", folder / "out")
        self.assertEqual(exported, expected)
        self.assertTrue(committed <= {(p["path"], p["page"]) for p in exported["pages.jsonl"]
                                      if p["state"] != "pending"})
        shutil.rmtree(folder)

    def committed_pages(self, folder):
        """Pages on disk after the kill: the survivors' records must still be there at the end."""
        if not (folder / "run" / "manifest").is_dir():
            return set()
        out = folder / "after-kill"
        exported = pecia.export(folder / "run", out).get("pages.jsonl", [])
        return {(p["path"], p["page"]) for p in exported if p["state"] != "pending"}


if __name__ == "__main__":
    pecia.main()
