"""DeepSeek-OCR-2 with the miniature reader: pages and tokens a second, preprocessing, vision, prefill and decode apart,
in a continuous batch of 16 pages; against the same engine page by page without padding, and against the transformers
library at batch 16 on the same checkpoint and machine. On a GPU also a model of full size with random weights."""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tarfile

import bench

DATA = bench.SOURCE / "tests" / "data" / "deepseek"
READER = DATA / "reader" / "checkpoint"
BATCH = 16


def add_options(parser):
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if shutil.which("nvidia-smi") else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--transformers", metavar="PYTHON", default=os.environ.get("PECIA_TRANSFORMERS_PYTHON"),
                        help="a Python that has torch and transformers 5.17 (or PECIA_TRANSFORMERS_PYTHON)")
    parser.add_argument("--full", action=argparse.BooleanOptionalAction, default=None,
                        help="also a model of full size with random weights, 7 GB (default: on a GPU)")


def last_line(command):
    # As pecia-deepseek is started: threads that spin while they wait make a busy machine slower by far.
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ})
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Engine:
    """Reads all pages, `repeat` times over; settings are those of the job's engine."""

    def __init__(self, options, pages):
        self.options, self.pages = options, pages

    def __call__(self, repeat=1, padded=True, **settings):
        devices, dtypes = ("auto", "cpu", "cuda"), ("auto", "bf16", "fp32")  # numbers in JSON
        settings = {"weights": str(READER), "threads": self.options.threads, **settings}
        settings["device"] = devices.index(self.options.device)
        settings["dtype"] = dtypes.index(settings.get("dtype", "auto"))
        return last_line([bench.BIN / "bench_engine_pages", json.dumps(settings), repeat,
                          "padded" if padded else "as_they_are", *self.pages])


def has_transformers(python):
    if not python:
        return False
    return subprocess.run([python, "-c", "import torch, transformers.models.deepseek_ocr2"],
                          capture_output=True).returncode == 0


def median(runs, value):
    return statistics.median(map(value, runs))


def reader_cases(b, engine, pages):
    """Interleaved, so that all of them meet the same machine."""
    repetitions = b.options.repetitions or (1 if b.options.quick else 3)
    repeat = 1 if b.options.quick else 4
    with_library = has_transformers(b.options.transformers)
    batched, single, library = [], [], []
    for _ in range(repetitions):
        batched.append(engine(repeat, dtype="fp32", max_batch_pages=BATCH))
        single.append(engine(repeat, padded=False, dtype="fp32", max_batch_pages=1))
        if with_library:
            library.append(last_line([b.options.transformers, bench.SOURCE / "benchmarks" / "engine_transformers.py",
                                      "--weights", READER, "--batch", BATCH, "--threads", b.options.threads,
                                      "--repeat", repeat, *pages]))
    bf16 = [engine(repeat, dtype="bf16", max_batch_pages=BATCH) for _ in range(repetitions)]

    # With its preparation, which the library's seconds have in them too.
    rate = lambda run: run["pages"] / (run["seconds"] + run.get("prepare_s", 0))
    alone = f"batch 1, no padding, {b.options.threads} threads"
    b.case(f"reader fp32, batch {BATCH}: pages", "1/s", median(batched, rate), alone, median(single, rate))
    if library:
        b.case(f"reader fp32, batch {BATCH}: pages (against transformers)", "1/s", median(batched, rate),
               f"transformers, batch {BATCH}, sdpa", median(library, rate))
        b.case("load", "s", median(batched, lambda run: run["load_s"]), "transformers",
               median(library, lambda run: run["load_s"]))
    else:
        b.case("load", "s", median(batched, lambda run: run["load_s"]))
    b.case("reader bf16, batch 16: pages", "1/s", median(bf16, rate), "fp32, batch 16", median(batched, rate))
    b.case("generated tokens", "1/s", median(batched, lambda run: run["new_tokens"] / run["seconds"]), alone,
           median(single, lambda run: run["new_tokens"] / run["seconds"]))
    for part in "prepare", "vision", "prefill", "decode":
        per_page = lambda run: 1000 * run[part + "_s"] / run["pages"]
        b.case(f"{part} of a page", "ms", median(batched, per_page), alone, median(single, per_page))
    b.case("memory at most", "MiB", median(batched, lambda run: run["peak_bytes"] / 2**20))
    if any(run["texts"] != batched[0]["texts"] for run in batched):
        raise SystemExit("the same pages gave different texts")
    return None if library else "transformers not measured: no Python with it was named (--transformers)"


def full_cases(b, engine):
    """Random weights never end a text, so every page runs to its limit."""
    limit = 64 if b.options.quick else 256
    for batch in (16,) if b.options.quick else (16, 64, 128):
        run = engine(max(1, batch // len(engine.pages)), weights="random:full", max_batch_pages=batch,
                     max_new_tokens=limit, no_repeat_ngram=None, loop_detection=False)
        b.case(f"full size, batch {batch}, {limit} tokens: pages", "1/s", run["pages"] / run["seconds"])
        b.case(f"full size, batch {batch}: decode", "tokens/s", run["new_tokens"] / max(run["decode_s"], 1e-9))
        b.case(f"full size, batch {batch}: prefill", "tokens/s", run["prompt_tokens"] / max(run["prefill_s"], 1e-9))
        b.case(f"full size, batch {batch}: vision", "views/s", run["views"] / max(run["vision_s"], 1e-9))
        b.case(f"full size, batch {batch}: load", "s", run["load_s"])


def main():
    b = bench.Benchmark("engine", __doc__, add_options)
    if not (bench.BIN / "bench_engine_pages").is_file():
        b.finish(note="not measured: this pecia was built without LibTorch, so it has no engine deepseek_ocr2")
        return
    with tarfile.open(DATA / "pixels.tar.xz") as archive:
        archive.extractall(b.folder)
    pages = sorted((b.folder / "reader").glob("*.ppm"))
    note = reader_cases(b, Engine(b.options, pages), pages)
    full = b.options.full if b.options.full is not None else b.options.device == "cuda"
    if full:
        full_cases(b, Engine(b.options, sorted((b.folder / "golden").glob("page_*.ppm"))))
    b.finish(note=note)


if __name__ == "__main__":
    main()
