"""The client's files: what it reads and what it refuses before it asks."""

import importlib.util
import io

import client_files
import numpy as np
import pytest
from PIL import Image
from served import refused

GRPC = importlib.util.find_spec("tensorflow_serving")


def test_client_refuses_wrong_files_before_it_asks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("codes.npy", np.zeros((2, 6)))
    np.savez("names.npz", z_c=np.zeros((2, 6)), motion=np.zeros((2, 4, 3)))
    np.savez("uneven.npz", z_c=np.zeros((2, 6)), z_m=np.zeros((3, 4, 3)))
    np.save("two.npy", np.zeros((2, 1, 16, 16, 1)))
    np.save("one.npy", np.zeros((1, 1, 16, 16, 1)))
    np.save("none.npy", np.zeros((0, 1, 16, 16, 1)))
    (tmp_path / "text.npy").write_text("text")
    for arguments, words in [
            (["decode", "codes.npy", "a.npy"], "codes.npy: holds one array; expected an .npz of z_c, z_m"),
            (["decode", "names.npz", "a.npy"], "names.npz: holds z_c, motion; expected"),
            (["decode", "uneven.npz", "a.npy"], "uneven.npz: z_c has 2, z_m has 3 clips; give as many of each"),
            (["encode", "names.npz", "a.npz"], "names.npz: an .npz, expected a .npy of clips"),
            (["encode", "text.npy", "a.npz"], "text.npy: not a .npy or .npz that can be read"),
            (["encode", "none.npy", "a.npz"], "none.npy: clips have shape (0, 1, 16, 16, 1)"),
            (["swap", "two.npy", "one.npy", "a.gif"], "two.npy has 2 clips and one.npy has 1; give as many of each"),
            (["generate", "a.avi"], "a.avi: the output must end in .npy or .gif or .mp4 or .wav"),
            (["encode", "two.npy", "a.npy"], "a.npy: the output must end in .npz"),
            (["generate", "absent/a.gif"], "absent/a.gif: no such folder"),
            (["generate", "a.gif", "--retries=0", "--grpc=localhost:9"], "localhost:9: no connection" if GRPC else
                "tensorflow_serving is not installed; pip install tensorflow-serving-api"),
            (["generate", "a.gif", "--action", "9", "6"], "--action 9 6: of 6 actions, numbers are from 0 to 5"),
            (["generate", "a.gif", "--action", "-1", "6"], "--action -1 6: of 6 actions"),
            (["swap", "absent.mp4", "two.npy", "a.gif"], "absent.mp4: no such file"),
            (["generate", "a.gif", "--retries=0", "--server=http://localhost:9"], "refused; is the server up")]:
        assert words in refused(capsys, *arguments)


def test_a_folder_of_pictures_is_a_clip_as_the_loader_sees_it(tmp_path):
    from rwae_tf.data.video.decoding import Reader
    from rwae_tf.data.video.discovery import Video

    rng = np.random.default_rng(0)
    shown = rng.integers(0, 256, (11, 64, 64, 3), np.uint8)
    for number, frame in enumerate(shown):
        found = Image.Exif()
        found[0x0112] = 6  # to be turned right by a quarter
        alpha = rng.integers(0, 256, (64, 64), np.uint8)
        picture = Image.fromarray(np.rot90(frame)) if number % 2 else Image.fromarray(np.dstack([frame, alpha]))
        picture.save(tmp_path / f"img_{number}.png", **({"exif": found} if number % 2 else {}))
    (images,) = client_files.load_clips(str(tmp_path))
    files = tuple(str(tmp_path / f"img_{number}.png") for number in range(11))
    loaded = list(Reader(3).frames(Video("v", "frames", files)))
    sent = [np.asarray(Image.open(io.BytesIO(image))) for image in images]
    np.testing.assert_array_equal(sent, loaded)
    np.testing.assert_array_equal(sent[1::2], shown[1::2])


@pytest.mark.parametrize("names, says", [
    ((), "holds no pictures"), (("a_1.png", "b_1.png"), "of several kinds"), (("1.png", "wide_2.png"), "several kinds"),
    (("1.png", "2.png"), "of several sizes"), (("1.jpg",), "not a picture that can be read")])
def test_folders_that_are_no_clip(tmp_path, names, says):
    for number, name in enumerate(names):
        Image.new("RGB", (8 + number, 8)).save(tmp_path / name, "PNG") if len(names) > 1 else (
            tmp_path / name).write_bytes(b"text")
    with pytest.raises(ValueError, match=says):
        client_files.load_clips(str(tmp_path))
