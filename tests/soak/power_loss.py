"""Each fsync of the code has a loss of power that costs something without it: played with the fsync and without."""

import dataclasses
import random
import re
import time

import soak
import pecia_process as pecia

PAGES = 480
SHARD_PAGES = 64  # where it counts


def skip(op, *globs):
    return ";".join(f"do=skip on={op} path={glob} count=all" for glob in globs)


@dataclasses.dataclass(frozen=True)
class Loss:
    what: str
    skipped: str            # rules that leave the fsync out
    names: str              # how power_cut deals with names
    ends: str               # a method below that brings the job to where power is lost
    check: str = "resumes"  # and one that looks at what is left
    shard_pages: int = 16
    rules: str = ""
    joined: bool = False    # begins with a run that was killed when it had joined shards


LOSSES = (
    Loss("a run's folder in its parent (store: make_folders)", skip("fsyncdir", "run"), "undone", "while_reading"),
    Loss("a file that is replaced (base: replace_file), the manifest", skip("fsync", "run/manifest/*"), "kept",
         "while_reading"),
    Loss("a file that is replaced (base: replace_file), a shard's checksum", skip("fsync", "run/shards/*.sum.*"),
         "kept", "before_binding"),
    Loss("the folder of a file that is replaced (base: replace_file), run.yaml", skip("fsyncdir", "run/run.yaml"),
         "undone", "while_reading", "refuses_another_job", shard_pages=4096),
    Loss("the epoch (store: take_next_epoch)", skip("fsyncdir", "run/epoch/*"), "undone", "while_reading"),
    Loss("a new lock (store: RunLock)", skip("fsync", "run/lock.json"), "kept", "at_a_point", "knows_the_lock",
         rules="do=kill-session on=rename path=run/run.yaml"),
    Loss("a journal segment (store: SegmentWriter::sync)", skip("fsync", "run/journal/*"), "kept", "while_reading",
         shard_pages=4096),
    Loss("a journal segment's name (store: SegmentWriter)", skip("fsyncdir", "run/journal/*"), "undone",
         "while_reading", shard_pages=4096),
    Loss("a shard (store: ShardWriter)", skip("fsync", "run/shards/*.h5.part"), "kept", "before_binding"),
    Loss("a shard's name (store: ShardWriter)", skip("fsyncdir", "run/shards/*.h5"), "removed", "before_binding"),
    Loss("a shard's name, by the job after (store: seal_leftovers)", skip("fsyncdir", "run/shards/"), "removed",
         "after_two_kills", shard_pages=SHARD_PAGES),
    Loss("corpus.h5 (store: write_index)", skip("fsync", "run/corpus.h5*"), "kept", "to_the_end", "is_whole"),
    # Other files are written into the same folder after it; but that may fail and does not fail the run.
    Loss("corpus.h5's name (store: write_index)", skip("fsyncdir", "run/corpus.h5"), "removed", "to_the_end", "is_whole",
         rules="do=fail errno=EIO on=create path=run/status.json.* count=all;"
               "do=fail errno=EIO on=create path=run/cost_model.json.* count=all"),
    Loss("the removal of sealed segments (store: Writer::close)", skip("fsyncdir-removed", "run/journal/*"), "undone",
         "to_the_end", "is_whole"),
    Loss("the removal of a corpus.h5 over shards that were joined (store: delete_superseded)",
         skip("fsyncdir-removed", "run/corpus.h5"), "undone", "after_deleting_joined", "is_not_damaged", joined=True),
    Loss("the removal of shards that were joined (store: delete_superseded)",
         skip("fsyncdir-removed", "run/shards/*.sum"), "list removed", "after_deleting_joined", "counts_once",
         joined=True),
)


def copies_in(job):
    """Records behind a better one of their page: a page that lagged was read by two ranks, as schedule.backup has it."""
    counts = re.search(r"(\d+) records stand behind a better one", pecia.run(0, "verify", job.run)[1])
    return int(counts[1]) if counts else 0


class PowerLossTest(pecia.Case):
    @classmethod
    def setUpClass(cls):
        cls.case = cls("run")
        cls.case.setUp()
        cls.addClassCleanup(cls.case.doCleanups)
        cls.trace = soak.write_trace(cls.case.folder / "trace.tsv", 12, PAGES // 12, 0.03)
        job = soak.Job(cls.case.folder / "quiet", **soak.replay_settings(cls.trace))
        assert job.wait(job.start(2)) == soak.COMPLETE, job.output()
        cls.expected = job.export("exported")

        cls.joined = soak.many_shards(cls.case.folder / "many")
        cls.joined.use_trace(soak.write_trace(cls.case.folder / "more.tsv", 2, soak.MANY_SHARDS, 0.0005), 256)
        cls.joined.wait(cls.joined.start(2, "do=kill-session on=rename path=run/shards/superseded.txt when=after"))
        assert cls.joined.fired(), cls.joined.output()
        cls.joined_copies = copies_in(cls.joined)

    # Where power is lost; each returns how many pages must be there afterwards.

    def while_reading(self, job, rules):
        process = job.start(2, rules, records=True)
        self.wait_for(lambda: job.told() >= PAGES // 4 or process.poll() is not None, what="a quarter of the pages")
        self.assertIsNone(process.poll(), job.output())
        soak.kill_session(process)
        return job.told()

    def at_a_point(self, job, rules, ranks=2, power_stays=False):
        job.wait(job.start(ranks, rules, records=True, power_stays=power_stays))
        self.assertTrue(job.fired(), job.output())
        return 0

    def after_two_kills(self, job, rules):
        """One when a second shard had its name, and one when the next job had deleted its journal."""
        self.at_a_point(job, "do=kill-session on=rename path=run/shards/*.h5 when=after nth=2", ranks=1)
        self.at_a_point(job, f"do=kill-session on=unlink path=run/journal/*.seg when=after;{rules}", ranks=1,
                        power_stays=True)
        return 2 * SHARD_PAGES  # what is sealed was committed before

    def before_binding(self, job, rules):
        """Every rank has closed, so that all is sealed and told."""
        self.at_a_point(job, f"do=kill-session on=create path=run/corpus.h5* when=after;{rules}")
        return PAGES

    def to_the_end(self, job, rules):
        status = job.wait(job.start(2, rules, records=True))
        self.assertEqual(status, soak.COMPLETE, job.output())
        return PAGES

    def after_deleting_joined(self, job, rules):
        return self.at_a_point(job, f"do=kill-session on=unlink path=run/shards/superseded.txt when=after;{rules}")

    # What is looked at then.

    def resumes(self, job, told):
        soak.check_resumed(self, job, random.Random(1), self.expected, told)

    def is_whole(self, job, _):
        soak.check_whole(self, job, self.expected, soak.COMPLETE)

    def knows_the_lock(self, job, _):
        """One that cannot be read is waited for a minute."""
        process = job.start(0)
        while process.poll() is None and "unreadable lock" not in job.output():
            time.sleep(0.05)
        soak.kill_session(process)
        self.assertNotIn("unreadable lock", job.output())

    def refuses_another_job(self, job, _):
        status, output = pecia.run(0, "run", job.file, "--set", "engine.languages=[deu]")
        self.assertEqual(status, 2, output)
        self.assertIn("differs from the one that began the run", output)

    def is_not_damaged(self, job, _):
        status, output = pecia.run(0, "verify", job.run)
        self.assertNotEqual(status, 1, output)

    def counts_once(self, job, _):
        self.assertEqual(copies_in(job), self.joined_copies, "records of joined shards count twice")

    def lose(self, loss, skipped):
        folder = self.folder / f"{LOSSES.index(loss)}{'without' if skipped else 'with'}"
        job = self.joined.copy(folder) if loss.joined else \
            soak.Job(folder, **soak.replay_settings(self.trace, loss.shard_pages))
        rules = ";".join(rule for rule in (loss.rules, loss.skipped if skipped else "") if rule)
        told = getattr(self, loss.ends)(job, rules)
        # Each name may have reached the disk or not: here the list's removal alone.
        gone = ("run/shards/superseded.txt",) if loss.names == "list removed" else ()
        job.cut_power(names="undone" if gone else loss.names, gone=gone)
        if not skipped:
            return getattr(self, loss.check)(job, told)
        with self.assertRaises(AssertionError) as lost:
            getattr(self, loss.check)(job, told)
        return str(lost.exception).splitlines()[0]

    def test_with_every_fsync_nothing_is_lost(self):
        for loss, future in soak.at_once(LOSSES, lambda loss: self.lose(loss, skipped=False)):
            with self.subTest(loss.what):
                future.result()

    def test_without_any_one_fsync_something_is_lost(self):
        for loss, future in soak.at_once(LOSSES, lambda loss: self.lose(loss, skipped=True)):
            with self.subTest(loss.what):
                print(f"  without the fsync of {loss.what}: {future.result()}", flush=True)


if __name__ == "__main__":
    pecia.main()
