"""`read` and `write`, beside Pillow and NumPy."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

import stridekern


def random_array(shape, dtype=np.uint8):
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 2), (7, 9, 3), (7, 9, 4)])
@pytest.mark.parametrize("layout", ["C", "Fortran", "backwards"])
def test_pngs_are_what_pillow_reads(tmp_path, shape, layout):
    samples = random_array(shape)
    lying = {"C": samples, "Fortran": np.asfortranarray(samples), "backwards": samples[::-1, ::-1]}[layout]
    stridekern.write(tmp_path / "a.png", lying)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), lying)
    picture = stridekern.read(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.samples, lying)
    np.testing.assert_array_equal(np.asarray(picture), lying)
    assert picture.format == "png" and picture.orientation == 1
    assert np.shares_memory(np.asarray(picture), picture.samples)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64, bool, np.float16])
def test_arrays_of_every_type_are_files_of_numpy(tmp_path, dtype):
    samples = (np.arange(20).reshape(4, 5) % 2).astype(dtype)
    stridekern.write(tmp_path / "a.npy", samples)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), samples)
    np.save(tmp_path / "b.npy", samples)
    read = stridekern.read(tmp_path / "b.npy").samples
    assert read.dtype == samples.dtype
    np.testing.assert_array_equal(read, samples)


def test_metadata_go_with_a_picture(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "a description"
    exif[0x0112] = 6
    Image.fromarray(random_array((8, 10, 3))).save(tmp_path / "a.jpg", exif=exif, quality=95)
    picture = stridekern.read(tmp_path / "a.jpg")
    assert picture.orientation == 6 and picture.metadata.exif
    blurred = stridekern.filter(picture.samples, "box3", border="edge", axes=(0, 1))
    stridekern.write(tmp_path / "b.jpg", blurred, like=picture)
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.getexif()[0x010E] == "a description"
        assert image.getexif()[0x0112] == 6
    with pytest.warns(stridekern.FileWarning):
        stridekern.write(tmp_path / "b.ppm", blurred, like=picture)


def test_what_is_not_read_is_told(tmp_path):
    pages = [Image.fromarray(random_array((5, 6)) // (n + 1)) for n in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.warns(stridekern.FileWarning, match="several pictures: only the first was read"):
        stridekern.read(tmp_path / "a.tif")


def test_a_picture_is_written_with_its_metadata(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(random_array((8, 10, 3))).save(tmp_path / "a.png", exif=exif)
    picture = stridekern.read(tmp_path / "a.png")
    assert repr(picture) == "<Picture of 8 x 10 x 3 uint8, png>"
    stridekern.write(tmp_path / "b.png", picture)
    assert stridekern.read(tmp_path / "b.png").orientation == 6


def test_options_without_a_meaning_are_refused(tmp_path):
    for name, options, text in [
        ("a.png", {"quality": 90}, "quality has no meaning in a file of the format png"),
        ("a.webp", {"quality": 90}, "quality has no meaning"),
        ("a.png", {"sampling": "4:4:4"}, "sampling has no meaning"),
        ("a.jpg", {"compression": "best"}, "compression has no meaning"),
    ]:
        with pytest.raises(ValueError, match=text):
            stridekern.write(tmp_path / name, np.zeros((2, 2), np.uint8), **options)
    with pytest.warns(stridekern.FileWarning, match="a picture of 30 x 5 pixels with 40 channels"):
        stridekern.write(tmp_path / "a.tif", np.zeros((5, 30, 40), np.int16))


def test_pages_are_read_one_after_another(tmp_path):
    arrays = [random_array((5, 6)) // 3, random_array((4, 7, 3)), random_array((9, 2)) // 2]
    pages = [Image.fromarray(array) for array in arrays]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = list(stridekern.pages(tmp_path / "a.tif"))
        assert [page.samples.tolist() for page in read] == [array.tolist() for array in arrays]
        for number, array in enumerate(arrays):
            np.testing.assert_array_equal(stridekern.read(tmp_path / "a.tif", page=number).samples, array)
        stridekern.write(tmp_path / "one.png", arrays[0])
        assert [page.samples.tolist() for page in stridekern.pages(tmp_path / "one.png")] == [arrays[0].tolist()]
    with pytest.raises(ValueError, match="a.tif: .*page 4"):
        stridekern.read(tmp_path / "a.tif", page=3)
    with pytest.raises(ValueError, match="page must be at least 0, not -1"):
        stridekern.read(tmp_path / "a.tif", page=-1)
    with pytest.raises(FileNotFoundError, match="missing.tif"):
        stridekern.pages(tmp_path / "missing.tif")


def test_frames_are_the_canvas_as_it_is_shown():
    frames = list(stridekern.pages("../testdata/frames/disposal.gif"))
    with Image.open("../testdata/frames/disposal.gif") as animation:
        assert len(frames) == animation.n_frames
    for number, frame in enumerate(frames, 1):
        np.testing.assert_array_equal(frame.samples, np.load(f"../testdata/frames/disposal-{number}.npy"))


# Pillow has pixels of several channels of 8 bits only, and reads every WebP as colours.
@pytest.mark.parametrize(
    "name, shape, dtype",
    [
        *[("a.tif", (7, 9), dtype) for dtype in (np.uint8, np.uint16, np.float32)],
        *[(name, shape, np.uint8) for name in ("a.tif", "a.webp") for shape in [(7, 9, 3), (7, 9, 4)]],
    ],
)
def test_what_is_written_is_what_pillow_reads(tmp_path, name, shape, dtype):
    samples = random_array(shape).astype(dtype) * (257 if dtype == np.uint16 else 1)
    stridekern.write(tmp_path / name, samples)
    np.testing.assert_array_equal(stridekern.read(tmp_path / name).samples, samples)
    with Image.open(tmp_path / name) as image:
        np.testing.assert_array_equal(np.asarray(image), samples)


def test_files_are_not_replaced_unless_asked(tmp_path):
    path = tmp_path / "a.png"
    stridekern.write(path, np.zeros((2, 2), np.uint8))
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="a.png: the file exists already: overwrite=True replaces it"):
        stridekern.write(path, np.ones((2, 2), np.uint8))
    assert path.read_bytes() == before
    stridekern.write(path, np.ones((2, 2), np.uint8), overwrite=True)
    assert path.read_bytes() != before


def test_errors_name_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing.png"):
        stridekern.read(tmp_path / "missing.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with pytest.raises(ValueError, match="broken.png: "):
        stridekern.read(tmp_path / "broken.png")
    for arguments, options, message in [
        (("a.png", np.zeros((2, 2))), {}, "a.png: "),
        (("a.xyz", np.zeros((2, 2), np.uint8)), {}, "the name tells no format"),
        (("a.png", np.zeros(2, np.uint8)), {}, "two dimensions, or three"),
        (("a.jpg", np.zeros((2, 2), np.uint8)), {"quality": 101}, "quality must be 1 to 100"),
        (("a.jpg", np.zeros((2, 2), np.uint8)), {"sampling": "4:1:9"}, "sampling=\"4:1:9\" is none of"),
        (("a.png", np.zeros((2, 2), np.uint8)), {"compression": "more"}, "compression=\"more\" is none of"),
        (("a.png", np.zeros((2, 2), np.uint8)), {"format": "more"}, "more"),
    ]:
        with pytest.raises(ValueError, match=message):
            stridekern.write(tmp_path / arguments[0], *arguments[1:], **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.png"]


def test_options_of_encoders(tmp_path):
    samples = random_array((64, 64, 3))
    sizes = []
    for quality in (30, 95):
        stridekern.write(tmp_path / f"{quality}.jpg", samples, quality=quality, sampling="4:2:0")
        with Image.open(tmp_path / f"{quality}.jpg") as image:
            assert image.layer[0][1:3] == (2, 2)
        sizes.append((tmp_path / f"{quality}.jpg").stat().st_size)
    assert sizes[0] < sizes[1]
    stridekern.write(tmp_path / "named", samples, format="png")
    assert stridekern.read(tmp_path / "named").format == "png"


def test_pictures_of_other_packages_are_filtered_in_place():
    image = Image.fromarray(random_array((20, 30)))
    wanted = stridekern.filter(np.asarray(image), "gaussian3", border="edge")
    np.testing.assert_array_equal(stridekern.filter(image, "gaussian3", border="edge"), wanted)
    data = memoryview(np.asarray(image).tobytes()).cast("B", (20, 30))
    np.testing.assert_array_equal(stridekern.filter(data, "gaussian3", border="edge"), wanted)
    lent = np.from_dlpack(np.asarray(image).copy())
    np.testing.assert_array_equal(stridekern.filter(lent, "gaussian3", border="edge"), wanted)

    class Tensor:
        """What offers its memory by DLPack alone."""

        def __dlpack__(self, **options):
            return lent.__dlpack__(**options)

        def __dlpack_device__(self):
            return lent.__dlpack_device__()

    np.testing.assert_array_equal(stridekern.filter(Tensor(), "gaussian3", border="edge"), wanted)


def test_nothing_is_told_of_a_plain_picture(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(random_array((5, 5))).save(buffer, "png")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = stridekern.read(tmp_path / "a.png")
        stridekern.write(tmp_path / "b.png", picture.samples, like=picture)
