"""How well the cost of pages is predicted: documents that the model has not seen, against bytes and pixels alone."""

import json
import pathlib
import re
import subprocess

import bench

TARGET = "rank correlation 0.85, mean relative error 0.35"
# Files of one book, and one page in several codings, are held out together.
BOOKS = [r"bpt6k6127905", r"bpt6k70173w", r"bpt6k6495917k", r"clauren_mimil", r"cremma_TestamentsDePoilus_will_AD78",
         r"faq_en", r"ocrmypdf_(linn|ccitt|jbig2|skew|cardinal|rotated_skew)",
         r"fmt_T0|pdfjs_Pages-tree-refs|EmptyXRefStream|GHOSTSCRIPT|ocrmypdf_(blank|no_contents)"]
QUICK = ["scans/*.jpg", "pdf/pypdf_*.pdf", "pdf/g17_bpt6k6127905_jpx.pdf"]
REPETITIONS = 1  # the corpus is read so many times, and the least seconds of each page count


def languages(corpus):
    """Of the documents with ground truth, where they are installed."""
    installed = subprocess.run([bench.BIN / "pecia-tesseract", "--list-languages"], capture_output=True, text=True,
                               check=True).stdout.split()
    names = {name.removeprefix("script/") for name in installed}
    lines = (corpus / "BASELINE.tsv").read_text("utf-8").splitlines()
    header = lines[0].split("\t")
    rows = [dict(zip(header, line.split("\t"))) for line in lines[1:]]
    return {row["path"]: row["lang"] for row in rows if row["lang"] in names}


def record(b, number):
    """Reads the corpus with one worker and every page measured; gives the trace."""
    run, trace = b.folder / f"run{number}", b.folder / f"trace{number}.tsv"
    include = QUICK if b.options.quick else ["pdf/**", "scans/**", "odd/**"]
    rules = [{"match": path, "languages": [language]} for path, language in languages(b.options.corpus).items()]
    job = bench.write_job(b.folder / "job.yaml", run=str(run), rules=rules, probe={"budget": 1},
                          corpus={"root": str(b.options.corpus), "include": include},
                          engine={"name": "tesseract", "languages": ["eng"], "threads": 1}, page={"text_layer": "ignore"})
    bench.measure([bench.BIN / "pecia", "run", job], env=bench.pecia_environment(), good=(0, 3))
    subprocess.run([bench.BIN / "pecia", "report", run, "--trace", trace], check=True, stdout=subprocess.DEVNULL)
    return trace


def least(traces, result):
    """The rows of the first trace with the least seconds that any has for the page."""
    tables = [[line.split("\t") for line in trace.read_text("utf-8").splitlines()] for trace in traces]
    at = tables[0][0].index("seconds")
    for n, row in enumerate(tables[0][1:], 1):
        row[at] = min((table[n][at] for table in tables), key=float)
    result.write_text("".join("\t".join(row) + "\n" for row in tables[0]), encoding="utf-8")
    return result


def write_groups(trace, file):
    lines = trace.read_text("utf-8").splitlines()
    at = lines[0].split("\t").index("path")
    paths = sorted({line.split("\t")[at] for line in lines[1:]})
    book = {path: next((book for book in BOOKS if re.search(book, path)), path) for path in paths}
    file.write_text("".join(f"{path}\t{book[path]}\n" for path in paths), encoding="utf-8")
    return len(set(book.values()))


def main():
    b = bench.Benchmark("prediction", __doc__, lambda parser: parser.add_argument(
        "--trace", type=pathlib.Path, help="judge by this record (pecia report RUN --trace), read nothing"))
    trace = b.options.trace
    if not trace:
        b.need_corpus()
        repetitions = b.options.repetitions or (1 if b.options.quick else REPETITIONS)
        trace = least([record(b, n) for n in range(repetitions)], b.folder / "trace.tsv")
    groups = b.folder / "groups.tsv"
    books = write_groups(trace, groups)
    fold = subprocess.run([bench.BIN / "bench_prediction_fold", trace, groups], capture_output=True, text=True,
                          check=True)
    found = json.loads(fold.stdout)
    cases = {(case["predictor"], case["measured"]): case for case in found["cases"]}
    baseline = cases["bytes", "none"]
    notes = [f"{found['documents']} documents of {books} books; target: {TARGET}"]
    for (predictor, measured), case in cases.items():
        name = predictor if predictor in ("bytes", "pixels") else f"{predictor}; {measured} pages measured"
        for key in ("rank_correlation", "mean_relative_error", "mean_error_s"):
            b.case(f"{name}: {key}, {case['pages']} pages", "s" if key.endswith("_s") else "1", case[key],
                   "compressed bytes alone", baseline[key])
    for worst in cases["ignorant, refitted", "all"]["worst_documents"]:
        notes.append(f"{worst['path']} ({worst['pages']} pages): predicted {worst['predicted_s']:.1f} s, "
                     f"took {worst['taken_s']:.1f} s")
    b.finish(note="; ".join(notes))


if __name__ == "__main__":
    main()
