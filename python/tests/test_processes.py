"""Forks, signals, pickles and free threads: each in a process of its own, with a time limit."""

import pickle
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import stridekern


def run(program, timeout=60):
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_filters_on():
    told = run("""
        import multiprocessing, os, numpy, stridekern
        image = numpy.random.default_rng(1).uniform(size=(1500, 1500)).astype(numpy.float32)
        blur = stridekern.Filter("gaussian:sigma=3", border="edge", threads=2)
        wanted = blur(image)
        def same(seed):
            return bool((blur(image) == wanted).all())
        child = os.fork()
        if child == 0:
            os._exit(0 if same(0) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with multiprocessing.get_context("fork").Pool(3) as pool:
            assert all(pool.map(same, range(6)))
        # And again in the process that was forked.
        print(same(1))
    """)
    assert told == "True\n"


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_a_long_call(threads):
    program = f"""
        import numpy, stridekern, time
        image = numpy.zeros((4000, 4000))
        weights = numpy.random.default_rng(1).uniform(size=(61, 61))
        long = stridekern.Filter(weights, border="edge", threads={threads}, axes=(0, 1))
        images = numpy.zeros((4000, 4000, 8))
        print("ready", flush=True)
        began = time.perf_counter()
        try:
            long(images)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            # It is used again.
            print(long(numpy.ones((100, 100)))[50, 50] > 0)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    sent = time.perf_counter()
    assert process.stdout.readline() == "interrupted\n", process.stderr.read()
    waited = time.perf_counter() - sent
    assert process.stdout.readline() == "True\n"
    process.wait(10)
    # Rather than the minute that it takes.
    assert waited < 5


def test_filters_are_pickled():
    image = np.random.default_rng(1).integers(0, 255, (20, 30), np.uint8)
    mask = np.zeros((20, 30), bool)
    mask[3, 4] = True
    for made in [
        stridekern.Filter("gaussian3", border="edge", step=(2, 1)),
        stridekern.Filter(np.array([[1, 2.5]]), axes=(0, 1), divisor=3.5),
        stridekern.Filter(column=[1, 2], row=[3, 4], normalize=True),
        stridekern.Filter("box3", mask=mask),
    ]:
        other = pickle.loads(pickle.dumps(made))
        np.testing.assert_array_equal(other(image), made(image))
        assert repr(other) == repr(made)


def test_an_array_that_changes_changes_no_filter():
    weights = np.array([[1.0, 2.0]])
    made = stridekern.Filter(weights)
    image = np.arange(12.0).reshape(3, 4)
    wanted = made(image)
    weights[...] = 0
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made))(image), wanted)
    # Neither does `filter` remember the weights by their array.
    before = stridekern.filter(image, weights)
    weights[...] = 1
    assert before.sum() == 0 and stridekern.filter(image, weights).sum() > 0


def test_memory_is_given_back():
    told = run("""
        import numpy, resource, stridekern
        image = numpy.zeros((2000, 2000), numpy.float32)
        small = numpy.zeros((64, 64), numpy.float32)
        blur = stridekern.Filter("gaussian3", border="edge")
        def used():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(20):
            blur(image); blur(small)
        before = used()
        for _ in range(200):
            blur(image)
        for _ in range(20000):
            blur(small)
        print(used() - before)
    """)
    assert int(told) < 40_000
