"""pecia simulate: what the schedule would do on so many ranks, on traces, runs, documents and made-up corpora."""

import csv
import json
import os
import pathlib
import shutil
import signal
import time

import pecia_process as pecia

CORPUS = pecia.DATA / "system" / "corpus"
KEYS = {"ranks", "threads", "pages", "cost_s", "makespan_s", "bound_s", "efficiency", "list_makespan_s", "steals",
        "stolen_pages", "copies", "duplicates", "messages", "messages_per_page", "heartbeats", "cpu_s",
        "cpu_us_per_page", "root_cpu_us_per_page", "sched_cpu_us_per_page", "status", "warnings", "peak_memory_bytes", "recorded_pages", "unread_pages", "estimated_s",
        "end_s", "ended", "simulated"}


class Simulate(pecia.Case):
    def simulate(self, *arguments):
        status, output = pecia.run(0, "simulate", *arguments, "--json")
        self.assertEqual(status, 0, output)
        return json.loads(output.splitlines()[-1])

    def refused(self, *arguments):
        status, output = pecia.run(0, "simulate", *arguments)
        self.assertEqual(status, 2, output)
        return output

    def made_up(self, *arguments, pages=3000, ranks=16, loops=0):
        return self.simulate("--synthetic", f"pages={pages},loops={loops}", "--ranks", ranks, *arguments)

    def trace_job(self, rows, name="trace", **settings):
        table = self.folder / f"{name}.tsv"
        table.write_text("\n".join(["path\tpage\tseconds\twidth_px\theight_px\tcompressed_bytes", *rows]) + "\n")
        settings.setdefault("engine", {"name": "replay", "threads": 1, "time_scale": 0.01})
        return pecia.write_job(self.folder, {"trace": str(table)}, name=f"{name}.yaml", **settings)

    def rows(self, pages=200, seconds=1.0):
        return [f"book {n // 10}.pdf\t{n % 10 + 1}\t{seconds}\t2480\t3508\t{50000 + n * 100}" for n in range(pages)]

    def assert_sound(self, found):
        self.assertEqual(set(found), KEYS)
        self.assertTrue(found["ended"])
        self.assertGreaterEqual(found["makespan_s"], found["bound_s"] * 0.999)
        self.assertGreaterEqual(found["list_makespan_s"], found["bound_s"] * 0.999)
        self.assertAlmostEqual(found["efficiency"], found["bound_s"] / found["makespan_s"], 6)
        self.assertEqual(found["unread_pages"], 0)
        self.assertGreater(found["peak_memory_bytes"], 1 << 20)

    def test_made_up_corpus(self):
        found = self.made_up()
        self.assert_sound(found)
        self.assertEqual((found["pages"], found["ranks"], found["threads"], found["status"]), (3000, 16, 1, 0))
        self.assertGreater(found["efficiency"], 0.85)
        self.assertAlmostEqual(found["messages_per_page"], found["messages"] / 3000)
        self.assertAlmostEqual(found["cpu_us_per_page"], found["cpu_s"] / 3000 * 1e6)
        again = self.made_up()
        for key in KEYS - {"cpu_s", "cpu_us_per_page", "root_cpu_us_per_page", "sched_cpu_us_per_page", "peak_memory_bytes"}:
            self.assertEqual(found[key], again[key], key)
        self.assertNotEqual(found["makespan_s"], self.made_up("--seed", 2)["makespan_s"])
        wide = self.made_up("--threads", 4, ranks=4)
        self.assertEqual(wide["threads"], 4)
        self.assertAlmostEqual(wide["bound_s"], found["bound_s"], 3)

    def test_text_says_what_the_json_says(self):
        status, output = pecia.run(0, "simulate", "--synthetic", "pages=3000,loops=0", "--ranks", 16)
        self.assertEqual(status, 0, output)
        for word in ("3000 pages to be read", "16 ranks: ", "efficiency", "central queue", "steals of", "messages (",
                     "busiest: rank", "idlest: rank", "with status 0"):
            self.assertIn(word, output)

    def test_no_pages(self):
        found = self.made_up(pages=0)
        self.assertEqual((found["pages"], found["status"], found["ended"]), (0, 0, True))
        self.assertEqual(pecia.run(0, "simulate", "--synthetic", "pages=0")[0], 0)

    def test_trace_and_time_scale(self):
        job = self.trace_job(self.rows(), engine={"name": "replay", "threads": 2, "time_scale": 0.5})
        found = self.simulate(job, "--ranks", 4)
        self.assert_sound(found)
        self.assertEqual((found["threads"], found["pages"], found["recorded_pages"]), (2, 200, 200))
        self.assertAlmostEqual(found["cost_s"], 100, 3)
        self.assertAlmostEqual(found["bound_s"], 100 / 8, 3)
        self.assertAlmostEqual(self.simulate(job, "--set", "engine.time_scale=2")["cost_s"], 400, 3)
        self.assertFalse((self.folder / "run").exists(), "a simulation makes no run")

    def test_written_trace_is_the_made_up_corpus(self):
        table = self.folder / "made up.tsv"
        found = self.made_up("--write-trace", table)
        job = pecia.write_job(self.folder, {"trace": str(table)}, engine={"name": "replay", "threads": 1})
        replayed = self.simulate(job, "--ranks", 16)
        for key in "pages", "makespan_s", "bound_s", "steals", "messages":
            self.assertAlmostEqual(found[key], replayed[key], 3, key)

    def test_run_is_simulated_with_its_own_seconds(self):
        rows = self.rows(30, 5) + [f"slow.pdf\t{n}\t100\t2480\t3508\t50000" for n in range(1, 4)]
        job = self.trace_job(rows)
        self.assertEqual(pecia.run(2, "run", job)[0], 0)
        before = sorted((p, p.stat().st_mtime_ns) for p in (self.folder / "run").rglob("*"))
        found = self.simulate(self.folder / "run", "--ranks", 2)
        self.assert_sound(found)
        self.assertEqual((found["pages"], found["recorded_pages"]), (33, 33))
        self.assertGreaterEqual(found["cost_s"], 4.5)
        self.assertLess(found["cost_s"], 6)
        self.assertEqual(before, sorted((p, p.stat().st_mtime_ns) for p in (self.folder / "run").rglob("*")))
        self.assertEqual(self.simulate(job)["pages"], 0, "of a job, what is left counts")
        (self.folder / "trace.tsv").unlink()
        moved = self.folder / "elsewhere"
        (self.folder / "run").rename(moved)
        self.assertEqual(self.simulate(moved, "--ranks", 2)["makespan_s"], found["makespan_s"])

    def test_run_with_pages_that_nobody_read(self):
        job = self.trace_job(self.rows(400, 5))
        process = pecia.start(0, "run", job)
        self.wait_for(lambda: list((self.folder / "run").glob("journal/*")), what="a journal")
        time.sleep(3.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75)
        found = self.simulate(self.folder / "run", "--ranks", 2)
        self.assertEqual(found["pages"], 400)
        self.assertGreater(found["recorded_pages"], 10)
        self.assertLess(found["recorded_pages"], 400)
        self.assertIn("for the others estimates stand", pecia.run(0, "simulate", self.folder / "run")[1])

    def test_documents_without_seconds(self):
        job = pecia.write_job(self.folder, CORPUS, probe={"budget": 0})  # with one, the clock decides what is measured
        found = self.simulate(job, "--ranks", 2)
        self.assert_sound(found)
        self.assertEqual(found["recorded_pages"], 0)
        self.assertGreater(found["pages"], 10)
        self.assertIn("estimates stand for the seconds", pecia.run(0, "simulate", job)[1])
        self.assertFalse((self.folder / "run").exists())
        without = self.simulate(job, "--ranks", 2, "--set", "schedule.evidence=off")
        self.assertAlmostEqual(without["cost_s"], found["cost_s"], 3)
        self.assertNotEqual(without["estimated_s"], found["estimated_s"])

    def test_timeline_has_every_page_once_and_no_overlap(self):
        job = self.trace_job([f'a "b", c {n // 10}.pdf\t{n % 10 + 1}\t{1 + n % 3}' for n in range(100)])
        table = self.folder / "timeline.csv"
        found = self.simulate(job, "--ranks", 3, "--timeline", table)
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ["rank", "document", "page", "started_s", "ended_s", "read"])
        read = [(row["document"], int(row["page"])) for row in rows if row["read"] == "1"]
        self.assertEqual(len(set(read)), 100)
        self.assertEqual(len(read), 100 + found["duplicates"])
        self.assertIn(('a "b", c 0.pdf', 1), read)
        for rank in "012":
            mine = sorted((float(row["started_s"]), float(row["ended_s"])) for row in rows if row["rank"] == rank)
            self.assertTrue(mine)
            for (_, ended), (started, _) in zip(mine, mine[1:]):
                self.assertLessEqual(ended, started + 1e-5)
        self.assertLessEqual(max(float(row["ended_s"]) for row in rows), found["end_s"])
        self.assertEqual([p.name for p in self.folder.glob("*.part")], [])

    def test_slow_ranks(self):
        plain = self.made_up()
        slow = self.made_up("--slow", "3:.25")
        self.assert_sound(slow)
        self.assertAlmostEqual(slow["bound_s"], plain["bound_s"] * 16 / 15.25, 1)
        self.assertGreater(slow["efficiency"], 0.85)
        later = self.made_up("--slow", "3:.25@100", "--slow", "4:0.5")
        self.assertGreater(later["bound_s"], plain["bound_s"])
        both = self.made_up("--slow", "3:.5@100", "--slow", "3:.5")
        self.assertGreater(both["bound_s"], plain["bound_s"])
        listed = self.made_up("--speeds", "1,1,1,.25", ranks=4)
        self.assertAlmostEqual(listed["bound_s"], self.made_up("--slow", "3:.25", ranks=4)["bound_s"], 6)
        spread = self.made_up("--speed-spread", "0.2")
        self.assertNotEqual(spread["bound_s"], plain["bound_s"])
        self.assertEqual(spread["bound_s"], self.made_up("--speed-spread", "0.2")["bound_s"])

    def test_a_rank_that_stops_for_good(self):
        found = self.made_up("--stop", "5@60")
        self.assertEqual((found["unread_pages"], found["ended"], found["status"]), (0, True, 75))
        self.assertTrue(any("rank 5" in warning for warning in found["warnings"]), found["warnings"])

    def test_a_rank_that_stops_for_a_while(self):
        found = self.made_up("--stop", "5@60-100")
        self.assert_sound(found)
        self.assertEqual(found["status"], 0)
        first = self.made_up("--stop", "0@60-75")
        self.assert_sound(first)

    def test_a_rank_without_engine(self):
        found = self.made_up("--lose-engine", "7@50")
        self.assert_sound(found)
        self.assertTrue(any("rank 7" in warning for warning in found["warnings"]), found["warnings"])

    def test_no_engine_is_left(self):
        found = self.simulate("--synthetic", "pages=100,loops=0", "--ranks", 2, "--lose-engine", "0@5", "--lose-engine",
                              "1@5")
        self.assertGreater(found["unread_pages"], 0)
        self.assertIsNone(found["efficiency"])
        self.assertIsNone(found["bound_s"])

    def test_parts_of_the_schedule_can_be_left_out(self):
        whole = self.made_up(loops=0.03, pages=8000)
        for key in ("partition=block", "partition=cyclic", "partition=queue", "stealing=page", "stealing=off",
                    "backup=off", "calibrate=off", "evidence=off"):
            found = self.made_up("--set", f"schedule.{key}", loops=0.03, pages=8000)
            self.assert_sound(found)
            self.assertAlmostEqual(found["bound_s"], whole["bound_s"], 3, key)
            self.assertAlmostEqual(found["cost_s"], whole["cost_s"], 1, key)
        block = self.made_up("--set", "schedule.partition=block", "--set", "schedule.stealing=off", loops=0.03,
                             pages=8000)
        self.assertEqual((block["steals"], block["stolen_pages"]), (0, 0))
        self.assertGreater(block["makespan_s"], whole["makespan_s"] * 1.2)
        queue = self.made_up("--set", "schedule.partition=queue", "--set", "schedule.stealing=page", pages=1000)
        self.assertGreater(queue["messages_per_page"], whole["messages_per_page"])

    def test_network(self):
        near = self.made_up("--latency-us", 1, "--bandwidth-gb-s", 10)
        far = self.made_up("--latency-us", 5e5, "--bandwidth-gb-s", 0.001)
        self.assert_sound(far)
        self.assertGreater(far["makespan_s"], near["makespan_s"])

    def test_wrong_arguments(self):
        synthetic = ("--synthetic", "pages=100", "--ranks", 4)
        for arguments, words in (
                ((), ("needs a job file or a run directory", "--synthetic")),
                ((self.trace_job(self.rows(10)), "--synthetic", "pages=1"), ("instead of both",)),
                (("--synthetic", "page=1"), ("'page'", "pages_per_document")),
                (("--synthetic", "pages=many"), ("from 0 to",)),
                ((self.folder / "none.yaml",), ("none.yaml",)),
                ((self.folder,), ("neither a job file nor a run directory",)),
                ((*synthetic, "--ranks", "0"), ("--ranks",)),
                ((*synthetic, "--threads", "0"), ("--threads",)),
                ((*synthetic, "--slow", "4:.5"), ("--slow 4:.5", "ranks 0 to 3")),
                ((*synthetic, "--slow", "x"), ("there is no rank", "RANK:SPEED")),
                ((*synthetic, "--slow", "1:0"), ("speed", "from")),
                ((*synthetic, "--slow", "1:nan"), ("speed",)),
                ((*synthetic, "--slow", "1:.5@"), ("time in seconds",)),
                ((*synthetic, "--slow", "1:.5@3s"), ("'s' is too much",)),
                ((*synthetic, "--slow", "1:.5", "--slow", "1:.7"), ("slowed already",)),
                ((*synthetic, "--stop", "1"), ("'@' is missing", "RANK@SECONDS")),
                ((*synthetic, "--stop", "1@9-3"), ("end comes before",)),
                ((*synthetic, "--stop", "1@9", "--stop", "1@8"), ("stops already",)),
                ((*synthetic, "--stop", "0@9"), ("rank 0 cannot stop for good",)),
                ((*synthetic, "--lose-engine", "1@-2"), ("time in seconds",)),
                ((*synthetic, "--lose-engine", "-1@2"), ("rank",)),
                ((*synthetic, "--lose-engine", "1@2", "--lose-engine", "1@3"), ("loses its engine already",)),
                ((*synthetic, "--speeds", "1,1"), ("4 speeds",)),
                ((*synthetic, "--speeds", "1,1,1,1,1"), ("too much",)),
                ((*synthetic, "--speed-spread", "-1"), ("--speed-spread",)),
                ((*synthetic, "--speed-spread", "nan"), ("--speed-spread",)),
                ((*synthetic, "--latency-us", "nan"), ("--latency-us",)),
                ((*synthetic, "--bandwidth-gb-s", "0"), ("--bandwidth-gb-s",)),
                ((*synthetic, "--timeline", self.folder / "no" / "t.csv"), ("--timeline", "folder that exists")),
                ((*synthetic, "--set", "schedule.stealing=maybe"), ("schedule.stealing",)),
                ((*synthetic, "--set", "corpus.root=/tmp"), ("made up",)),
                ((self.trace_job(self.rows(10)), "--write-trace", self.folder / "t.tsv"), ("--synthetic",)),
                ((*synthetic, "--frobnicate"), ("--frobnicate",))):
            output = self.refused(*arguments)
            for word in words:
                self.assertIn(word, output, arguments)
        self.assertEqual([p.name for p in self.folder.glob("*.part")], [])

    def test_help(self):
        status, output = pecia.run(0, "simulate", "--help")
        self.assertEqual(status, 0, output)
        for word in "--slow", "--timeline", "--synthetic", "schedule.stealing=off":
            self.assertIn(word, output)
        self.assertIn("simulate", pecia.run(0, "--help")[1])

    def test_ctrl_c_ends_it(self):
        for moment in 0.2, 3:
            process = pecia.start(0, "simulate", "--synthetic", "pages=2e6", "--ranks", 4096)
            time.sleep(moment)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
            self.assertNotEqual(process.returncode, 0)

    def test_a_run_of_documents(self):
        corpus = self.folder / "corpus"
        shutil.copytree(CORPUS / "loose", corpus)
        (corpus / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
        job = pecia.write_job(self.folder, corpus, engine={"name": "echo"})
        self.assertIn(pecia.run(0, "run", job)[0], (0, 3))
        found = self.simulate(self.folder / "run", "--ranks", 2)
        self.assertTrue(found["ended"])
        self.assertEqual(found["unread_pages"], 0)


if __name__ == "__main__":
    pecia.main()
