#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The way of one request at depth 1, from a kernel trace on standard input: microseconds between its stations, median."""
import re
import statistics
import sys

LINE = re.compile(r"\s*(\S.*)-(\d+)\s+\[(\d+)\]\s+\S+\s+([\d.]+): (\w+): (.*)")

STAGES = [
    ("issue", "doorbell", "driver: block request to doorbell (DMA map, submission queue, trap)"),
    ("doorbell", "serve", "process wakes up (0: it was watching)"),
    ("serve", "msi", "process: device model, DMA, completion, to its interrupt call"),
    ("msi", "deliver", "interrupt on its way to a CPU"),
    ("deliver", "complete", "handler: completion queue, doorbell, DMA unmap"),
    ("complete", "woken", "fio is made runnable, gets its CPU"),
    ("woken", "issue", "fio and block layer: to the next request"),
]


def main():
    durations = {stage: [] for stage in STAGES}
    where, same_cpu, server_cpu = {}, [], None
    for line in sys.stdin:
        match = LINE.match(line)
        if not match:
            continue
        _, _, cpu, time, event, text = match.groups()
        now = float(time) * 1e6

        def reach(station, now=now):
            for stage in STAGES:
                if stage[1] == station and stage[0] in where:
                    durations[stage].append(now - where[stage[0]])
            where[station] = now

        if event == "sched_switch":
            if "next_comm=pciem-qemu" in text:
                server_cpu = cpu
                if "doorbell" in where and "serve" not in where:
                    reach("serve")
            elif "prev_comm=pciem-qemu" in text and "prev_state=R" not in text:
                server_cpu = None
            elif "next_comm=fio" in text and "complete" in where and "woken" not in where:
                reach("woken")
        elif event == "block_rq_issue":
            if "complete" in where:
                if "woken" not in where:
                    where["woken"] = where["complete"]
                reach("issue")
            where = {"issue": now}
        # The completion queue's doorbell comes from the handler; the first one after a request is the submission's.
        elif event == "pciem_issue" and "issue" in where and "doorbell" not in where:
            reach("doorbell")
            if server_cpu is not None and server_cpu != cpu:
                reach("serve")
            same_cpu.append(server_cpu == cpu)
        elif event == "pciem_msi" and "serve" in where and "msi" not in where:
            reach("msi")
        elif event == "pciem_deliver" and "msi" in where and "deliver" not in where:
            reach("deliver")
        elif event == "block_rq_complete" and "deliver" in where and "complete" not in where:
            reach("complete")
    for stage in STAGES:
        values = durations[stage]
        print(f"{statistics.median(values) if values else float('nan'):10.1f}  {stage[2]}  ({len(values)})")
    total = sum(statistics.median(values) for values in durations.values() if values)
    print(f"{total:10.1f}  all of it, tracing included")


if __name__ == "__main__":
    main()
