"""The networks of the paper against its Tables 5 to 9, and their parameters and FLOPs against counts by hand.

A convolution of k x k from i to o channels has k k i o weights; those of BigGAN's blocks down and of the text-filter
GAN have o biases, except in skips. d is the width of one of the six parts of h.
"""

import pathlib

import layer_tables as tool
import pytest

from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def network():
    """Stages of the encoder and of the decoder of one of the tool's networks."""
    return lambda title: tool.both(tool.config(**tool.NETWORKS[title]))


def square(side, channels):
    return side, side, channels


def known(stages):
    return [(stage.output, stage.parameters) for stage in stages]


# A block down from i to o: 9 i o + o, 9 o o + o, skip i o. Attention over c channels: theta and phi c (c / 8) each, g
# and the way back c (c / 2) each, the gain.
DOWN_64 = [
    (square(32, 64), 1_728 + 64 + 36_864 + 64 + 192),  # 3 -> 64
    (square(32, 64), 512 + 512 + 2_048 + 2_048 + 1),
    (square(16, 128), 73_728 + 128 + 147_456 + 128 + 8_192),
    (square(8, 256), 294_912 + 256 + 589_824 + 256 + 32_768),
    (square(4, 512), 1_179_648 + 512 + 2_359_296 + 512 + 131_072),
    (square(2, 1024), 4_718_592 + 1_024 + 9_437_184 + 1_024 + 524_288),
]
# The heads read 32*32*64, 16*16*128, 8*8*256, 4*4*512 and twice 2*2*1024 values.
READ_64 = 65_536 + 32_768 + 16_384 + 8_192 + 4_096 + 4_096


@pytest.mark.slow
@pytest.mark.exhaustive
def test_table_5(network):
    encoder, _ = network("Tables 5 and 6: Sprites and SM-MNIST, C")
    assert known(encoder) == [*DOWN_64, ((150,), 25 * READ_64 + 150)]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_table_6(network):
    """A block up from i to o: norms (d + 1) 2 i and (d + 1) 2 o, convolutions 9 i o and 9 o o, skip i o; d = 25."""
    _, decoder = network("Tables 5 and 6: Sprites and SM-MNIST, C")
    assert known(decoder) == [
        ((8192,), 25 * 8_192 + 8_192),  # 2x2x2048
        (square(4, 1024), 106_496 + 53_248 + 18_874_368 + 9_437_184 + 2_097_152),
        (square(8, 512), 53_248 + 26_624 + 4_718_592 + 2_359_296 + 524_288),
        (square(16, 256), 26_624 + 13_312 + 1_179_648 + 589_824 + 131_072),
        (square(32, 128), 13_312 + 6_656 + 294_912 + 147_456 + 32_768),
        (square(32, 128), 2_048 + 2_048 + 8_192 + 8_192 + 1),
        (square(64, 64), 6_656 + 3_328 + 73_728 + 36_864 + 8_192),
        (square(64, 64), 64 + 64),
        (square(64, 3), 9 * 64 * 3 + 3),
    ]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_table_7(network):
    encoder, _ = network("Tables 7 and 8: MUG, C")
    assert known(encoder) == [*DOWN_64, ((180,), 30 * READ_64 + 180)]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_table_8(network):
    """As Table 6 with 3 channels for 2; d = 30."""
    _, decoder = network("Tables 7 and 8: MUG, C")
    assert known(decoder) == [
        ((12288,), 30 * 12_288 + 12_288),  # 2x2x3072
        (square(4, 1536), 190_464 + 95_232 + 42_467_328 + 21_233_664 + 4_718_592),
        (square(8, 768), 95_232 + 47_616 + 10_616_832 + 5_308_416 + 1_179_648),
        (square(16, 384), 47_616 + 23_808 + 2_654_208 + 1_327_104 + 294_912),
        (square(32, 192), 23_808 + 11_904 + 663_552 + 331_776 + 73_728),
        (square(32, 192), 4_608 + 4_608 + 18_432 + 18_432 + 1),
        (square(64, 96), 11_904 + 5_952 + 165_888 + 82_944 + 18_432),
        (square(64, 96), 96 + 96),
        (square(64, 3), 9 * 96 * 3 + 3),
    ]


def test_table_9_biggan(network):
    """Half the channels of Tables 5 and 6 throughout; d = 25."""
    encoder, decoder = network("Table 9: Moving-Shape, BigGAN")
    assert known(encoder) == [
        (square(32, 32), 864 + 32 + 9_216 + 32 + 96),
        (square(32, 32), 128 + 128 + 512 + 512 + 1),
        (square(16, 64), 18_432 + 64 + 36_864 + 64 + 2_048),
        (square(8, 128), 73_728 + 128 + 147_456 + 128 + 8_192),
        (square(4, 256), 294_912 + 256 + 589_824 + 256 + 32_768),
        (square(2, 512), 1_179_648 + 512 + 2_359_296 + 512 + 131_072),
        ((150,), 25 * READ_64 // 2 + 150),
    ]
    assert known(decoder) == [
        ((4096,), 25 * 4_096 + 4_096),
        (square(4, 512), 53_248 + 26_624 + 4_718_592 + 2_359_296 + 524_288),
        (square(8, 256), 26_624 + 13_312 + 1_179_648 + 589_824 + 131_072),
        (square(16, 128), 13_312 + 6_656 + 294_912 + 147_456 + 32_768),
        (square(32, 64), 6_656 + 3_328 + 73_728 + 36_864 + 8_192),
        (square(32, 64), 512 + 512 + 2_048 + 2_048 + 1),
        (square(64, 32), 3_328 + 1_664 + 18_432 + 9_216 + 2_048),
        (square(64, 32), 32 + 32),
        (square(64, 3), 9 * 32 * 3 + 3),
    ]


def test_table_9_text_filter(network):
    """A block from i to o: 9 i o + o, skip i o."""
    encoder, decoder = network("Table 9: Moving-Shape, TFGAN")
    assert known(encoder) == [
        (square(64, 32), 864 + 32),
        (square(32, 64), 18_432 + 64 + 2_048),
        (square(16, 128), 73_728 + 128 + 8_192),
        (square(8, 128), 147_456 + 128 + 16_384),
        (square(4, 128), 147_456 + 128 + 16_384),
        (square(2, 256), 294_912 + 256 + 32_768),
        (square(2, 256), 589_824 + 256 + 65_536),
        ((150,), 1_024 * 150 + 150),
    ]
    assert known(decoder) == [
        ((1024,), 150 * 1_024 + 1_024),  # 2x2x256
        (square(4, 128), 294_912 + 128 + 32_768),
        (square(8, 128), 147_456 + 128 + 16_384),
        (square(16, 128), 147_456 + 128 + 16_384),
        (square(32, 64), 73_728 + 64 + 8_192),
        (square(64, 32), 18_432 + 32 + 2_048),
        (square(64, 3), 9 * 32 * 3 + 3),
    ]


def with_norms(*stages):
    """After each layer (output, parameters), which has no bias, gain and shift of each of its channels."""
    return [row for output, parameters in stages for row in ((output, parameters), (output, 2 * output[-1]))]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_ds_vae256(network):
    """Convolutions 25 * 256 * 256 but for those of colours; 8*8*256 = 16384."""
    encoder, decoder = network("S of Li and Mandt (2018)")
    assert known(encoder) == [
        *with_norms((square(64, 256), 19_200), (square(32, 256), 1_638_400), (square(16, 256), 1_638_400),
                    (square(8, 256), 1_638_400), ((4096,), 16_384 * 4_096), ((2048,), 4_096 * 2_048)),
        ((150,), 2_048 * 150 + 150),
    ]
    assert known(decoder) == [
        *with_norms(((4096,), 150 * 4_096), ((16384,), 4_096 * 16_384), (square(16, 256), 1_638_400),
                    (square(32, 256), 1_638_400), (square(64, 256), 1_638_400)),
        (square(64, 3), 19_200 + 3),
    ]


def test_dcgan(network):
    """Convolutions 16 i o."""
    encoder, decoder = network("S of later systems")
    assert known(encoder) == [
        *with_norms((square(32, 64), 3_072), (square(16, 128), 131_072), (square(8, 256), 524_288),
                    (square(4, 512), 2_097_152)),
        ((150,), 8_192 * 150 + 150),
    ]
    assert known(decoder) == [
        ((8192,), 150 * 8_192), (square(4, 512), 1_024),
        *with_norms((square(8, 256), 2_097_152), (square(16, 128), 524_288), (square(32, 64), 131_072)),
        (square(64, 3), 3_072 + 3),
    ]


def test_biggan_at_32x32(network):
    """One block less on either side, five parts: of 60, d = 12."""
    encoder, decoder = network("C at 32x32")
    assert known(encoder) == [
        (square(16, 16), 432 + 16 + 2_304 + 16 + 48),
        (square(16, 16), 32 + 32 + 128 + 128 + 1),
        (square(8, 32), 4_608 + 32 + 9_216 + 32 + 512),
        (square(4, 64), 18_432 + 64 + 36_864 + 64 + 2_048),
        (square(2, 128), 73_728 + 128 + 147_456 + 128 + 8_192),
        ((60,), 12 * (4_096 + 2_048 + 1_024 + 512 + 512) + 60),
    ]
    assert [stage.output for stage in decoder] == [
        (1024,), square(4, 128), square(8, 64), square(16, 32), square(16, 32), square(32, 16), square(32, 16),
        square(32, 3)]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_flops(network):
    """Products, each with its addition, of Table 5's first two stages, its ladder, and a text-filter block."""
    encoder, _ = network("Tables 5 and 6: Sprites and SM-MNIST, C")
    # 64x64 sums of 27 and of 576 products for each of 64 channels; the skip 32x32 sums of 3.
    assert encoder[0].flops == 2 * 64 * (64 * 64 * (27 + 576) + 32 * 32 * 3)
    # theta, phi, g and back at 1024 places; scores and mixtures of 1024 places by 256.
    assert encoder[1].flops == 2 * 1024 * (64 * 8 + 64 * 8 + 64 * 32 + 32 * 64 + 256 * 8 + 256 * 32)
    assert encoder[-1].flops == 2 * 25 * READ_64
    encoder, _ = network("Table 9: Moving-Shape, TFGAN")
    # 32 -> 64 at 64x64 by 3x3, and the skip at 32x32.
    assert encoder[1].flops == 2 * 64 * 32 * (64 * 64 * 9 + 32 * 32)


def test_the_command_prints_one_network(capsys):
    assert tool.main(["layer_tables", "--size=32", "--channels=4", "--dataset=sm_mnist"]) == 0
    lines = capsys.readouterr().out.splitlines()
    # 4x4x16 = 256 values to 150 features.
    assert lines[0] == "| encoder: 32×32×1 | output | parameters | MFLOPs |"
    assert f"| Dense | 150 | {256 * 150 + 150:,} | 0.1 |" in lines
    # 64 + 8, 512 + 16, 2048 + 32 and the Dense; convolutions 16*16*64, 8*8*512 and 4*4*2048 products.
    assert f"| all |  | {72 + 528 + 2080 + 38_550:,} | {2 * (16_384 + 32_768 + 32_768 + 38_400) / 1e6:.1f} |" in lines


def test_the_command_refuses_what_training_refuses():
    with pytest.raises(InputError, match="--feature_size=128: --backbone=biggan splits it into 6 even parts"):
        tool.main(["layer_tables", "--backbone=biggan", "--feature_size=128"])


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_page_holds_what_the_command_prints(capsys):
    assert tool.main(["layer_tables"]) == 0
    page = (ROOT / "docs" / "layers.md").read_text()
    assert page[page.index("**"):].split("\n") == capsys.readouterr().out.rstrip().split("\n") + [""]
