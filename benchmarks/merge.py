"""What merging joins and takes out, against the truth of labelled books (tests/data/merge): precision and recall of each
kind, of the books that rules were fitted to and of those held out; with places of lines and with text alone. Likewise of tables
that go on over a page break. And the time and memory that it takes."""

import json
import statistics
import subprocess

import bench

DATA = bench.SOURCE / "tests" / "data" / "merge"
FILES = [DATA / "made.txt", DATA / "read.txt"]
TABLES = [DATA / "tables.txt", DATA / "tables_real.txt"]
ASKED = {"hyphens": (.95, .90), "paragraphs": (.95, .90), "running heads": (.9, .8)}
PAGES, QUICK_PAGES, LONG_DOCUMENT_PAGES = 5000, 1000, 20000


def pages(*arguments):
    done = subprocess.run([bench.BIN / "bench_merge_pages", *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def add_scores(b, name, files, held_out, places):
    report = pages("held" if held_out else "fit", places, *files)
    b.case(f"{name}: page breaks judged", "breaks", report["breaks"])
    for kind, score in report["kinds"].items():
        asked = ASKED.get(kind, (None, None))
        for measure, least in zip(("precision", "recall"), asked):
            b.case(f"{name}: {kind}: {measure}", f"share of {score['found' if measure == 'precision' else 'wanted']}",
                   score[measure], "asked" if least else None, least)
    return [f"{name}: {kind}: {wrong}" for kind, score in report["kinds"].items() for wrong in score["wrong"]]


def add_tables(b, name, held_out):
    report = pages("held" if held_out else "fit", "tables", *TABLES)
    b.case(f"{name}: table breaks judged", "breaks", report["breaks"])
    for measure, of in (("precision", "found"), ("recall", "wanted")):
        b.case(f"{name}: tables that go on: {measure}", f"share of {report[of]}", report[measure])
    return [f"{name}: {wrong}" for wrong in report["wrong"].split("; ") if wrong]


def main():
    b = bench.Benchmark("merge", __doc__)
    wrong = []
    for held_out in (False, True):
        wrong += add_scores(b, "held out" if held_out else "fitted", FILES, held_out, "placed")
        wrong += add_tables(b, "held out" if held_out else "fitted", held_out)
    if not b.options.quick:
        for held_out in (False, True):
            name = f"{'held out' if held_out else 'fitted'}, text alone"
            add_scores(b, name, FILES, held_out, "text")
    runs = [pages("time", QUICK_PAGES if b.options.quick else PAGES) for _ in range(1 if b.options.quick else b.options.repetitions or 3)]
    b.case("time to merge", "CPU ms a page", statistics.median(run["ms_per_page"] for run in runs))
    if not b.options.quick:
        long_document = pages("time", LONG_DOCUMENT_PAGES)
        b.case(f"a document of {LONG_DOCUMENT_PAGES} pages", "CPU ms a page", long_document["ms_per_page"])
        b.case(f"a document of {LONG_DOCUMENT_PAGES} pages: memory beside its readings", "MiB", long_document["more_mib"])
    b.finish(note="; ".join(wrong) if wrong else None)


if __name__ == "__main__":
    main()
