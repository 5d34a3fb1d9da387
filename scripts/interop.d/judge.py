"""Sums up the verdicts of a kosoku report folder, and fails if a case failed or most were not run."""

import collections
import glob
import json
import sys

cases = [json.load(open(name)) for name in glob.glob(sys.argv[1] + "/*_case_*.json")]
print(dict(collections.Counter(case["behavior"] for case in cases)))
for case in cases:
    if case["behavior"] != "OK" or case["behaviorClose"] not in ("OK", "INFORMATIONAL"):
        print(" ", case["id"], case["behavior"], case["behaviorClose"], case.get("result", ""))
bad = [case for case in cases if "FAILED" in (case["behavior"], case["behaviorClose"])]
sys.exit(1 if bad or len(cases) < 300 else 0)
