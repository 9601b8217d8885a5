#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Medians of what tests/bench/guest has measured: a table on standard output, and a JSON file.

Each directory named on the command line is one boot; its name says how the CPUs idled. Ratios are formed inside one boot.
"""
import argparse
import collections
import json
import pathlib
import statistics

# name, statistic, what it is; in the order of the table
FIGURES = [
    ("fault", "p50", "a fault that the kernel repairs itself (guard page)"),
    ("trap_write", "p50", "bare trap, write: link down, nothing queued"),
    ("trap_read", "p50", "bare trap, read: link down, nobody asked"),
    ("posted_write", "p50", "posted write, taken and thrown away by the process"),
    ("read_atomic", "p50", "read, interrupts off, process on the other CPU"),
    ("read_atomic", "p99", "  99 %"),
    ("read_sleeping", "p50", "read that may sleep, process watching on the other CPU"),
    ("read_sleeping", "p99", "  99 %"),
    ("read_sleeping_card_waits", "p50", "  process in pciem_wait()"),
    ("read_sleeping_card_waits", "p99", "  99 %"),
    ("read_sleeping_one_cpu", "p50", "  process on the same CPU"),
    ("read_sleeping_one_cpu", "p99", "  99 %"),
    ("read_kthread_one_cpu", "p50", "    from a kernel thread"),
    ("read_kthread_one_cpu", "p99", "  99 %"),
    ("interrupt", "p50", "interrupt: process's call to driver's handler"),
    ("interrupt", "p99", "  99 %"),
    ("doorbell_to_handler", "p50", "doorbell to the handler of its interrupt"),
    ("doorbell_to_thread", "p50", "doorbell to the thread that waits for it"),
    *[(f"dma_{way}_device_{size}_{part}", "p50", f"DMA {size} {text} device: {what}")
      for size in ("4k", "1024k")
      for way, text in (("to", "to"), ("from", "from"))
      for part, what in (("map", "map"), ("card", "process's own copy"), ("unmap", "unmap"))],
    ("pingpong_memory", "p50", "round trip: two threads, shared memory, two CPUs"),
    ("pingpong_eventfd", "p50", "round trip: eventfd, two CPUs"),
    ("pingpong_eventfd_one_cpu", "p50", "round trip: eventfd, one CPU"),
    ("pingpong_eventfd_one_cpu_processes", "p50", "  two address spaces"),
    ("pingpong_completion_one_cpu", "p50", "round trip: completion, kernel threads, one CPU"),
]

DEVICES = {
    "nvme_null": "nvme of pciem-qemu, null-co://",
    "nvme_tmpfs": "nvme of pciem-qemu, file on tmpfs",
    "null_blk": "null_blk",
    "loop": "loop, file on tmpfs",
    "ublk": "ublk, null target",
}
JOBS = {
    "read_depth_1": "read/s depth 1",
    "read_depth_32": "read/s depth 32",
    "write_sequential": "write MB/s",
}

NETWORKS = {
    "e1000": "two e1000 of pciem-qemu",
    "e1000_sandbox": "two e1000 of the sandbox's own",
    "veth": "veth",
}
NETWORK_COLUMNS = ["TCP Mbit/s", "ping us"]

# What is asked of nvme_null; the second figure is the aim.
FLOORS = {"read_depth_1": (10000, 12000), "read_depth_32": (25000, 35000), "write_sequential": (700, 1000)}
# What ublk gave on the machine on which those were set: other machines are faster or slower, by the hour some of them.
FLOORS_UBLK = {"read_depth_1": 20900, "read_depth_32": 52800, "write_sequential": 2600}


def read_figures(directory):
    samples = collections.defaultdict(list)
    for line in (directory / "figures").read_text().splitlines():
        _, name, statistic, value = line.split()
        samples[f"{name}.{statistic}"].append(int(value))
    return {name: {"median": statistics.median(values), "runs": values} for name, values in samples.items()}


def read_fio(directory):
    devices = {}
    for name in DEVICES:
        jobs = collections.defaultdict(lambda: collections.defaultdict(list))
        for path in sorted(directory.glob(f"fio-{name}-*.json")):
            text = path.read_text()
            for job in json.loads(text[text.index("{"):])["jobs"]:
                way = job["write" if job["jobname"].startswith("write") else "read"]
                figure = way["bw_bytes"] / 1e6 if job["jobname"].startswith("write") else way["iops"]
                jobs[job["jobname"]]["runs"].append(round(figure))
                latency = way["clat_ns"].get("percentile", {})
                jobs[job["jobname"]]["latency_p50_ns"].append(latency.get("50.000000"))
                jobs[job["jobname"]]["latency_p99_ns"].append(latency.get("99.000000"))
                if job["error"]:
                    jobs[job["jobname"]]["errors"].append(job["error"])
        devices[name] = {job: {"median": statistics.median(data["runs"]), **data} for job, data in jobs.items()}
    return devices


def read_networks(directory):
    networks = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in sorted(directory.glob("network-*")):
        for line in path.read_text().splitlines():
            name, *values = line.split()
            for column, value in zip(NETWORK_COLUMNS, values):
                networks[name][column].append(float(value))
    return {name: {column: {"median": statistics.median(runs), "runs": runs} for column, runs in columns.items()}
            for name, columns in networks.items()}


def read_boot(directory):
    others, seconds, processors = map(int, (directory / "others").read_text().split())
    return {
        "kernel": (directory / "kernel").read_text().strip(),
        "clocksource": (directory / "clocksource").read_text().strip(),
        "seconds": seconds,
        "other_processes": round(others / seconds, 2) if seconds else 0,
        "processors": processors,
        "nanoseconds": read_figures(directory),
        "fio": read_fio(directory),
        "network": read_networks(directory),
        "idle": {name: int(value) for name, value in
                 (line.split() for line in (directory / "idle").read_text().splitlines())},
    }


def judge(boot):
    """What the ratios have to be, and are."""
    ns = {name: data["median"] for name, data in boot["nanoseconds"].items()}
    verdicts = []

    def ratio(text, value, base, limit):
        if value in ns and all(name in ns for name in base):
            quotient = ns[value] / sum(ns[name] for name in base)
            verdicts.append({"what": text, "value": round(quotient, 2), "at_most": limit, "pass": quotient <= limit})

    ratio("posted write / bare trap", "posted_write.p50", ["trap_write.p50"], 1.5)
    ratio("atomic read / (bare trap + shared memory round trip)", "read_atomic.p50",
          ["trap_read.p50", "pingpong_memory.p50"], 3)
    ratio("read from a kernel thread, process on the same CPU / completion round trip", "read_kthread_one_cpu.p50",
          ["pingpong_completion_one_cpu.p50"], 2)
    ratio("read from another process on the same CPU / eventfd round trip of two address spaces",
          "read_sleeping_one_cpu.p50", ["pingpong_eventfd_one_cpu_processes.p50"], 2)
    for job, (floor, aim) in FLOORS.items():
        if job in boot["fio"]["nvme_null"]:
            value = boot["fio"]["nvme_null"][job]["median"]
            verdicts.append({"what": f"nvme on null-co://, {JOBS[job]}", "value": value, "at_least": floor, "aim": aim,
                             "pass": value >= floor})
            ublk = boot["fio"]["ublk"].get(job, {}).get("median")
            if ublk:
                least = round(floor / FLOORS_UBLK[job], 2)
                verdicts.append({"what": "  as a part of ublk", "value": round(value / ublk, 2), "at_least": least,
                                 "aim": round(aim / FLOORS_UBLK[job], 2), "pass": value / ublk >= least})
    for text, name in (("idle pciem-qemu, ns of CPU time in {seconds} s", "process_ns"),
                       ("idle bridge, transactions, interrupts, work items", "traced")):
        value = boot["idle"][name]
        verdicts.append({"what": text.format(**boot["idle"]), "value": value, "at_most": 0, "pass": value == 0})
    return verdicts


def number(value):
    return "-" if value is None else f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"


def print_report(boots):
    names = list(boots)
    first = next(iter(boots.values()))
    titles = {"poll": "idle=poll", "default": "default idle"}

    def row(text, cells):
        print(f"  {text:58}" + "".join(f"{cell:>14}" for cell in cells))

    print(f"Linux {first['kernel']}, clock source {first['clocksource']}, {first['processors']} CPUs of the machine")
    for name, boot in boots.items():
        if boot["other_processes"] > 0.1:
            print(f"warning: {titles.get(name, name)}: the machine's other processes used {boot['other_processes']} CPUs"
                  " meanwhile; these figures are too slow")
    print()
    row("nanoseconds, median", [titles.get(name, name) for name in names])
    for name, statistic, text in FIGURES:
        values = [boot["nanoseconds"].get(f"{name}.{statistic}", {}).get("median") for boot in boots.values()]
        if any(value is not None for value in values):
            row(text, [number(value) for value in values])
    for name, boot in boots.items():
        print()
        row(f"fio, {titles.get(name, name)}", JOBS.values())
        for device, text in DEVICES.items():
            if boot["fio"][device]:
                row(text, [number(boot["fio"][device][job]["median"]) for job in JOBS])
        print()
        row(f"network, {titles.get(name, name)}", NETWORK_COLUMNS)
        for network, text in NETWORKS.items():
            row(text, [number(boot["network"][network][column]["median"]) for column in NETWORK_COLUMNS])
    # What is asked holds for a boot in which waking a CPU costs nothing.
    print()
    for verdict in first["verdicts"]:
        if "at_most" in verdict:
            asked = f"at most {number(verdict['at_most'])}"
        else:
            asked = f"at least {number(verdict['at_least'])}, aim {number(verdict['aim'])}"
        print(f"  {'pass ' if verdict['pass'] else 'SHORT'} {verdict['what']:54}{number(verdict['value']):>12}   {asked}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("boot", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()

    boots = {directory.name: read_boot(directory) for directory in arguments.boot}
    for boot in boots.values():
        boot["verdicts"] = judge(boot)
    arguments.output.write_text(json.dumps(boots, indent=1) + "\n")
    print_report(boots)
    print(f"\n  all of it: {arguments.output}")


if __name__ == "__main__":
    main()
