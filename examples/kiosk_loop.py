"""A row of JSON for every new scan in a folder: python examples/kiosk_loop.py FOLDER [SECONDS]

A file is read once it has not changed for SECONDS (2), so that one still being written is not taken for
whole; one that changes later is read again. Hidden files are left alone. For research use only.
"""

import json
import sys
import time
from contextlib import suppress
from pathlib import Path

from edgect import Classifier

folder, quiet = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
classifier = Classifier()  # loads the model once
seen: dict[Path, tuple[object, float]] = {}  # a file's number, size and time of change, and since when
answered: dict[Path, object] = {}  # what they were when it was read

while folder.is_dir():
    for path in sorted(path for path in folder.rglob("*") if not path.name.startswith(".")):
        with suppress(OSError):  # somebody took it away, or it is a link to nothing
            found = path.stat()
            state = (found.st_ino, found.st_size, found.st_mtime_ns)
            if seen.setdefault(path, (state, time.monotonic()))[0] != state:
                seen[path] = (state, time.monotonic())  # this clock: the one of who wrote it may be wrong
            ready = path.is_file() and time.monotonic() - seen[path][1] >= quiet
            if ready and answered.get(path) != state:
                answered[path] = state
                for prediction in classifier.classify_file(str(path)):
                    print(json.dumps(prediction.row()), flush=True)
    time.sleep(quiet / 4)
sys.exit(f"{folder}: there is no such folder, or no longer")
