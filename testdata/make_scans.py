"""Makes the files of scans/: baseline JPEG pictures of several scans, and each again in one scan.

The coefficients of both are the same: jpegtran copies them. `cjpeg` and `jpegtran` are those of
libjpeg-turbo.

    pip install -r requirements.txt
    python3 make_scans.py
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "scans"
FOLDER.mkdir(exist_ok=True)
ROWS, COLUMNS = 37, 45

rng = np.random.default_rng(3)
y, x = np.mgrid[:ROWS, :COLUMNS]
colours = np.stack([x * 5, y * 6, (x + y) * 3], -1) + rng.integers(0, 30, (ROWS, COLUMNS, 3))
picture = b"P6 %d %d 255\n" % (COLUMNS, ROWS) + colours.clip(0, 255).astype(np.uint8).tobytes()

for name, sampling, scans, more in [
    ("444", "1x1", "0;1;2;", []),
    ("420", "2x2", "0;1;2;", []),
    ("440", "1x2", "0;1,2;", []),
    ("411", "4x1", "0,1;2;", []),
    ("backwards", "2x2", "2;1;0;", []),
    ("restarts", "2x1", "0;1;2;", ["-restart", "3B"]),
]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "scans"
        script.write_text(scans)
        command = ["cjpeg", "-quality", "60", "-sample", sampling, *more, "-scans", script]
        several = subprocess.run(command, input=picture, capture_output=True, check=True).stdout
    one = subprocess.run(["jpegtran"], input=several, capture_output=True, check=True).stdout
    (FOLDER / f"{name}.jpg").write_bytes(several)
    (FOLDER / f"{name}-one.jpg").write_bytes(one)
