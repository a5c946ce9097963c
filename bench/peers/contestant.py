"""The process of one contestant in Python: the same lines as harness/contestant.mjs. Arguments: module, settings as JSON, folder."""
import importlib
import json
import os
import sys
import time

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def peak_memory():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1000
    return None


module, settings, folder = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
contestant = importlib.import_module(module).make(settings, folder)
answer({"ready": True, "facts": contestant.get("facts", {})})
for line in sys.stdin:
    word = line.strip()
    if word == "check":
        answer({"values": contestant["check"]() if "check" in contestant else None})
    elif word == "step":
        cpu, start = time.process_time(), time.perf_counter()
        contestant["step"]()
        wall = time.perf_counter() - start
        answer({"wall": 1000 * wall, "cpu": 1000 * (time.process_time() - cpu)})
    else:
        answer({"peak": peak_memory()})
        break
