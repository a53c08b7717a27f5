"""The kill matrix: whatever is killed, and whenever, a resume loses no committed page and reads none again.

    kill.py [--full] [--seed N] [--only N[,N]]

60 kills, 1,000 by --full (or PECIA_SOAK_FULL=1), a third of them with a loss of power. A kill is a function of the
seed (PECIA_SOAK_SEED; printed) and its number; --only repeats some.
"""

import argparse
import os
import random
import shutil
import sys
import time

import soak
import pecia_process as pecia
from points import POINTS

CORPUS = pecia.DATA / "system" / "corpus"
ENGLISH = {"name": "tesseract", "languages": ["eng"], "threads": 1}
VICTIMS = ("rank", "rank 0", "mpirun", "page child", "engine child", "all at once")
CHILDREN = {"page child": "pecia-page", "engine child": "pecia-tesseract"}


def rank_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            words = environ.read().split(b"\0")
        return next((int(word.split(b"=")[1]) for word in words if word.startswith(b"OMPI_COMM_WORLD_RANK=")), -1)
    except OSError:
        return -1


def find(victim, process):
    """Process ids of which one is to be killed."""
    if victim == "mpirun":
        return [process.pid]
    pids = pecia.descendants(process.pid)
    if victim in CHILDREN:
        return [pid for pid in pids if pecia.name_of(pid) == CHILDREN[victim]]
    ranks = [pid for pid in pids if pecia.name_of(pid) == "pecia"]
    return ranks if victim == "rank" else [pid for pid in ranks if rank_of(pid) == 0]


def kill_after(process, victim, after_s, rng):
    """Kills `after_s` after the start, or the first victim that shows up later."""
    time.sleep(after_s)
    while process.poll() is None:
        if victim == "all at once":
            soak.kill_session(process)
            return True
        pids = find(victim, process)
        if pids and pecia.end(rng.choice(pids)):
            return True
        time.sleep(0.01)
    return False


class KillTest(pecia.Case):
    def quiet(self, name, job):
        """What a run gives that nobody disturbs, and how long it takes."""
        began = time.monotonic()
        process = job.start(2)
        status = job.wait(process)
        self.assertIn(status, (soak.COMPLETE, soak.COMPLETE_WITH_FAILURES), job.output())
        took_s = time.monotonic() - began
        exported = job.export("exported")
        print(f"quiet run of {name}: {took_s:.1f} s, {len(exported['pages.jsonl'])} pages", flush=True)
        return exported, took_s

    def prepare(self):
        """Corpora, what is expected of them, and a run with as many shards as corpus.h5 takes."""
        self.expected, self.quiet_s = {}, {}
        self.trace = soak.write_trace(self.folder / "trace.tsv", 12, 40, 0.02)
        more = soak.write_trace(self.folder / "more.tsv", 2, soak.MANY_SHARDS, 0.0005)
        self.many = soak.many_shards(self.folder / "many")
        self.many.use_trace(more, 256)
        jobs = {"scans": self.scans(self.folder / "quiet-scans"),
                "trace": soak.Job(self.folder / "quiet-trace", **soak.replay_settings(self.trace)),
                "joins": soak.Job(self.folder / "quiet-joins", **soak.replay_settings(more, 256))}
        for name, job in jobs.items():
            self.expected[name], self.quiet_s[name] = self.quiet(name, job)

    def scans(self, folder):
        return soak.Job(folder, {"root": str(CORPUS)}, engine=ENGLISH, progress_s=0.1,
                        store={"sync_interval_s": 0.2, "shard_pages": 4})

    def test_every_page_survives(self):
        print(f"PECIA_SOAK_SEED={OPTIONS.seed}", flush=True)
        self.prepare()
        for number, future in soak.at_once(OPTIONS.numbers, self.one):
            with self.subTest(number=number, seed=OPTIONS.seed):
                future.result()

    def test_the_checks_can_fail(self):
        trace = soak.write_trace(self.folder / "few.tsv", 2, 40, 0.002)
        quiet = soak.Job(self.folder / "few", **soak.replay_settings(trace))
        expected, _ = self.quiet("few", quiet)
        told = len(quiet.committed())

        def tampered(name, change, told, expected):
            job = soak.Job(self.folder / name, **soak.replay_settings(trace))
            shutil.copytree(quiet.run, job.run)
            change(job)
            with self.assertRaises(AssertionError, msg=name):
                soak.check_resumed(self, job, random.Random(1), expected, told)

        def lose_a_shard(job):
            for file in (job.run / "shards").glob(sorted(p.stem for p in (job.run / "shards").glob("*.h5"))[0] + "*"):
                file.unlink()

        tampered("a lost shard", lose_a_shard, told, expected)
        tampered("pages told that are nowhere", lambda job: None, told + 1, expected)
        tampered("another text", lambda job: None, told, {**expected, "pages.jsonl": expected["pages.jsonl"][1:]})

    def one(self, number):
        """Of three kills one is at a named point, one at a random time, and one a loss of power in either way."""
        rng = random.Random(OPTIONS.seed * 10_000 + number)
        power = number % 3 == 2
        at_point = number % 3 == 0 or (power and number % 2 == 0)
        folder = self.folder / f"kill{number}"
        (self.at_point if at_point else self.at_a_time)(number, folder, rng, power)
        shutil.rmtree(folder)

    def at_point(self, number, folder, rng, power):
        point = POINTS[(OPTIONS.seed + number // 3) % len(POINTS)] if not power else rng.choice(POINTS)
        corpus = "joins" if point.joins else "trace"
        job = self.many.copy(folder) if point.joins else soak.Job(folder, **soak.replay_settings(self.trace))
        ranks = rng.choice([1, 2, 3])
        act = "kill-session" if power else rng.choice(["kill", "kill-session"])
        process = job.start(ranks, f"do={act} {point.event} nth={rng.randint(1, point.last)}", records=power)
        status = job.wait(process)
        what = f"{point.what}, {ranks} rank(s), {'the rank' if act == 'kill' else 'all'}"
        self.assertTrue(job.fired(), f"{what}: never came there\n{job.output()}")
        self.after(number, job, rng, power, what, status, corpus)

    def at_a_time(self, number, folder, rng, power):
        corpus = "scans" if rng.random() < 0.7 else "trace"
        victim = "all at once" if power else VICTIMS[number // 3 % len(VICTIMS)]
        if victim in CHILDREN:
            corpus = "scans"
        job = self.scans(folder) if corpus == "scans" else soak.Job(folder, **soak.replay_settings(self.trace))
        ranks = rng.choice([1, 2, 3, 4])
        after_s = rng.uniform(0.05, self.quiet_s[corpus] * 0.9)
        process = job.start(ranks, records=power)
        killed = kill_after(process, victim, after_s, rng)
        status = job.wait(process)
        what = f"{victim} of {ranks} rank(s) on {corpus} after {after_s:.2f} s{'' if killed else ' (had ended)'}"
        if victim in CHILDREN:
            self.assertEqual(status, soak.COMPLETE_WITH_FAILURES, job.output())
        self.after(number, job, rng, power, what, status, corpus)

    def after(self, number, job, rng, power, what, status, corpus):
        told = job.told()
        if power:
            how = {"names": rng.choice(["undone", "removed", "kept"]), "tail": rng.choice(["cut", "zeros"])}
            lost = job.cut_power(**how)
            what += f", power lost ({how['names']}, {how['tail']}: {len(lost)} names)"
        resumed = soak.check_resumed(self, job, rng, self.expected[corpus], told)
        print(f"  {number}: {what}: status {status}, {told} told, {resumed.to_read} read again or later", flush=True)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", default=os.environ.get("PECIA_SOAK_FULL") == "1")
    parser.add_argument("--seed", type=int,
                        default=os.environ.get("PECIA_SOAK_SEED", random.SystemRandom().randrange(10**6)))
    parser.add_argument("--only", type=lambda text: [int(word) for word in text.split(",")])
    found, rest = parser.parse_known_args()
    found.numbers = found.only or range(1000 if found.full else 60)
    sys.argv[1:] = rest
    return found


if __name__ == "__main__":
    OPTIONS = options()
    pecia.main()
