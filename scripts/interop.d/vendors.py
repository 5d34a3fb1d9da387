"""Each driver beside the vendor's own client, at the same server at the same time: both get every update, once, in order.

    vendors.py LOADGEN VENDOR.MJS [RATE MEASURE]     20 3s; with 0.1 120s sessions live by their heartbeats
"""

import concurrent.futures
import itertools
import json
import os
import subprocess
import sys
import tempfile

LOADGEN, VENDOR = map(os.path.abspath, sys.argv[1:3])
PEERS = os.path.abspath("peers")
PYTHON = f"{PEERS}/python-socketio/venv/bin/python"
NODE_CLIENT = f"node {VENDOR} "
PYTHON_CLIENT = f"{PYTHON} {os.path.abspath('scripts/interop.d/vendor.py')}"
# Whose client, which dialect, at whose server.
PAIRS = [(NODE_CLIENT + peer, peer, f"node {PEERS}/{peer}/server.mjs") for peer in ("socketio", "sockjs", "faye")]
PAIRS += [
    (PYTHON_CLIENT, "socketio", f"node {PEERS}/socketio/server.mjs"),
    (PYTHON_CLIENT, "socketio", f"{PYTHON} {PEERS}/python-socketio/server.py"),
    (NODE_CLIENT + "socketio", "socketio", f"{PYTHON} {PEERS}/python-socketio/server.py"),
]
# The vendor's client has the time that passes before updates do to connect. A Python that was just installed takes its time to start.
OPTIONS = "--clients 20 --repeats 1 --connect-grace 60s --settle 2s --warm-up 500ms --drain 5s".split()
# Each is three or four processes.
AT_ONCE = 4
RATE, MEASURE = sys.argv[3:] or ("20", "3s")


def tried(what):
    (client, dialect, server), transport = what
    name = f"{os.path.basename(client.split()[1])} at {os.path.relpath(server.split()[1], PEERS)} by {transport}"
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "seqs.json")
        server = f"{client} {transport} {file} {server} {{host}} {{port}}"
        options = ["--dialect", dialect, "--publish", "feed", "--transports", transport, "--server-command", server]
        options += ["--rate", RATE, "--measure", MEASURE]
        out = os.path.join(folder, "out")
        run = subprocess.run([LOADGEN, "run", *OPTIONS, *options, "--out", out], capture_output=True, text=True)
        try:
            with open(file) as theirs, open(os.path.join(out, "runs.jsonl")) as ours:
                theirs, ours = json.load(theirs), json.loads(ours.readline())
        except (OSError, ValueError) as error:
            return False, f"{name}: {error}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
    counts = ours["counts"]
    own = {name: counts[name] for name in ("expected", "delivered", "missed", "duplicated", "reordered")}
    # Gapless from the first; the generator counts those of its measure phase, and holds 20 clients.
    good = theirs == list(range(1, len(theirs) + 1)) and len(theirs) * 20 >= own["delivered"] == own["expected"] > 0
    if good and not own["duplicated"]:
        return True, f"{name}: the vendor's client {len(theirs)} updates, ours {own}"
    return False, f"{name}: the vendor's client {theirs}, ours {own}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"


def main():
    what = list(itertools.product(PAIRS, ("websocket", "long-poll")))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(tried, what))
    for good, said in done:
        print("ok   " if good else "WRONG", said)
    sys.exit(not all(good for good, _ in done))


main()
