"""Character error rate on every page with ground truth, by class, against plain Tesseract (BASELINE.tsv).

Pages count by their characters: errors of all pages of a class by their characters. `--pages FILE` writes every page's.
"""

import csv
import importlib.util
import json
import pathlib
import subprocess
import tempfile
from collections import Counter, defaultdict

import bench

QUICK_PAGES = 20
MOST_KEPT_CER = .02


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


# As their goals name them, by kind and language in the table.
PRINTS = "historic prints and scanned books together"
MODERN = "modern and born-digital together"
SCANNED = ("scanned PDF", "multi-page TIFF")


def class_of(row):
    """A page's class: kinds hold scans of several languages."""
    return f"{row['kind']} ({row['lang']})" if row["kind"].startswith("scanned PDF, image-only") else row["kind"]


def groups_of(row):
    kind = row["kind"]
    if kind.startswith(("historic print", *SCANNED)):
        return [PRINTS]
    return [MODERN] if kind.startswith(("modern", "simulated", "born-digital")) else []


def read_corpus(b, rows, more):
    """One run over all documents of the rows, with more of the job; the pages' records by (path, page), and what it took."""
    languages = {row["path"]: row["lang"] for row in rows}
    rules = [{"match": path, "languages": [language]} for path, language in languages.items()]
    folder = pathlib.Path(tempfile.mkdtemp(dir=b.folder))
    job = bench.write_job(folder / "job.yaml", run=str(folder / "run"), rules=rules,
                          corpus={"root": str(b.options.corpus), "include": sorted(languages)},
                          engine={"name": "tesseract", "languages": ["eng"]}, **more)
    taken = bench.measure([*bench.mpirun(2), bench.BIN / "pecia", "run", job], env=bench.pecia_environment(),
                          good=(0, 3))
    subprocess.run([bench.BIN / "pecia", "export", folder / "run", "--format", "jsonl", "--out", folder],
                   check=False, stdout=subprocess.DEVNULL)
    lines = (folder / "pages.jsonl").read_text("utf-8").splitlines()
    return {(page["path"], page["page"]): page for page in map(json.loads, lines)}, taken


def scored(b, rows, read, cer):
    """Per page its row, characters, errors and the errors of plain Tesseract."""
    pages = []
    for row in rows:
        truth = (b.options.corpus / row["gt"]).read_text("utf-8")
        record = read.get((row["path"], max(1, int(row["page"]))), {})  # image files have page 0 there
        characters, errors, *_ = cer.score(truth, record.get("text") or "")
        pages.append({"row": row, "record": record, "characters": characters, "errors": errors,
                      "plain": float(row["CER"]) * characters})
    return pages


def in_order_of(truth, text, cer):
    """The text's lines in the order of the lines of the truth that they are nearest to."""
    lines = [line for line in truth.splitlines() if line.strip()]
    return "\n".join(sorted((line for line in text.splitlines() if line.strip()),
                            key=lambda line: min(range(len(lines)), key=lambda n: cer.score(lines[n], line)[1])))


def fraktur_in_order(b, pages, cer):
    """Characters, errors of pecia and of Tesseract where lines that stand elsewhere in the truth are not counted: in that of
    these pages lines below others stand above them."""
    found = Counter()
    for page in pages:
        row = page["row"]
        if not row["kind"].endswith("Fraktur)"):
            continue
        truth = (b.options.corpus / row["gt"]).read_text("utf-8")
        plain = subprocess.run(["tesseract", b.options.corpus / row["path"], "-", "-l", row["lang"]],
                               capture_output=True, text=True, check=True).stdout
        found["characters"] += page["characters"]
        for name, text in (("pecia", page["record"].get("text") or ""), ("plain", plain)):
            found[name] += cer.score(truth, in_order_of(truth, text, cer))[1]
    return found


def write_pages(path, pages):
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t")
        table.writerow(["path", "page", "kind", "characters", "cer", "plain_cer", "confidence", "state", "steps"])
        for page in pages:
            row, record = page["row"], page["record"]
            steps = "; ".join(f"{step['what']}: {step['detail']}" for step in record.get("steps") or [])
            table.writerow([row["path"], row["page"], row["kind"], page["characters"],
                            f"{page['errors'] / max(page['characters'], 1):.4f}", row["CER"],
                            record.get("confidence"), record.get("state"), steps])


def add_options(parser):
    parser.add_argument("--pages", metavar="FILE", help="write every page's error rate there, as TSV")
    parser.add_argument("--job", type=json.loads, default=bench.PIXELS_ONLY, metavar="JSON",
                        help="more of the job, as JSON (text layers are not taken, so that all is read)")


def kept_text(b, cer, rows):
    """Born-digital documents under `text_layer: auto`, on every page with ground truth, by kind."""
    rows = [row for row in rows if row["kind"].startswith("born-digital")]
    kinds = {row["path"]: row["kind"] for row in rows}
    counts = defaultdict(Counter)
    for (path, page), record in read_corpus(b, rows, {})[0].items() if rows else ():
        truth = b.options.corpus / "gt" / f"{pathlib.Path(path).stem}.p{page:03}.txt"
        if truth.exists():
            characters, edits, *_ = cer.score(truth.read_text("utf-8"), record["text"] or "")
            counts[kinds[path]] += Counter(edits=edits, characters=characters, pages=1, kept=record["engine"] == "text_layer",
                                           blank=record["state"] == "blank")
    return counts


def main():
    b = bench.Benchmark("accuracy", __doc__, add_options)
    b.need_corpus()
    with open(b.options.corpus / "BASELINE.tsv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    if b.options.quick:
        rows = [row for row in rows if row["path"].startswith("scans/")][:QUICK_PAGES]
    rows, missing = with_languages(rows)
    cer = load_cer(b.options.corpus)
    read, taken = read_corpus(b, rows, b.options.job)
    pages = scored(b, rows, read, cer)
    if b.options.pages:
        write_pages(b.options.pages, pages)
    classes = defaultdict(list)
    for page in pages:
        for name in [class_of(page["row"]), *groups_of(page["row"])]:
            classes[name].append(page)
    for name, members in sorted(classes.items()):
        characters = sum(page["characters"] for page in members)
        b.case(f"{name}, {len(members)} pages", "CER", sum(page["errors"] for page in members) / characters,
               "tesseract --psm 3", sum(page["plain"] for page in members) / characters)
    b.case("pages with a CER above .5", "pages", sum(page["errors"] > page["characters"] / 2 for page in pages),
           "tesseract --psm 3", sum(page["plain"] > page["characters"] / 2 for page in pages))
    if fraktur := fraktur_in_order(b, pages, cer):
        b.case("historic print (German Fraktur), lines in the order of the truth", "CER", fraktur["pecia"] / fraktur["characters"],
               "tesseract --psm 3", fraktur["plain"] / fraktur["characters"])
    b.case("CPU time of the run", "s", taken["cpu_s"])
    for kind, count in sorted(kept_text(b, cer, rows).items()):
        b.case(f"{kind}, text_layer: auto", "CER", count["edits"] / max(count["characters"], 1), "target", MOST_KEPT_CER)
        b.case(f"{kind}, text_layer: auto, text kept", "pages", count["kept"], "with something on them", count["pages"] - count["blank"])
    b.finish(note=f"not measured, for want of Tesseract's languages: {' '.join(missing)}" if missing else None)


if __name__ == "__main__":
    main()
