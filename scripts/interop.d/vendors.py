"""Each driver beside the vendor's own client, at the same server at the same time: both get every update, once, in order.

    vendors.py LOADGEN VENDOR.MJS [RATE MEASURE]     20 3s; with 0.1 120s sessions live by their heartbeats
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

LOADGEN, VENDOR = map(os.path.abspath, sys.argv[1:3])
PEERS = os.path.abspath("peers")
# The vendor's client has the time that passes before updates do to connect.
OPTIONS = "--clients 20 --repeats 1 --settle 2s --warm-up 500ms --drain 5s".split()
RATE, MEASURE = sys.argv[3:] or ("20", "3s")


def tried(what):
    peer, transport = what
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "seqs.json")
        server = f"node {VENDOR} {peer} {transport} {file} {PEERS}/{peer}/server.mjs {{host}} {{port}}"
        options = ["--dialect", peer, "--publish", "feed", "--transports", transport, "--server-command", server]
        options += ["--rate", RATE, "--measure", MEASURE]
        out = os.path.join(folder, "out")
        run = subprocess.run([LOADGEN, "run", *OPTIONS, *options, "--out", out], capture_output=True, text=True)
        try:
            with open(file) as theirs, open(os.path.join(out, "runs.jsonl")) as ours:
                theirs, ours = json.load(theirs), json.loads(ours.readline())
        except (OSError, ValueError) as error:
            return False, f"{peer} {transport}: {error}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
    counts = ours["counts"]
    own = {name: counts[name] for name in ("expected", "delivered", "missed", "duplicated", "reordered")}
    # Gapless from the first; the generator counts those of its measure phase, and holds 20 clients.
    good = theirs == list(range(1, len(theirs) + 1)) and len(theirs) * 20 >= own["delivered"] == own["expected"] > 0
    return good and not own["duplicated"], f"{peer} {transport}: the vendor's client {len(theirs)} updates, ours {own}"


def main():
    what = [(peer, transport) for peer in ("socketio", "sockjs", "faye") for transport in ("websocket", "long-poll")]
    with concurrent.futures.ThreadPoolExecutor(len(what)) as pool:
        done = list(pool.map(tried, what))
    for good, said in done:
        print("ok   " if good else "WRONG", said)
    sys.exit(not all(good for good, _ in done))


main()
