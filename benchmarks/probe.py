"""Looking into documents: pages/s on one core from headers alone, CPU ms per measured page, share of the predicted run."""

import collections
import json
import re
import resource
import shutil
import statistics
import subprocess

import bench

FILES, QUICK_FILES = 5_000, 1_000
TARGET_PAGES_PER_S = 500  # docs/performance.md
TOOK = re.compile(r"looking into documents took ([\d.]+) s(?:, ([\d.]+) % of the predicted run)?; (\d+) of (\d+) new pages")


class Probing:
    """Dry runs of `pecia` on one core, by the line that they log."""

    def __init__(self, b):
        self.b = b

    def once(self, corpus, budget=None):
        """A dict of took_s, cpu_s, share_percent, measured, pages; the manifest stays until the next."""
        run = self.b.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        probe = {} if budget is None else {"probe": {"budget": budget}}
        job = bench.write_job(self.b.folder / "job.yaml", corpus=corpus, run=str(run), **probe)
        command = ["taskset", "-c", "0", bench.BIN / "pecia", "run", job, "--dry-run"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=bench.pecia_environment())
        found = TOOK.search(done.stdout + done.stderr)
        if done.returncode != 0 or not found:
            raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"took_s": float(found[1]), "share_percent": float(found[2] or 0), "measured": int(found[3]), "pages": int(found[4]),
                "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    def median(self, corpus, budget, repetitions):
        runs = [self.once(corpus, budget) for _ in range(repetitions)]
        return {key: statistics.median(run[key] for run in runs) for key in runs[0]}

    def documents(self):
        """Path and codings of the documents in the manifest of the last run."""
        for segment in (self.b.folder / "run" / "manifest").iterdir():
            for line in segment.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                if entry.get("pages", {}).get("coding"):
                    yield entry["path"], entry["pages"]["coding"]


def many_files(b):
    corpus = b.folder / "corpus"
    page = bench.SOURCE / "tests" / "data" / "system" / "corpus" / "loose" / "blank.png"
    for number in range(QUICK_FILES if b.options.quick else FILES):
        folder = corpus / f"{number // 1000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page, folder / f"{number:05}.png")
    return {"root": str(corpus)}


def by_coding(b, probing, repetitions):
    """Documents whose pages are all coded alike, a list file for each coding."""
    documents = collections.defaultdict(list)
    for path, codings in probing.documents():
        if len(set(codings)) == 1:
            documents[codings[0]].append(path)
    for coding, paths in sorted(documents.items()):
        listed = b.folder / f"{coding}.txt"
        listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
        corpus = {"root": str(b.options.corpus), "list": str(listed)}
        headers = probing.median(corpus, 0, repetitions)
        whole = probing.median(corpus, 1, repetitions)
        measured = int(whole["measured"])
        if measured:
            b.case(f"measuring, {coding}: {measured} of {int(whole['pages'])} pages", "CPU ms/page",
                   1000 * (whole["cpu_s"] - headers["cpu_s"]) / measured)


def main():
    b = bench.Benchmark("probe", __doc__)
    repetitions = b.options.repetitions or (1 if b.options.quick else 3)
    probing = Probing(b)
    files = probing.median(many_files(b), 0, repetitions)
    b.case(f"headers of {int(files['pages'])} one-page files", "pages/s/core", files["pages"] / files["took_s"], "target",
           TARGET_PAGES_PER_S)
    b.need_corpus()
    whole = {"root": str(b.options.corpus), "include": ["scans/**", "pdf/**"]}
    books = whole | {"include": ["pdf/**"]}
    pdfs = probing.median(books, 0, repetitions)
    b.case(f"headers of the corpus' PDFs, {int(pdfs['pages'])} pages", "pages/s/core", pdfs["pages"] / pdfs["took_s"], "target",
           TARGET_PAGES_PER_S)
    default = probing.once(whole)
    b.case(f"default budget: {default['measured']} of {default['pages']} pages measured", "% of the predicted run",
           default["share_percent"], "budget", 3)
    by_coding(b, probing, repetitions)
    b.finish()


if __name__ == "__main__":
    main()
