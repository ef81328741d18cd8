"""Asks the Prometheus of a soak what it saw, and prints it: run by scripts/soak.

usage: report.py LBCTL LAB MINUTES SERVICES REPOSITORY      (LAB: the process that holds it)
"""
import datetime
import json
import os
import platform
import subprocess
import sys
import time
import urllib.parse

lbctl, lab, minutes, services, repository = sys.argv[1:6]
seconds = float(minutes) * 60
quarter = max(10, round(seconds / 4))
now = time.time()
# Job, and the most it may use: idle with its first addresses, and at the end.
daemons = (("herald-speaker", 40), ("herald-controller", 45))


def get(path, **parameters):
    url = f"http://127.0.0.1:9090{path}?{urllib.parse.urlencode(parameters)}"
    command = [lbctl, "lab", "exec", "--lab", lab, "gateway", "--", "curl", "-s", "-m", "10", url]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    if answer["status"] != "success":
        sys.exit(f"Prometheus refuses {url}: {answer.get('error')}")
    return answer["data"]


def value(text):
    result = get("/api/v1/query", query=text, time=now)["result"]
    return float(result[0]["value"][1]) if result else float("nan")


def series(text, points=12):
    """The figures of a query at equal distances: minute and value."""
    step = seconds / points
    data = get("/api/v1/query_range", query=text, start=now - seconds + step, end=now, step=f"{step:.3f}")["result"]
    return [(minute(float(when)), float(seen)) for when, seen in data[0]["values"]] if data else []


def minute(when):
    return (when - now + seconds) / 60


def own(job):
    """What no file has: the largest of the job's processes, in MB."""
    program = "lb-" + job.removeprefix("herald-")
    script = f"for p in $(pgrep -x {program}); do cat /proc/$p/status; done"
    command = [lbctl, "lab", "exec", "--lab", lab, "gateway", "--", "sh", "-c", script]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return max(int(line.split()[1]) for line in text.splitlines() if line.startswith("RssAnon:")) * 1024 / 1e6


def rss(job):
    return f'process_resident_memory_bytes{{job="{job}"}}'


rows, goals, curves = [], [], {}
for job, limit in daemons:
    first = value(f"max(avg_over_time({rss(job)}[{quarter}s] offset {3 * quarter}s))") / 1e6
    last = value(f"max(avg_over_time({rss(job)}[{quarter}s]))") / 1e6
    peak = value(f"max(max_over_time({rss(job)}[{4 * quarter}s]))") / 1e6
    cpu = value(f'max(rate(process_cpu_seconds_total{{job="{job}"}}[{4 * quarter}s]))') * 100
    files = value(f'max(process_open_fds{{job="{job}"}})')
    growth = (last / first - 1) * 100
    rows.append(f"| {job} | {first:.1f} | {last:.1f} | {growth:+.1f} | {peak:.1f} | {own(job):.1f} | {cpu:.2f} | {files:.0f} |")
    goals.append((f"resident memory of {job} at the end", f"{last:.1f} MB", f"at most {limit} MB", last <= limit))
    goals.append((f"growth of {job} from the first to the last quarter", f"{growth:+.1f} %", "at most 5 %", growth <= 5))
    window = max(15, round(seconds / 12))
    curves[job] = (series(f"max(avg_over_time({rss(job)}[{window}s]))"),
                   series(f'max(rate(process_cpu_seconds_total{{job="{job}"}}[{window}s]))'))

with open(f"{repository}/manifests/monitoring/dashboard.json", encoding="utf-8") as file:
    panels = json.load(file)["panels"]
queries = [t["expr"].replace("$__rate_interval", "1m") for p in panels for t in p.get("targets", [])]
silent = [text for text in queries if not get("/api/v1/query", query=text)["result"]]
goals.append(("queries of the dashboard without data", "; ".join(silent) or "none", f"none of {len(queries)}", not silent))
firing = sorted({a["labels"]["alertname"] for a in get("/api/v1/alerts")["alerts"] if a["state"] == "firing"})
goals.append(("alerts that fire at the end", ", ".join(firing) or "none", "none", not firing))

machine = f"{os.cpu_count()}-core {platform.machine()}, kernel {platform.release().split('-')[0]}"
lines = [f"{machine}, {datetime.date.today()}: {minutes} minutes of the lab (4 nodes), {services} Services, about two changes",
         "a second; sampled every 5 s. Of each daemon the largest of its processes is shown. Memory is resident. *Own* is what is not in",
         "a file, at the end; the rest are pages of the program and its libraries, without those that only the start needed.", "",
         "| daemon | first quarter, MB | last quarter, MB | growth, % | peak, MB | own, MB | CPU, % of a core | open files |",
         "|---|---|---|---|---|---|---|---|", *rows, "",
         "| minute | " + " | ".join(f"{job[7:]}, MB | {job[7:]}, CPU %" for job in curves) + " |",
         "|---" * (1 + 2 * len(curves)) + "|"]
for index, (when, _) in enumerate(curves[daemons[0][0]][0]):
    cells = []
    for memory, cpu in curves.values():
        cells.append(f"{memory[index][1] / 1e6:.1f}" if index < len(memory) else "")
        cells.append(f"{cpu[index][1] * 100:.2f}" if index < len(cpu) else "")
    lines.append(f"| {when:.1f} | {' | '.join(cells)} |")
lines += ["", "MetalLB on a machine of the same kind: speaker 60 MB idle, 90 MB with 1,001 addresses; controller 56 / 75 MB.", ""]
lines += [f"    goal {name}: {seen} ({goal}) {'met' if ok else 'missed'}" for name, seen, goal, ok in goals]
print("\n".join(lines))
sys.exit(0 if all(ok for *_, ok in goals) else 1)
