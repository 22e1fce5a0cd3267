import numpy as np
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.data.datasets import sm_mnist
from rwae_tf.errors import InputError


def scalar_path(draws):
    """The rule of the bounces for one digit, number by number. draws: [1 + T, 4] in [0, 1)."""
    def between(low, high, draw):
        return range(low, high + 1)[int(draw * (high - low + 1))]

    x, y = between(0, 31, draws[0][0]), between(0, 31, draws[0][1])
    dx, dy = between(-4, 4, draws[0][2]), between(-4, 4, draws[0][3])
    path = []
    for a, b, c, d in draws[1:]:
        if y < 0:
            y, dy, dx = 0, between(1, 4, a), between(-4, 4, b)
        elif y >= 32:
            y, dy, dx = 31, between(-4, -1, a), between(-4, 4, b)
        if x < 0:
            x, dx, dy = 0, between(1, 4, c), between(-4, 4, d)
        elif x >= 32:
            x, dx, dy = 31, between(-4, -1, c), between(-4, 4, d)
        path.append((x, y))
        x, y = x + dx, y + dy
    return path


def at(value, low, high):
    """A draw that gives `value` on low..high."""
    return (value - low + 0.5) / (high - low + 1)


def test_trajectories_follow_the_rule_step_by_step():
    draws = np.random.default_rng(1).random((101, 40, 2, 4))
    path = sm_mnist.trajectory(draws)
    assert path.shape == (100, 40, 2, 2)
    for clip in range(40):
        for digit in range(2):
            assert path[:, clip, digit].tolist() == [list(p) for p in scalar_path(draws[:, clip, digit].tolist())]
    assert path.min() == 0 and path.max() == 31


def test_bounces_in_constructed_corners():
    none = [0.5] * 4  # draws that no wall uses
    first = [at(30, 0, 31), at(1, 0, 31), at(4, -4, 4), at(-3, -4, 4)]  # at (30, 1) with (4, -3)
    both = [at(2, 1, 4), at(3, -4, 4), at(-1, -4, -1), at(-4, -4, 4)]
    up = [at(1, 1, 4), at(0, -4, 4), 0.5, 0.5]
    # t=0: (30, 1). t=1 comes to (34, -2): y = 0 with dy = 2 and dx = 3; then x = 31 with dx = -1 and, the
    # x wall having the last word, dy = -4. t=2: (30, -4) is y = 0 again, with dy = 1 and dx = 0.
    # t=3: (30, 1), t=4: (30, 2).
    path = sm_mnist.trajectory(np.array([first, none, both, up, none, none]))
    assert path.tolist() == [[30, 1], [31, 0], [30, 0], [30, 1], [30, 2]]


@pytest.mark.parametrize("position, inside", [(-4, 0), (-1, 0), (0, 0), (31, 31), (32, 31), (35, 31)])
def test_only_beyond_the_wall_is_a_bounce(position, inside):
    found, speed, across = (int(v) for v in sm_mnist.bounce(np.array(position), 0, 7, 0.0, 0.0))
    assert found == inside
    hit = position != inside
    low = 1 if position < 0 else -4  # the least of 1..4 or of -4..-1
    assert (speed, across) == ((low, -4) if hit else (0, 7))


def test_draws_reach_every_integer_alike():
    # 9 equal parts of [0, 1) make -4..4; a draw of 0 gives the least, one just below 1 the greatest.
    grid = (np.arange(900) + 0.5) / 900
    values, counts = np.unique(sm_mnist._integer(grid, -4, 4), return_counts=True)
    assert values.tolist() == list(range(-4, 5)) and set(counts) == {100}
    assert sm_mnist._integer(np.array([0.0, np.nextafter(1, 0)]), -4, 4).tolist() == [-4, 4]


def test_resize_is_bilinear_with_half_pixel_centres():
    digit = np.random.default_rng(2).integers(0, 256, (28, 28), dtype=np.uint8)
    expected = np.zeros((32, 32))
    for i in range(32):
        for j in range(32):
            y, x = ((k + 0.5) * 28 / 32 - 0.5 for k in (i, j))
            for row in (int(np.floor(y)), int(np.floor(y)) + 1):
                for column in (int(np.floor(x)), int(np.floor(x)) + 1):
                    weight = (1 - abs(y - row)) * (1 - abs(x - column))
                    expected[i, j] += weight * digit[min(max(row, 0), 27), min(max(column, 0), 27)]
    found = sm_mnist.resize(digit)
    np.testing.assert_array_equal(found, np.floor(expected + 0.5))
    # Pillow's own, which rounds after each of its two passes, is at most one grey level away.
    pillow = np.asarray(Image.fromarray(digit).resize((32, 32), Image.BILINEAR), int)
    assert np.abs(found - pillow).max() <= 1


def test_frames_show_the_digit_along_its_path(mnist_dir):
    clips = data.load("sm_mnist", "train", str(mnist_dir), seed=3)
    assert clips.spec.length == 8 and clips.spec.frame_shape == (64, 64, 1)
    images = np.load(mnist_dir / "mnist.npz")["x_train"]
    frames = clips.frames(np.arange(20), epoch=1)
    for b in range(20):
        digit = sm_mnist.resize(images[b])
        draws = np.random.default_rng([3, 0, 1, b]).random((9, 1, 4))
        for t, (x, y) in enumerate(scalar_path(draws[:, 0].tolist())):
            expected = np.zeros((64, 64), np.uint8)
            expected[y:y + 32, x:x + 32] = digit
            np.testing.assert_array_equal(frames[b, t, ..., 0], expected)


def test_several_digits_are_composited_by_maximum(mnist_dir):
    clips = data.load("sm_mnist", "test", str(mnist_dir), seed=3, num_digits=3)
    with np.load(mnist_dir / "mnist.npz") as file:
        images, classes = file["x_test"], file["y_test"]
    labels = clips.labels(np.arange(12))
    assert list(labels) == ["digit", "digit_2", "digit_3"]
    np.testing.assert_array_equal(labels["digit"], classes)
    for label in labels.values():  # each role takes every digit once
        np.testing.assert_array_equal(np.sort(label), np.sort(classes))
    frames = clips.frames(np.array([4]))[0, :, :, :, 0]
    draws = np.random.default_rng([3, 1, 0, 4]).random((11, 3, 4))
    expected = np.zeros((10, 64, 64), np.uint8)
    for k, member in enumerate(clips._members[4]):
        assert classes[member] == list(labels.values())[k][4]
        for t, (x, y) in enumerate(scalar_path(draws[:, k].tolist())):
            window = expected[t, y:y + 32, x:x + 32]
            window[:] = np.maximum(window, sm_mnist.resize(images[member]))
    np.testing.assert_array_equal(frames, expected)


def test_trajectories_are_fresh_in_training_and_prolonged_by_length(mnist_dir):
    folder, index = str(mnist_dir), np.arange(8)
    train = data.load("sm_mnist", "train", folder)
    assert (train.frames(index, 0) != train.frames(index, 1)).any((1, 2, 3, 4)).all()
    other = data.load("sm_mnist", "train", folder, seed=1)
    assert (train.frames(index, 0) != other.frames(index, 0)).any((1, 2, 3, 4)).all()
    test, long = data.load("sm_mnist", "test", folder), data.load("sm_mnist", "test", folder, length=100)
    assert test.spec.length == 10
    np.testing.assert_array_equal(long.frames(index)[:, :10], test.frames(index))


def shown(clips, folder):
    """Numbers of the training digits that clips show, a set for every role."""
    with np.load(folder / "mnist.npz") as file:
        images = file["x_train"]
    return [{int(np.flatnonzero((images == clips._images[member]).all((1, 2)))[0]) for member in role}
            for role in clips._members.T]


@pytest.mark.parametrize("num_digits", [1, 3])
def test_validation_shares_no_digit_image_with_training(mnist_dir, num_digits):
    train, validation = (data.load("sm_mnist", split, str(mnist_dir), validation_fraction=0.25, num_digits=num_digits)
                         for split in ("train", "validation"))
    kept, held = shown(train, mnist_dir), shown(validation, mnist_dir)
    assert len(train) == 15 and len(validation) == 5 and validation.spec.length == 10
    for role in range(num_digits):  # each role takes every digit of the split
        assert kept[role] == kept[0] and held[role] == held[0]
    assert len(held[0]) == 5 and not kept[0] & held[0] and kept[0] | held[0] == set(range(20))


def test_validation_clips_show_the_held_out_digits_along_paths_of_their_own(mnist_dir):
    clips = data.load("sm_mnist", "validation", str(mnist_dir), seed=3, validation_fraction=0.1)
    with np.load(mnist_dir / "mnist.npz") as file:
        images, classes = file["x_train"], file["y_train"]
    (held,) = shown(clips, mnist_dir)
    np.testing.assert_array_equal(clips.labels(np.arange(2))["digit"], classes[sorted(held)])
    for b, number in enumerate(sorted(held)):
        draws = np.random.default_rng([3, 2, 0, b]).random((11, 1, 4))
        for t, (x, y) in enumerate(scalar_path(draws[:, 0].tolist())):
            expected = np.zeros((64, 64), np.uint8)
            expected[y:y + 32, x:x + 32] = sm_mnist.resize(images[number])
            np.testing.assert_array_equal(clips.frames(np.array([b]), epoch=4)[0, t, ..., 0], expected)


def arrays(**changed):
    digits, classes = np.zeros((3, 28, 28), np.uint8), np.arange(3, dtype=np.uint8)
    return {"x_train": digits, "y_train": classes, "x_test": digits, "y_test": classes, **changed}


@pytest.mark.parametrize("changed, words", [
    ({"x_train": None}, ["x_train", "x_test", "y_test"]),
    ({"y_train": None}, ["y_train"]),
    ({"x_train": np.full((3, 28, 28), np.nan)}, ["x_train", "uint8", "float64"]),
    ({"x_train": np.zeros((3, 784), np.uint8)}, ["x_train", "[3, 784]"]),
    ({"x_train": np.zeros((0, 28, 28), np.uint8)}, ["x_train", "[0, 28, 28]"]),
    ({"y_train": np.arange(4)}, ["y_train", "[3]", "[4]"]),
    ({"y_train": np.array([0.0, np.nan, 1.0])}, ["y_train", "float64"]),
    ({"y_train": np.array([0, 1, 10])}, ["y_train", "0 to 9", "10"]),
    ({"x_train": np.array([{}], object)}, ["not a readable npz"]),
])
def test_an_unfit_npz_is_refused_in_one_line(tmp_path, changed, words):
    np.savez(tmp_path / "mnist.npz", **{k: v for k, v in arrays(**changed).items() if v is not None})
    with pytest.raises(InputError) as caught:
        data.load("sm_mnist", "train", str(tmp_path))
    for word in [str(tmp_path / "mnist.npz"), *words]:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_or_broken_npz_is_refused_in_one_line(tmp_path):
    with pytest.raises(InputError, match=r"mnist\.npz: no such file.*https://.*x_train") as caught:
        data.load("sm_mnist", data_dir=str(tmp_path))
    assert "\n" not in str(caught.value)
    np.savez(tmp_path / "whole.npz", **arrays())
    whole = (tmp_path / "whole.npz").read_bytes()
    np.save(tmp_path / "array.npy", np.zeros(3))
    for content in (b"", b"no zip at all", whole[:-40], whole[:900] + b"?" * 60 + whole[960:],
                    (tmp_path / "array.npy").read_bytes()):
        (tmp_path / "mnist.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"mnist\.npz: not a readable npz") as caught:
            data.load("sm_mnist", data_dir=str(tmp_path))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("num_digits", [0, 11, 1.5])
def test_num_digits_out_of_range(mnist_dir, num_digits):
    with pytest.raises(InputError, match=f"num_digits={num_digits}"):
        data.load("sm_mnist", data_dir=str(mnist_dir), num_digits=num_digits)


def test_the_real_test_digits_come_once_each(shared_data):
    if not (shared_data / "mnist" / "mnist.npz").is_file():
        pytest.skip(f"{shared_data}/mnist/mnist.npz is missing")
    clips = data.load("sm_mnist", "test", str(shared_data / "mnist"))
    assert len(clips) == 10000
    assert len(data.load("sm_mnist", "train", str(shared_data / "mnist"))) == 60000
    # MNIST's published counts of the test classes.
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    np.testing.assert_array_equal(np.bincount(clips.labels(np.arange(10000))["digit"]), counts)
