import make_faces as tool
import numpy as np
import pytest
from PIL import Image

from rwae_tf.data import pictures
from rwae_tf.data.prepare.mug import discovery
from rwae_tf.data.synthetic.cartoon_faces import face, mouth, recording
from rwae_tf.errors import InputError

SQUARE = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])


def test_polygons_are_drawn_to_scale_with_smooth_edges():
    found = pictures.draw([(SQUARE, (200, 100, 40))], 16)
    expected = np.zeros((16, 16, 3), np.uint8)
    expected[4:12, 4:12] = 200, 100, 40
    # Pillow draws the outline, too: a quarter of a pixel more at the most.
    np.testing.assert_array_equal(found[5:11, 5:11], expected[5:11, 5:11])
    assert abs(found.astype(float).mean((0, 1)) - expected.mean((0, 1))).max() < 0.15 * 200 / 4
    disc = face.ellipse(0.5, 0.5, 0.4, 0.4)
    red = pictures.draw([(disc, (255, 0, 0))], 64)[..., 0] / 255
    assert abs(red.mean() - np.pi * 0.4**2) < 0.02 and ((red > 0) & (red < 1)).sum() > 64  # grey levels all around


def test_later_shapes_cover_earlier_ones():
    found = pictures.draw([(SQUARE, (255, 0, 0)), (SQUARE * [0.5, 1], (0, 255, 0))], 16)
    assert found[8, 4].tolist() == [0, 255, 0] and found[8, 8].tolist() == [255, 0, 0]


def test_a_take_is_a_function_of_its_numbers():
    def take(*numbers):
        return recording.take(*numbers, frames=4, size=16)

    one = take(0, 3, "fear", 1)
    assert one.shape == (4, 16, 16, 3) and one.dtype == np.uint8
    np.testing.assert_array_equal(take(0, 3, "fear", 1), one)
    for other in ((1, 3, "fear", 1), (0, 4, "fear", 1), (0, 3, "anger", 1), (0, 3, "fear", 0)):
        assert not np.array_equal(take(*other), one)


def test_people_differ():
    people = [recording.person(0, number) for number in range(86)]
    assert len({(who.skin, who.hair, who.style) for who in people}) == 64  # as many as there are before they repeat
    assert len(set(people)) == 86
    assert {who.style for who in people} == set(face.HAIR_STYLES)
    assert recording.person(0, 5) == people[5] != recording.person(1, 5)


@pytest.mark.parametrize("expression", recording.EXPRESSIONS)
def test_expressions_grow_from_neutral_to_their_height(expression):
    rng = np.random.default_rng(0)
    poses = recording.poses(expression, 40, rng)
    features = ("brow_inner", "brow_outer", "corners", "lower_lip", "wrinkle")
    height = recording.HEIGHTS[expression]
    away = [sum(abs(getattr(pose, name) - getattr(face.Pose(), name)) for name in features) for pose in poses]
    apex = sum(abs(getattr(height, name) - getattr(face.Pose(), name)) for name in features)
    assert away[0] == 0 and 0.79 * apex < away[-1] < 1.06 * apex and (np.diff(away) >= -1e-12).all()


def test_every_mouth_stays_in_the_face():
    for number in range(16):
        who = recording.person(0, number)
        for pose in recording.HEIGHTS.values():
            upper, lower = mouth.mouth_lines(who, pose)
            assert (lower[:, 1] - upper[:, 1] > -1e-9).all() or pose.upper_lip < 0
            chin = 0.5 + who.height + 0.6 * pose.lower_lip
            assert lower[:, 1].max() < chin and np.abs(upper[:, 0] - 0.5 - pose.turn).max() < 0.8 * who.width


def test_the_tool_writes_mugs_layout(tmp_path, capsys):
    flags = ["--subjects=2", "--takes=1", "--frames=3", "--size=16"]
    for folder in ("a", "b"):
        tool.main(["make_faces.py", f"--out_dir={tmp_path / folder}", *flags])
    assert "12 takes of 3 frames, of 2 people" in capsys.readouterr().out
    folders = tmp_path / "a", tmp_path / "b"
    files = [sorted(path.relative_to(folder) for path in folder.rglob("*.*")) for folder in folders]
    assert files[0] == files[1] and len(files[0]) == 2 * 6 * 3 + 1
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files[0])
    takes, skipped = discovery.find(str(tmp_path / "a"), stride=1, length=3)
    assert len(takes) == 12 and not skipped
    with Image.open(tmp_path / "a" / "subjects3" / "002" / "sadness" / "take000" / "img_0002.jpg") as image:
        assert image.size == (16, 16)
        drawn = recording.take(0, 1, "sadness", 0, 3, 16)[2]
        assert abs(np.asarray(image).astype(float) - drawn).mean() < 4  # as near as a JPEG of quality 95 is
    with pytest.raises(InputError, match="--out_dir is missing"):
        tool.main(["make_faces.py"])
