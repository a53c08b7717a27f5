"""What pecia-page costs beside its work: a child's start to its first page, and its protocol for a page, in ms; a spare's memory."""

import json
import os
import subprocess

import bench

FILES, QUICK_FILES = 10_000, 1_000
START_TARGET_MS, PROTOCOL_TARGET_MS = 30, 2  # docs/performance.md
DATA = bench.SOURCE / "tests" / "data" / "system" / "corpus"


def jpeg(file, width, height):
    subprocess.run([bench.BIN / "bench_children_pages", "--jpeg", file, str(width), str(height)], check=True)


def main():
    b = bench.Benchmark("children", __doc__)
    page = b.folder / "page.jpg"
    jpeg(page, 1240, 1754)  # A4 at 150 dpi
    os.link(page, b.folder / "page.jpg.other")
    pdf = b.folder / "page.pdf"
    pdf.write_bytes((DATA / "books" / "letters.pdf").read_bytes())
    os.link(pdf, b.folder / "page.pdf.other")
    many = b.folder / "many"
    many.mkdir()
    small = b.folder / "small.jpg"
    jpeg(small, 620, 877)
    for number in range(QUICK_FILES if b.options.quick else FILES):
        os.link(small, many / f"{number:05}.jpg")
    repeats = b.options.repetitions or (3 if b.options.quick else 11)
    done = subprocess.run([bench.BIN / "bench_children_pages", page, pdf, many, str(repeats)], check=True, stdout=subprocess.PIPE,
                          text=True, env=bench.pecia_environment())
    found = json.loads(done.stdout)
    for name in "jpeg", "pdf":
        times = found[name]
        b.case(f"first page of a child from the warm pool, beyond the page itself, {name}", "ms", 1000 * (times["pooled_s"] - times["warm_s"]),
               "target", START_TARGET_MS)
        b.case(f"the same, CPU, {name}", "CPU ms", 1000 * (times["pooled_cpu_s"] - times["warm_cpu_s"]), "target", START_TARGET_MS)
        b.case(f"the same, of a child that is started for it, {name}", "ms", 1000 * (times["cold_s"] - times["warm_s"]), "the page itself",
               1000 * times["warm_s"])
    protocol = found["protocol"]
    b.case(f"{len(list(many.iterdir()))} one-page JPEGs, each, by the child", "ms", 1000 * protocol["child_s"], "decoded in process",
           1000 * protocol["here_s"])
    b.case("lost to the protocol by each", "ms", 1000 * (protocol["child_s"] - protocol["here_s"]), "target", PROTOCOL_TARGET_MS)
    b.case("lost to it by each, CPU", "CPU ms", 1000 * (protocol["child_cpu_s"] - protocol["here_cpu_s"]), "target", PROTOCOL_TARGET_MS)
    b.case("memory of a spare, its own", "MiB", (found["spare"]["Private_Clean"] + found["spare"]["Private_Dirty"]) / 2**20, "all that it maps",
           found["spare"]["Rss"] / 2**20)
    b.finish()


if __name__ == "__main__":
    main()
