"""Write kernels by OpenCV's FileStorage, and what cv2.filter2D makes by them.

Usage: python make_opencv_storage.py

opencv4_storage.txt   the input; then for each file its text, and after `--` what filter2D makes of the
opencv5_storage.txt   input in 64-bit floats by each of its matrices, read back, without the four
                      outermost rows and columns

Which of the two is written follows the version: 4.14.0 (opencv-python-headless<5) begins YAML with
%YAML:1.0, 5.0.0 with %YAML 1.2.
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
ROWS, COLUMNS, MARGIN = 12, 13, 4
INPUT = np.array(
    [[(r * 37 + c * c * 11 + r * c * 5) % 251 for c in range(COLUMNS)] for r in range(ROWS)], float)

RANDOM = np.random.default_rng(17)
ALONE = [
    np.array([[0, 1, 2], [3, 255, 5]], np.uint8),
    np.array([[-128, 1], [3, 127], [0, -7]], np.int8),
    np.array([[65535, 2, 3, 4]], np.uint16),
    np.array([[-32768], [9], [32767]], np.int16),
    np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 2147483647]], np.int32),
    (RANDOM.random((5, 5)) - 0.5).astype(np.float32),
    np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32) / 16,
    cv2.getGaussianKernel(7, 1.5),
    RANDOM.random((4, 7)) * 1e-7,
    np.array([[0.1, -1e300 / 1e299], [1 / 3, 2e-9]]),
]


def write(path, fill):
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    fill(storage)
    storage.release()


def several(storage):
    storage.write("made_by", 'a: "b" # c')
    storage.write("count", 3)
    storage.write("ratio", 0.25)
    storage.write("x", np.array([[-1.0, 0, 1]]))
    storage.startWriteStruct("more", cv2.FileNode_MAP)
    storage.write("y", np.array([[-1], [0], [1]], np.int16))
    storage.startWriteStruct("list", cv2.FileNode_SEQ)
    storage.write("", 7)
    storage.write("", np.eye(3, dtype=np.float32))
    storage.endWriteStruct()
    storage.endWriteStruct()
    storage.writeComment("the end", False)


def matrices(node):
    if node.isMap() and not node.getNode("dt").empty():
        yield node.mat()
    elif node.isMap():
        for key in node.keys():
            yield from matrices(node.getNode(key))
    elif node.isSeq():
        for at in range(node.size()):
            yield from matrices(node.at(at))


def main():
    version = cv2.__version__.split(".")[0]
    out = [f"# Made by make_opencv_storage.py with OpenCV {cv2.__version__}.", "== input"]
    out += [" ".join(f"{x:g}" for x in row) for row in INPUT]
    fills = [lambda storage, k=k: storage.write("kernel", k) for k in ALONE] + [several]
    with tempfile.TemporaryDirectory() as folder:
        for fill in fills:
            for ending in ("yml", "json", "xml"):
                path = Path(folder) / f"k.{ending}"
                write(path, fill)
                text = path.read_text()
                assert "\n--\n" not in text and "== " not in text
                out += ["== " + text.rstrip("\n"), "--"]
                storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
                for kernel in matrices(storage.root()):
                    made = cv2.filter2D(INPUT, cv2.CV_64F, kernel.astype(float))
                    made = made[MARGIN:-MARGIN, MARGIN:-MARGIN]
                    out += [" ".join(repr(float(x)) for x in row) for row in made]
    (HERE / f"opencv{version}_storage.txt").write_text("\n".join(out) + "\n")


main()
