"""pecia plan: what a job would take, said without a run; and that priorities decide the order of a run."""

import json
import os
import pathlib
import shutil
import signal

import pecia_process as pecia

CORPUS = pecia.DATA / "system" / "corpus"
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "jobs" / "sample.yaml"
ECHO = {"engine": {"name": "echo"}}


class Plan(pecia.Case):
    def plan(self, *arguments):
        """The JSON; what is logged stands before it."""
        status, output = pecia.run(0, "plan", *arguments, "--json")
        self.assertEqual(status, 0, output)
        return json.loads(output.splitlines()[-1])

    def refused(self, *arguments):
        status, output = pecia.run(0, "plan", *arguments)
        self.assertEqual(status, 2, output)
        return output

    def trace(self, pages, rows=None):
        table = self.folder / "trace.tsv"
        lines = rows or [f"book {n // 10}.pdf\t{n % 10 + 1}\t1\t2480\t3508\t{50000 + n * 100}" for n in range(pages)]
        table.write_text("\n".join(["path\tpage\tseconds\twidth_px\theight_px\tcompressed_bytes", *lines]) + "\n")
        return pecia.write_job(self.folder, {"trace": str(table)}, engine={"name": "replay", "threads": 2})

    def test_sample_as_text_and_as_json(self):
        job = (SAMPLE, "--set", f"run={self.folder}/run")
        status, output = pecia.run(0, "plan", *job, "--ranks", 4, "--within", "4h")
        self.assertEqual(status, 0, output)
        for word in "27 pages to be read", "tiff g4", "core hours", "longest page: ", "4 ranks x", "within 4 h: 1 rank":
            self.assertIn(word, output)
        self.assertFalse((self.folder / "run").exists(), "a plan makes no run")
        plan = self.plan(*job, "--ranks", 4, "--set", "engine.threads=3", "--within", "90m")
        self.assertEqual((plan["pages"], plan["pages_done"], plan["documents"]), (27, 0, 14))
        self.assertEqual((plan["ranks"], plan["threads"], plan["engine"]), (4, 3, "tesseract"))
        self.assertEqual(sum(kind["pages"] for kind in plan["kinds"]), 27)
        self.assertAlmostEqual(sum(kind["cost_s"] for kind in plan["kinds"]), plan["cost_s"], 3)
        self.assertAlmostEqual(plan["core_hours"], plan["cost_s"] / 3600)
        self.assertLessEqual(plan["wall_low_s"], plan["wall_s"])
        self.assertLessEqual(plan["wall_s"], plan["wall_high_s"])
        self.assertGreaterEqual(plan["wall_s"], plan["bound_s"])
        self.assertEqual(plan["bound_s"], max(plan["cost_s"] / 12, plan["longest_page"]["cost_s"]))
        self.assertEqual((plan["within"]["ranks"], plan["within"]["within_s"]), (1, 5400))

    def test_trace_and_ranks_within_a_time(self):
        job = self.trace(1000)
        plan = self.plan(job, "--ranks", 5, "--within", "60s")
        self.assertEqual(plan["pages"], 1000)
        self.assertGreaterEqual(plan["wall_s"], plan["cost_s"] / 10)
        self.assertLess(plan["wall_s"], plan["cost_s"] / 10 * 1.05)
        least = plan["within"]["ranks"]
        self.assertLessEqual(self.plan(job, "--ranks", least)["wall_s"], 60)
        self.assertGreater(self.plan(job, "--ranks", least - 1)["wall_s"], 60)
        self.assertIsNone(self.plan(job, "--within", "0.1s")["within"]["ranks"])
        self.assertIn("the longest page alone takes", pecia.run(0, "plan", job, "--within", "0.1s")[1])
        self.assertEqual(self.plan(job, "--engine", "echo")["engine"], "echo")

    def test_priorities_are_counted_from_rules_and_lists(self):
        job = pecia.write_job(self.folder, CORPUS, rules=[{"match": "loose/**", "priority": "low"},
                                                          {"match": "*note 1*", "priority": "urgent"}])
        by_rules = self.plan(job)["by_priority"]
        self.assertEqual((by_rules["urgent"], by_rules["low"]), (1, 5))
        names = self.folder / "list.txt"
        names.write_text("loose/note 0.png\turgent\nloose/note 1.png\tlow\nloose/note 2.png\n")
        job = pecia.write_job(self.folder, {"root": str(CORPUS), "list": str(names)},
                              rules=[{"match": "*", "priority": "urgent"}])
        self.assertEqual(self.plan(job)["by_priority"], {"urgent": 2, "normal": 0, "low": 1})
        names.write_text("loose/note 0.png\turgent\nloose/note 1.png\tsoon\n")
        output = self.refused(job)
        self.assertIn("list.txt:2: ", output)
        self.assertIn("urgent, normal, low", output)

    def test_what_is_done_does_not_count(self):
        corpus = self.folder / "corpus"
        shutil.copytree(CORPUS / "loose", corpus)
        job = pecia.write_job(self.folder, corpus, **ECHO)
        before = self.plan(job)
        self.assertEqual(pecia.run(0, "run", job)[0], 0)
        shutil.copy(corpus / "note 1.png", corpus / "another.png")
        written = sorted((p, p.stat().st_mtime_ns) for p in (self.folder / "run").rglob("*"))
        after = self.plan(job)
        self.assertEqual((after["pages"], after["pages_done"]), (1, before["pages"]))
        self.assertEqual(written, sorted((p, p.stat().st_mtime_ns) for p in (self.folder / "run").rglob("*")))
        (corpus / "another.png").unlink()
        done = self.plan(job)
        self.assertEqual((done["pages"], done["wall_s"], done["longest_page"]), (0, 0, None))
        self.assertEqual(pecia.run(0, "plan", job)[0], 0)

    def test_wrong_arguments(self):
        job = pecia.write_job(self.folder, CORPUS, **ECHO)
        for within in "soon", "4", "-4h", "0s", "4h4h":
            self.assertIn("90m, 4h, 1d", self.refused(job, f"--within={within}"))
        for ranks in "0", "-1", "many":
            self.assertIn("--ranks", self.refused(job, f"--ranks={ranks}"))
        self.assertIn("tesseract", self.refused(job, "--engine", "tesserakt"))
        self.assertIn("engine.threads", self.refused(job, "--set", "engine.threads=many"))
        self.assertIn("JOB", self.refused())
        self.refused(job, "--frobnicate")
        status, output = pecia.run(0, "plan", "--help")
        self.assertEqual(status, 0, output)
        self.assertIn("--within", output)

    def test_missing_files(self):
        self.assertIn("none.yaml", self.refused(self.folder / "none.yaml"))
        self.assertIn("nowhere", self.refused(pecia.write_job(self.folder, self.folder / "nowhere")))
        job = pecia.write_job(self.folder, {"trace": str(self.folder / "none.tsv")}, engine={"name": "replay"})
        self.assertIn("none.tsv", self.refused(job))
        job = pecia.write_job(self.folder, {"list": str(self.folder / "none.txt")})
        self.assertIn("none.txt", self.refused(job))

    def test_ctrl_c_stops_it(self):
        """Of files enough to look into for seconds."""
        corpus = self.folder / "corpus"
        corpus.mkdir()
        shutil.copy(CORPUS / "books" / "faq.tif", corpus / "0.tif")
        for n in range(1, 20_000):
            os.link(corpus / "0.tif", corpus / f"{n}.tif")
        process = pecia.start(0, "plan", pecia.write_job(self.folder, corpus))
        self.wait_for(lambda: pecia.descendants(process.pid), what="a look into documents")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 75, output)
        self.assertFalse((self.folder / "run").exists())


class Order(pecia.Case):
    def test_urgent_pages_are_read_first_and_low_ones_last(self):
        try:
            import h5py
        except ImportError:
            self.skipTest("needs h5py")
        table = self.folder / "trace.tsv"
        rows = [f"{name} {n}.pdf\t1\t0.001" for n in range(12) for name in ("low", "plain", "urgent")]
        table.write_text("\n".join(["path\tpage\tseconds", *rows]) + "\n")
        job = pecia.write_job(self.folder, {"trace": str(table)}, engine={"name": "replay", "threads": 1},
                              schedule={"backup": "off"},  # a copy of a page that lags is read behind others, and may be the one kept
                              rules=[{"match": "low*", "priority": "low"}, {"match": "urgent*", "priority": "urgent"}])
        for ranks in 0, 2:
            self.assertEqual(pecia.run(ranks, "run", job)[0], 0)
            with h5py.File(self.folder / "run" / "corpus.h5") as file:
                names = {row["id"]: row["path"].decode().split()[0] for row in file["documents"][:]}
                read = sorted((row["rank"], row["sequence"], names[row["document"]]) for row in file["pages"][:])
            self.assertEqual(len(read), 36)
            for rank in range(max(ranks, 1)):
                order = [name for by, _, name in read if by == rank]
                self.assertEqual(order, sorted(order, key=["urgent", "plain", "low"].index))
            shutil.rmtree(self.folder / "run")


if __name__ == "__main__":
    pecia.main()
