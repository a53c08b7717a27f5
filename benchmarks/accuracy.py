"""Character error rate on every page with ground truth, by class, against plain Tesseract (BASELINE.tsv)."""

import csv
import importlib.util
import json
import subprocess
from collections import defaultdict

import bench

QUICK_PAGES = 20


def load_cer(corpus):
    spec = importlib.util.spec_from_file_location("cer", corpus.parent / "tools" / "cer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_languages(rows):
    """The rows whose language is installed, and the languages that are not."""
    installed = subprocess.run([bench.BIN / "pecia-tesseract", "--list-languages"], capture_output=True, text=True,
                               check=True).stdout.split()
    names = {name.removeprefix("script/") for name in installed}
    missing = sorted({row["lang"] for row in rows} - names)
    return [row for row in rows if row["lang"] in names], missing


def read_corpus(b, rows):
    """One run over all documents that have ground truth; text by (path, page)."""
    languages = {row["path"]: row["lang"] for row in rows}
    rules = [{"match": path, "languages": [language]} for path, language in languages.items()]
    job = bench.write_job(b.folder / "job.yaml", run=str(b.folder / "run"), rules=rules,
                          corpus={"root": str(b.options.corpus), "include": sorted(languages)},
                          engine={"name": "tesseract", "languages": ["eng"]})
    bench.measure([*bench.mpirun(2), bench.BIN / "pecia", "run", job], env=bench.pecia_environment(), good=(0, 3))
    subprocess.run([bench.BIN / "pecia", "export", b.folder / "run", "--format", "jsonl", "--out", b.folder],
                   check=False, stdout=subprocess.DEVNULL)
    lines = (b.folder / "pages.jsonl").read_text("utf-8").splitlines()
    return {(page["path"], page["page"]): page["text"] or "" for page in map(json.loads, lines)}


def main():
    b = bench.Benchmark("accuracy", __doc__)
    b.need_corpus()
    with open(b.options.corpus / "BASELINE.tsv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    if b.options.quick:
        rows = [row for row in rows if row["path"].startswith("scans/")][:QUICK_PAGES]
    rows, missing = with_languages(rows)
    cer, texts = load_cer(b.options.corpus), read_corpus(b, rows)
    ours, theirs = defaultdict(list), defaultdict(list)
    for row in rows:
        truth = (b.options.corpus / row["gt"]).read_text("utf-8")
        page = max(1, int(row["page"]))  # image files have page 0 there
        characters, edits, *_ = cer.score(truth, texts.get((row["path"], page), ""))
        ours[row["kind"]].append(edits / max(characters, 1))
        theirs[row["kind"]].append(float(row["CER"]))
    for kind in sorted(ours):
        mean, baseline = sum(ours[kind]) / len(ours[kind]), sum(theirs[kind]) / len(theirs[kind])
        b.case(f"{kind}, {len(ours[kind])} pages", "mean CER", mean, "tesseract --psm 3", baseline)
    b.finish(note=f"not measured, for want of Tesseract's languages: {' '.join(missing)}" if missing else None)


if __name__ == "__main__":
    main()
