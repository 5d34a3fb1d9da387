"""Measures quirky.py with each of its habits, and compares how that ended with what is right: exit status, counts, words.

    habits.py LOADGEN [HABIT..]

A line a habit. No latencies: beside each other on a busy machine they would say nothing.
"""

import concurrent.futures
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SHORT = "--clients 20 --repeats 1 --settle 200ms --warm-up 500ms --measure 1s --drain 3s".split()

# Habits of the server; options of loadgen; the exit status; what must be said.
HABITS = [
    ("", "", 0, ""),
    ("chunked-health", "", 0, ""),
    ("http10-health", "", 0, ""),
    ("keep-health", "", 0, ""),
    ("chunked-poll", "", 0, ""),
    ("http10-poll", "", 0, ""),
    ("no-length", "", 0, ""),
    ("close", "", 0, ""),
    ("close-after:7", "", 0, ""),
    ("idle:0.4", "--signal-rate 1", 0, ""),
    ("json-spaces", "", 0, ""),
    ("json-order", "", 0, ""),
    ("json-extra", "", 0, ""),
    ("crlf", "", 0, ""),
    ("binary", "", 0, ""),
    ("fragment", "", 0, ""),
    ("ping", "", 0, ""),
    ("deflate", "--transports websocket", 1, "its frames are compressed (RFC 7692)"),
    ("origin", "", 1, "403: Request origin not allowed: nil"),
    ("origin", "--origin http://example.org", 0, ""),
    ("host:example.org", "", 2, "421"),
    ("host:localhost", "", 0, ""),
    ("auth", "", 2, "who are you?"),
    ("auth", "--token S3CRET", 0, ""),
    ("subprotocol", "", 1, "400: no subprotocol offered"),
    ("subprotocol", "--subprotocol pushbench.v1", 0, ""),
    ("cookie", "", 1, "401: Session ID unknown"),
    ("cookie", "--cookie sticky=node1", 0, ""),
    ("refuse:10", "", 1, "503: full, come back later"),
    # They came again, and it is told.
    ("every:5", "", 0, "503: busy, come back later"),
    ("redirect", "", 1, "/real/"),
    ("headers:40", "", 0, ""),
    ("headers:1000", "", 2, "message head is too large"),
    ("slow:0.5", "", 0, ""),
    ("pid:1", "", 0, ""),
]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def measured(program, habit):
    """How a run ended, its runs, and what was said."""
    quirks, options, *_ = habit
    port, host = free_port(), "localhost" if "localhost" in quirks else "127.0.0.1"
    command = [sys.executable, HERE / "quirky.py", "--port", str(port)]
    server = subprocess.Popen(
        command + [word for quirk in quirks.split() for word in ("--quirk", quirk)], stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if server.poll() is not None:
                    raise
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "results")
            run = subprocess.run(
                [program, "run", "--server", f"http://{host}:{port}", "--out", out, *SHORT, *options.split()],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, env={**os.environ, "NO_COLOR": "1"})
            lines = (out / "runs.jsonl").read_text().splitlines() if (out / "runs.jsonl").exists() else []
            return run.returncode, [json.loads(line) for line in lines], run.stdout
    finally:
        server.terminate()
        server.wait()


def judged(program, habit):
    quirks, options, right, words = habit
    status, runs, said = measured(program, habit)
    wrong = []
    # 3 is let pass where nothing was lost: the machine may have had something else to do.
    lost = sum(run["counts"]["missed"] for run in runs)
    if status != right and not (right == 0 and status == 3 and lost == 0):
        wrong.append(f"exit status {status} instead of {right}")
    # An error that is right is told.
    errors = not words and any(run["counts"]["errors"] for run in runs)
    if right == 0 and (lost or errors or any(run["counts"]["duplicated"] for run in runs)):
        wrong.append("; ".join(json.dumps(run["counts"]) for run in runs))
    # Lines may be wrapped.
    if words not in " ".join(said.split()):
        wrong.append(f"«{words}» was not said")
    return f"{'WRONG' if wrong else 'ok':<6} {quirks or '(none)':<18} {options:<30} {'; '.join(wrong)}", said if wrong else ""


def main():
    program, *names = sys.argv[1:]
    habits = [habit for habit in HABITS if not names or habit[0] in names]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda habit: judged(program, habit), habits))
    for line, said in verdicts:
        print(line.rstrip())
        if said:
            print("    " + said.strip().replace("\n", "\n    "))
    sys.exit(any(said for _, said in verdicts))


if __name__ == "__main__":
    main()
