"""What a new user does wrong, and how a run is stopped: every case has a clear answer."""

import hashlib
import json
import os
import re
import shutil
import signal

import pecia_process as pecia

CORPUS = pecia.DATA / "system" / "corpus"
ECHO = {"engine": {"name": "echo"}}
# With one for each of many cores nothing would be left when the job is stopped.
ONE_THREAD = {"name": "tesseract", "languages": ["eng"], "threads": 1}
ROOT = os.geteuid() == 0


class JobFiles(pecia.Case):
    def refused(self, job, *words, arguments=(), status=2, ranks=0):
        got, output = pecia.run(ranks, "run", job, *arguments)
        self.assertEqual(got, status, output)
        for word in words:
            self.assertIn(word, output)
        return output

    def file(self, text, name="job.yaml"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_missing(self):
        self.refused(self.folder / "none.yaml", "none.yaml")

    def test_not_yaml(self):
        self.refused(self.file("corpus: {root: [\n"), "job.yaml")

    def test_wrong_key_names_place_and_nearest(self):
        self.refused(self.file(f"corpus:\n  root: {CORPUS}\nrun: r\nengine:\n  langauges: [eng]\n"),
                     "job.yaml:5:3", "langauges", "languages")

    def test_wrong_type(self):
        self.refused(self.file(f"corpus:\n  root: {CORPUS}\nrun: r\nengine:\n  threads: many\n"),
                     "job.yaml:5", "engine.threads", "many")

    def test_said_once_under_mpirun(self):
        output = self.refused(self.folder / "none.yaml", "none.yaml", ranks=2)
        self.assertEqual(output.count("cannot"), 1, output)

    def test_corpus_that_does_not_exist(self):
        self.refused(pecia.write_job(self.folder, self.folder / "nowhere"), "nowhere")

    def test_cost_model_that_is_none_names_the_line(self):
        self.file('{\n"pecia_cost_model": 7, "engines": {}}', "m.json")
        self.refused(self.file(f"corpus:\n  root: {CORPUS}\nrun: {self.folder}/r\ncost_model: m.json\n"),
                     "m.json:2: pecia_cost_model: this pecia reads version 1")
        self.assertFalse((self.folder / "r").exists())

    def test_corpus_that_is_empty(self):
        (self.folder / "empty").mkdir()
        self.refused(pecia.write_job(self.folder, self.folder / "empty"), "empty")

    def test_corpus_that_is_unreadable(self):
        if ROOT:
            self.skipTest("root reads everything")
        (self.folder / "locked").mkdir(mode=0o000)
        self.refused(pecia.write_job(self.folder, self.folder / "locked"), "locked")

    def test_run_directory_that_cannot_be_written(self):
        (self.folder / "file").write_text("in the way")
        job = pecia.write_job(self.folder, CORPUS, **ECHO)
        self.refused(job, "file", arguments=("--set", f"run={self.folder}/file/run"))

    def test_missing_language_names_its_package(self):
        job = pecia.write_job(self.folder, CORPUS)
        self.refused(job, "xyz", "tesseract-ocr-xyz", arguments=("--set", "engine.languages=[xyz]"))

    def test_unknown_engine(self):
        self.refused(pecia.write_job(self.folder, CORPUS, engine={"name": "tesserakt"}), "tesseract")

    def test_unknown_reason_to_retry(self):
        self.refused(pecia.write_job(self.folder, CORPUS, **ECHO), "tiemout",
                     arguments=("--retry", "tiemout"))

    def test_documents_without_retry_are_refused(self):
        """Alone it would not limit the run, as it seems to."""
        self.refused(pecia.write_job(self.folder, CORPUS, **ECHO), "--retry", arguments=("--documents", "loose/*"))

    def test_a_job_that_has_read_no_page_yet_may_still_change(self):
        job = pecia.write_job(self.folder, CORPUS / "loose")
        self.refused(job, "xyz", arguments=("--set", "engine.languages=[xyz]"))
        self.assertEqual(pecia.run(0, "run", job, "--dry-run", "--set", "engine.languages=[deu]")[0], 0)
        status, output = pecia.run(0, "run", job, "--set", "engine.name=echo")
        self.assertEqual(status, 0, output)

    def test_changed_job_is_refused_with_the_difference(self):
        job = pecia.write_job(self.folder, CORPUS, **ECHO)
        self.assertEqual(pecia.run(0, "run", job)[0], 3)
        self.refused(job, "engine.languages", "--accept-job", arguments=("--set", "engine.languages=[deu]"))
        status, output = pecia.run(0, "run", job, "--set", "engine.languages=[deu]", "--accept-job")
        self.assertEqual(status, 3, output)


class Programs(pecia.Case):
    def test_help_version_configuration_and_keys(self):
        for arguments, word in (("--version",), "pecia "), (("--config",), "MPI: Open MPI"), (("--help",), "export"), \
                (("run", "--help"), "--retry"), (("run", "--help-job"), "sync_interval_s"), \
                (("status", "--help"), "RUN"), (("verify", "--help"), "RUN"), \
                (("report", "--help"), "--trace"), (("export", "--help"), "--format"), (("doctor", "--help"), "FOLDER"):
            status, output = pecia.run(0, *arguments)
            self.assertEqual(status, 0, output)
            self.assertIn(word, output)

    def test_no_verb_and_wrong_verb(self):
        self.assertEqual(pecia.run(0)[0], 2)
        self.assertEqual(pecia.run(0, "frobnicate")[0], 2)

    def test_doctor_finds_this_machine_sound(self):
        status, output = pecia.run(0, "doctor", self.folder)
        self.assertEqual(status, 0, output)
        self.assertIn("eng", output)

    def test_doctor_checks_a_download_of_weights(self):
        reader = pecia.DATA / "deepseek" / "reader" / "checkpoint"
        status, output = pecia.run(0, "doctor", self.folder, "--weights", reader)
        self.assertEqual(status, 0, output)
        for said in "175 tensors, all that the model has", "experts", "fingerprint", "tokenizer":
            self.assertIn(said, output)
        copy = self.folder / "copy"
        shutil.copytree(reader, copy)
        shard = copy / "model.safetensors"
        digest = hashlib.sha256(shard.read_bytes()).hexdigest()
        record = copy / ".cache" / "huggingface" / "download" / "model.safetensors.metadata"
        record.parent.mkdir(parents=True)
        record.write_text(f"0123abc\n{digest}\n1700000000.0\n")
        status, output = pecia.run(0, "doctor", self.folder, "--weights", copy)
        self.assertEqual(status, 0, output)
        self.assertIn("SHA-256 right", output)
        damaged = bytearray(shard.read_bytes())
        damaged[-1] ^= 1
        shard.write_bytes(damaged)
        status, output = pecia.run(0, "doctor", self.folder, "--weights", copy)
        self.assertEqual(status, 1)
        for said in "SHA-256 is not", "hf download deepseek-ai/DeepSeek-OCR-2":
            self.assertIn(said, output)
        status, output = pecia.run(0, "doctor", self.folder, "--weights", "random:full")
        self.assertEqual(status, 0, output)
        self.assertIn("4844.4 MB", output)

    def test_verbs_on_what_is_no_run(self):
        for arguments in ("status", self.folder), ("verify", self.folder), \
                ("report", self.folder, "--trace", self.folder / "trace.tsv"), \
                ("export", self.folder, "--out", self.folder / "out"):
            status, output = pecia.run(0, *arguments)
            self.assertEqual(status, 2, output)
            self.assertIn("not a run directory", output)

    def test_srun_without_pmix_is_refused(self):
        env = dict(pecia.environment(), SLURM_JOB_ID="1", SLURM_STEP_ID="0", SLURM_STEP_NUM_TASKS="2",
                   SLURM_PROCID="0", SLURM_NTASKS="2")
        status, output = pecia.run(0, "run", pecia.write_job(self.folder, CORPUS), env=env)
        self.assertEqual(status, 2, output)
        self.assertIn("--mpi=pmix", output)


class Runs(pecia.Case):
    def test_dry_run_stops_after_the_manifest(self):
        job = pecia.write_job(self.folder, CORPUS, **ECHO)
        status, output = pecia.run(0, "run", job, "--dry-run")
        self.assertEqual(status, 0, output)
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 75)

    def test_second_job_on_a_run_is_refused_with_its_holder(self):
        trace = self.folder / "trace.tsv"
        trace.write_text("path\tpage\tseconds\nbook\t1\t600\n")
        job = pecia.write_job(self.folder, {"trace": str(trace)}, engine={"name": "replay"}, drain={"grace_s": 0})
        first = pecia.start(0, "run", job)
        self.wait_for((self.folder / "run" / "status.json").exists, what="the first job's start")
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 2, output)
        self.assertIn(f"pid {first.pid}", output)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        self.assertEqual(first.returncode, 75)

    def stopped(self, number, ranks, job):
        process = pecia.start(ranks, "run", job)
        journal = self.folder / "run" / "journal"
        self.wait_for(lambda: journal.is_dir() and any(f.stat().st_size > 4096 for f in journal.iterdir()),
                      what="a first record")
        os.kill(process.pid, number)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def test_ctrl_c_and_term_drain_a_plain_run(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGUSR1:
            job = pecia.write_job(self.folder, CORPUS, engine=ONE_THREAD, store={"sync": "page"})
            status, output = self.stopped(number, 0, job)
            self.assertEqual(status, 75, output)
            self.assertIn("run the same command again", output)
            self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 75)
            self.assertEqual(pecia.run(2, "run", job)[0], 3)
            shutil.rmtree(self.folder / "run")

    def test_usr1_to_mpirun_drains_all_ranks(self):
        job = pecia.write_job(self.folder, CORPUS, engine=ONE_THREAD, store={"sync": "page"})
        status, output = self.stopped(signal.SIGUSR1, 2, job)
        self.assertEqual(status, 75, output)
        self.assertEqual(pecia.run(0, "run", job)[0], 3)
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 3)

    def test_int_and_term_to_mpirun_lose_no_committed_page(self):
        """mpirun leaves its ranks about a second."""
        for number in signal.SIGINT, signal.SIGTERM:
            job = pecia.write_job(self.folder, CORPUS, engine=ONE_THREAD, store={"sync": "page"})
            status, _ = self.stopped(number, 2, job)
            self.assertNotEqual(status, 0)
            pages = pecia.export(self.folder / "run", self.folder / f"out{number}")["pages.jsonl"]
            read = [page for page in pages if page["state"] != "pending"]
            self.assertTrue(read)
            status, output = pecia.run(2, "run", job)
            self.assertEqual(status, 3, output)
            self.assertLessEqual(int(re.search(r"of which (\d+) are to be read", output)[1]), len(pages) - len(read))
            shutil.rmtree(self.folder / "run")

    def test_finished_run_is_not_read_again(self):
        job = pecia.write_job(self.folder, CORPUS, **ECHO)
        self.assertEqual(pecia.run(2, "run", job)[0], 3)
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 3, output)
        self.assertIn("every page of the run is done already", output)

    def test_status_verify_and_export_speak_of_every_page(self):
        job = pecia.write_job(self.folder, CORPUS, **ECHO)
        pecia.run(0, "run", job)
        status, output = pecia.run(0, "status", self.folder / "run")
        self.assertEqual(status, 0, output)
        self.assertIn("unreadable", output)
        files = pecia.export(self.folder / "run", self.folder / "out")
        states = [page["state"] for page in files["pages.jsonl"]]
        self.assertEqual(states.count("failed"), 1)
        self.assertEqual(states.count("skipped"), 1)
        self.assertIn("books/faq.tif.md", files)
        self.assertIn("loose/note 1.png.txt", files)


class ChangingCorpus(pecia.Case):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        shutil.copytree(CORPUS / "loose", self.corpus)
        self.job = pecia.write_job(self.folder, self.corpus, **ECHO)
        self.assertEqual(pecia.run(0, "run", self.job)[0], 0)

    def paths(self):
        return {p["path"]: p for p in pecia.export(self.folder / "run", self.folder / "out")["pages.jsonl"]}

    def test_new_documents_are_added(self):
        shutil.copy(self.corpus / "blank.png", self.corpus / "another.png")
        status, output = pecia.run(0, "run", self.job)
        self.assertEqual(status, 0, output)
        self.assertIn("of which 1 are to be read", output)
        self.assertIn("another.png", self.paths())

    def test_changed_documents_are_reported_and_redone_on_request(self):
        before = self.paths()["blank.png"]["text"]
        shutil.copy(self.corpus / "note 1.png", self.corpus / "blank.png")
        status, output = pecia.run(0, "run", self.job)
        self.assertIn("blank.png has changed", output)
        self.assertEqual(self.paths()["blank.png"]["text"], before)
        status, output = pecia.run(0, "run", self.job, "--set", "corpus.changed=redo")
        self.assertEqual(status, 0, output)
        self.assertNotEqual(self.paths()["blank.png"]["text"], before)
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 0)

    def test_vanished_documents_keep_what_was_read(self):
        (self.corpus / "blank.png").unlink()
        status, output = pecia.run(0, "run", self.job)
        self.assertEqual(status, 0, output)
        self.assertIn("blank.png", output)
        self.assertIn("blank.png", self.paths())

    def test_vanished_documents_fail_for_pages_without_an_outcome(self):
        shutil.copy(self.corpus / "blank.png", self.corpus / "another.png")
        self.assertEqual(pecia.run(0, "run", self.job, "--dry-run")[0], 0)
        (self.corpus / "another.png").unlink()
        status, output = pecia.run(0, "run", self.job)
        self.assertEqual(status, 3, output)
        self.assertEqual(self.paths()["another.png"]["reason"], "vanished")
        self.assertEqual(self.paths()["blank.png"]["state"], "ok")

    def test_failed_pages_are_retried_on_request(self):
        (self.corpus / "bad.png").write_bytes(b"")
        self.assertEqual(pecia.run(0, "run", self.job)[0], 3)
        shutil.copy(self.corpus / "note 1.png", self.corpus / "bad.png")
        status, output = pecia.run(0, "run", self.job, "--retry", "unreadable", "--documents", "other*")
        self.assertEqual(status, 3, output)
        status, output = pecia.run(0, "run", self.job, "--retry", "failed", "--documents", "bad*")
        self.assertEqual(status, 0, output)
        self.assertEqual(self.paths()["bad.png"]["state"], "ok")
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 0)


class BrokenInstallations(pecia.Case):
    """pecia without the program that looks into documents: no page may get an outcome for that."""

    def setUp(self):
        super().setUp()
        self.job = pecia.write_job(self.folder, CORPUS / "loose", **ECHO)
        alone = self.folder / "alone"
        alone.mkdir()
        shutil.copy(pecia.PECIA, alone)
        self.env = dict(pecia.environment(), PECIA_LIBEXEC_DIR=str(alone))
        whole = pecia.PECIA
        pecia.PECIA = str(alone / "pecia")
        self.addCleanup(setattr, pecia, "PECIA", whole)
        self.whole = whole

    def ends_without_an_outcome(self):
        status, output = pecia.run(0, "run", self.job, env=self.env, timeout_s=40)  # drain.grace_s is 60
        self.assertEqual(status, 1, output)
        self.assertIn("pecia-page", output)
        self.assertNotIn("io_error", output)
        pecia.PECIA = self.whole
        status, output = pecia.run(0, "run", self.job)
        self.assertEqual(status, 0, output)

    def test_new_documents_are_not_failed(self):
        self.ends_without_an_outcome()

    def test_pages_of_known_documents_are_given_back_at_once(self):
        pecia.PECIA = self.whole
        self.assertEqual(pecia.run(0, "run", self.job, "--dry-run")[0], 0)
        pecia.PECIA = str(self.folder / "alone" / "pecia")
        self.ends_without_an_outcome()


class Evidence(pecia.Case):
    """What is measured before reading begins, and what a run tells of its pages afterwards."""

    def segments(self):
        """Documents by segment of the manifest, each by path."""
        return {file.name: {entry["path"]: entry["pages"] for entry in map(json.loads, file.read_text().splitlines())
                            if "path" in entry} for file in sorted((self.folder / "run" / "manifest").iterdir())}

    def test_pages_are_measured_once(self):
        corpus = self.folder / "corpus"
        shutil.copytree(CORPUS / "loose", corpus)
        # What it estimates is a thousand times what Tesseract takes, and so is the budget: no machine is too busy for it.
        job = pecia.write_job(self.folder, corpus, engine={"name": "replay", "time_scale": 1000}, probe={"budget": 1})
        status, output = pecia.run(2, "run", job, "--dry-run")
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"[1-9]\d* of \d+ new pages were measured")
        pages = self.segments()["000001.jsonl"]
        self.assertEqual(pages["blank.png"]["transitions"], [0])
        self.assertGreater(pages["note 1.png"]["transitions"][0], 100)
        self.assertGreater(pages["note 1.png"]["components"][0], 10)

        shutil.copy(CORPUS / "books" / "born_digital.pdf", corpus / "another.pdf")
        status, output = pecia.run(0, "run", job, "--dry-run")
        self.assertIn("1 of 1 new pages were measured", output)
        self.assertEqual(list(self.segments()["000002.jsonl"]), ["another.pdf"])
        status, output = pecia.run(0, "run", job, "--dry-run")
        self.assertNotIn("measured", output)
        self.assertEqual(len(self.segments()), 2)

    def test_without_a_budget_headers_alone_are_read(self):
        job = pecia.write_job(self.folder, CORPUS / "loose", probe={"budget": 0})
        status, output = pecia.run(0, "run", job, "--dry-run")
        self.assertEqual(status, 0, output)
        self.assertNotIn("transitions", self.segments()["000001.jsonl"]["note 1.png"])

    def test_a_run_is_replayed_from_its_report(self):
        job = pecia.write_job(self.folder, CORPUS, **ECHO)
        self.assertEqual(pecia.run(0, "run", job)[0], 3)
        trace = self.folder / "trace.tsv"
        status, output = pecia.run(0, "report", self.folder / "run", "--trace", trace)
        self.assertEqual(status, 0, output)
        pages = pecia.export(self.folder / "run", self.folder / "out")["pages.jsonl"]
        counted = [page for page in pages if page["page"] > 0]
        lines = trace.read_text().splitlines()
        self.assertEqual(len(lines), 1 + len(counted))

        shutil.rmtree(self.folder / "run")
        again = pecia.write_job(self.folder, {"trace": str(trace)}, engine={"name": "replay", "time_scale": 0})
        status, output = pecia.run(0, "run", again)
        self.assertEqual(status, 0, output)
        self.assertIn(f"of which {len(counted)} are to be read", output)

    def test_report_says_what_it_needs_and_what_it_leaves_out(self):
        job = pecia.write_job(self.folder, CORPUS / "loose", **ECHO)
        self.assertEqual(pecia.run(0, "run", job, "--dry-run")[0], 0)
        status, output = pecia.run(0, "report", job)
        self.assertEqual(status, 2, output)
        self.assertIn("--trace FILE", output)
        status, output = pecia.run(0, "report", job, "--trace", self.folder / "trace.tsv")
        self.assertEqual(status, 2, output)
        self.assertIn("blank.png is left out: 1 of its 1 pages are not read yet", output)
        self.assertIn("no document", output)
        self.assertFalse((self.folder / "trace.tsv").exists())


class Names(pecia.Case):
    def test_any_bytes_but_slash_and_nul_are_a_name(self):
        corpus = os.fsencode(self.folder / "corpus")
        os.mkdir(corpus)
        names = [b"with space.png", b"new\nline.png", "Überweisung №1.png".encode(), b"bad\xff\xfe.png",
                 b"back\\slash.png", b"-dash.png", b"'quote\".png"]
        for name in names:
            shutil.copy(os.fsencode(CORPUS / "loose" / "blank.png"), os.path.join(corpus, name))
        job = pecia.write_job(self.folder, self.folder / "corpus", **ECHO)
        status, output = pecia.run(0, "run", job)
        self.assertEqual(status, 0, output)
        files = pecia.export(self.folder / "run", self.folder / "out")
        self.assertEqual(len(files["pages.jsonl"]), len(names))
        for name in names:
            self.assertTrue(os.path.exists(os.path.join(os.fsencode(self.folder / "out"), name + b".md")), name)

    def test_bag_with_a_wrong_checksum_fails_that_document(self):
        import hashlib
        bag = self.folder / "bag"
        (bag / "data").mkdir(parents=True)
        lines = []
        for name in "note 1.png", "blank.png":
            shutil.copy(CORPUS / "loose" / name, bag / "data" / name)
            digest = hashlib.sha256((bag / "data" / name).read_bytes()).hexdigest()
            lines.append(f"{digest if name == 'blank.png' else '0' * 64}  data/{name}\n")
        (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        (bag / "manifest-sha256.txt").write_text("".join(lines))
        status, output = pecia.run(0, "run", pecia.write_job(self.folder, bag, **ECHO))
        self.assertEqual(status, 3, output)
        self.assertIn("checksum_mismatch", output)


class ManyFiles(pecia.Case):
    def test_two_thousand_documents_each_have_an_outcome(self):
        corpus = self.folder / "corpus"
        corpus.mkdir()
        for number in range(2000):
            os.link(CORPUS / "loose" / "blank.png", corpus / f"{number:05}.png") \
                if os.stat(CORPUS).st_dev == os.stat(corpus).st_dev \
                else shutil.copy(CORPUS / "loose" / "blank.png", corpus / f"{number:05}.png")
        status, output = pecia.run(2, "run", pecia.write_job(self.folder, corpus, **ECHO))
        self.assertEqual(status, 0, output)
        status, output = pecia.run(0, "verify", self.folder / "run")
        self.assertEqual(status, 0, output)
        self.assertIn("2000 pages, 2000 ok", output)


if __name__ == "__main__":
    pecia.main()
