#!/usr/bin/env python3
"""Builds programs, and says where they are: a path a line, in the order of their names.

    scripts/built.py [OPTIONS of cargo build]

Only cargo knows: its configuration and environment (CARGO_TARGET_DIR, CARGO_BUILD_TARGET) decide that, and what lies where one would
guess may be left from an earlier build.
"""

import json
import os
import subprocess
import sys


def built(*options):
    """The programs that these options build, by name."""
    command = ["cargo", "build", "--locked", "--message-format=json-render-diagnostics", *options]
    cargo = subprocess.run(command, stdout=subprocess.PIPE)
    if cargo.returncode:
        sys.exit(cargo.returncode)
    said = [json.loads(line) for line in cargo.stdout.splitlines() if line.startswith(b"{")]
    return {os.path.basename(each["executable"]): each["executable"] for each in said if each.get("executable")}


if __name__ == "__main__":
    if "--help" in sys.argv:
        sys.exit(print(__doc__.strip()))
    programs = built(*sys.argv[1:])
    print("\n".join(programs[name] for name in sorted(programs)))
