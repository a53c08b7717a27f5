"""Sums up what benchmarks/gpu.sh left in a folder: gpu.json and gpu.md. Python's standard library alone.

usage: gpu_summary.py OUTDIR cuda|cpu SOURCE_DIR
"""

import json
import os
import pathlib
import platform
import re
import subprocess
import sys

# As ctest prints a test that ended; of one that was killed with ctest there is no such line.
TEST = re.compile(r"^ *\d+/(\d+) Test +#\d+: (\S+) \.*[ *]*(Passed|Skipped|Failed|Timeout|Not Run|Subprocess \w+).*?([\d.]+) sec", re.M)
VERSIONS = ("compiler", "CUDA", "LibTorch", "NCCL")


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def text_of(file):
    return file.read_text(errors="replace") if file.exists() else ""


def cpu_name():
    found = re.search(r"model name\s*: (.+)", text_of(pathlib.Path("/proc/cpuinfo")))
    return found.group(1) if found else platform.processor()


def machine(configuration):
    gpus = output_of("nvidia-smi", "--query-gpu=name,memory.total,driver_version,compute_cap", "--format=csv,noheader")
    found = {name: re.search(f"{name}: (.+)", configuration) for name in VERSIONS}
    return {"gpus": gpus.splitlines(), "cpu": cpu_name(), "cores": os.cpu_count(),
            "versions": {name: match.group(1) for name, match in found.items() if match}}


def tests(log):
    result = {"passed": 0, "failed": 0, "skipped": 0, "not_reached": 0, "failures": [], "seconds": {}}
    ended = TEST.findall(log)
    result["not_reached"] = max((int(all_of_them) for all_of_them, *_ in ended), default=0) - len(ended)
    for _, name, state, seconds in ended:
        result["seconds"][name] = float(seconds)
        if state in ("Passed", "Skipped"):
            result[state.lower()] += 1
        else:
            result["failed"] += 1
            result["failures"].append(f"{name}: {state}")
    return result


def markdown(summary):
    seen, ran = summary["machine"], summary["tests"]
    lines = [f"# The engine on {summary['device']}", "",
             f"{'; '.join(seen['gpus']) or 'no GPU'}; {seen['cpu']}, {seen['cores']} cores; "
             + ", ".join(f"{name} {version}" for name, version in seen["versions"].items())
             + (f"; commit {summary['commit']}" if summary["commit"] else ""), "",
             "| step | seconds | ended |", "|---|---|---|"]
    lines += [f"| {step['name']} | {step['seconds']} | {step['ended']} |" for step in summary["steps"]]
    lines += ["", f"Tests: {ran['passed']} passed, {ran['failed']} failed, {ran['skipped']} skipped, {ran['not_reached']} not reached."]
    lines += [f"- failed: {failure}" for failure in ran["failures"]]
    cases = (summary["benchmark"] or {}).get("cases", [])
    if cases:
        lines += ["", "| benchmark | value | unit | baseline | ratio |", "|---|---|---|---|---|"]
        lines += ["| {} | {} | {} | {} | {} |".format(case.get("name"), case.get("value"), case.get("unit"),
                                                     case.get("baseline") or "", case.get("ratio") or "") for case in cases]
    elif "bench_engine" not in [step["name"] for step in summary["steps"]]:
        lines += ["", "bench_engine was not built or not reached."]
    return "\n".join(lines) + "\n"


def main(out, device, source):
    out = pathlib.Path(out)
    steps = []
    for line in text_of(out / "times.txt").splitlines():
        name, seconds, status = line.split()
        ended = {"0": "well", "124": "time was up", "137": "killed: time was up"}.get(status, f"with status {status}")
        steps.append({"name": name, "seconds": int(seconds), "status": int(status), "ended": ended})
    try:
        benchmark = json.loads(text_of(out / "bench_engine.json") or "null")
    except ValueError:
        benchmark = None  # killed in the middle: the step says so
    summary = {"name": "gpu", "device": device, "commit": output_of("git", "-C", source, "rev-parse", "--short", "HEAD"),
               "machine": machine(text_of(pathlib.Path(source, "build/gpu/src/base/version.cpp"))), "steps": steps, "tests": tests(text_of(out / "tests.log")),
               "benchmark": benchmark}
    (out / "gpu.json").write_text(json.dumps(summary, indent=1) + "\n")
    (out / "gpu.md").write_text(markdown(summary))
    (out / "times.txt").unlink(missing_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
