"""Seconds until reading begins on a corpus of 20,000 one-page files: listing, probing, manifest, partition."""

import shutil

import bench

FILES, QUICK_FILES = 20_000, 4_000


def main():
    b = bench.Benchmark("startup", __doc__)
    files = QUICK_FILES if b.options.quick else FILES
    corpus = b.folder / "corpus"
    page = next((bench.SOURCE / "tests" / "data" / "system" / "corpus" / "loose").glob("blank.png"))
    for number in range(files):
        folder = corpus / f"{number // 1000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page, folder / f"{number:05}.png")
    runs, listings = {"first": [], "resumed": []}, []
    for _ in range(3):
        job = bench.write_job(b.folder / "job.yaml", corpus={"root": str(corpus)}, run=str(b.folder / "run"),
                              engine={"name": "echo"})
        command = [*bench.mpirun(2), bench.BIN / "pecia", "run", job, "--dry-run"]
        for name in "first", "resumed":
            runs[name].append(bench.measure(command, env=bench.pecia_environment()))
        listings.append(bench.measure(["find", corpus, "-type", "f", "-size", "+0"]))
        shutil.rmtree(b.folder / "run")
    baseline = bench.median(listings, "wall_s")
    for name, times in runs.items():
        b.case(f"{files} files, {name} start, 2 ranks", "s", bench.median(times, "wall_s"), "find -type f -size +0",
               baseline)
    b.finish()


if __name__ == "__main__":
    main()
