"""Bytes of small real pictures, the same for the same arguments, made with the standard library alone: PNG, and JPEG of flat 8x8 blocks.

Every file is padded with a comment to the size asked for, so that a size can be listed before a picture is made.
"""

import random
import struct
import zlib

Mosaic = list[list[tuple[int, int, int]]]  # rows of blocks, three components 0-255 each

BLOCK = 8
# Of the JPEG standard's example table: DC differences by the number of their bits, as (code length, code).
_DC_CODES = [(2, 0b00), (3, 0b010), (3, 0b011), (3, 0b100), (3, 0b101), (3, 0b110), (4, 0b1110), (5, 0b11110), (6, 0b111110)]
_DC_TABLE = bytes([0, 1, 5, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) + bytes(range(9))
_AC_TABLE = bytes([1, *[0] * 15, 0])  # one code, the bit 0: the block ends here


def png(shade: int, width: int, height: int, size: int) -> bytes:
    """`shade` picks the colours. Raises ValueError when `size` is too small for the picture."""
    blocks = _mosaic(shade, width, height)
    lines = [b"\0" + b"".join(bytes(block) * BLOCK for block in row)[: 3 * width] for row in blocks for _ in range(BLOCK)]
    return _png(b"".join(lines[:height]), width, height, size)


def noisy_png(shade: int, width: int, height: int, size: int) -> bytes:
    """A picture nothing makes smaller: three bytes per pixel."""
    noise = random.Random(shade)
    return _png(b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height)), width, height, size)


def jpeg(shade: int, width: int, height: int, size: int) -> bytes:
    """Baseline, three components without subsampling, nothing but DC coefficients. Raises ValueError like `png`."""
    components = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    parts = [
        _segment(0xDB, bytes([0]) + bytes([8] * 64)),
        _segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + components),
        _segment(0xC4, bytes([0x00]) + _DC_TABLE),
        _segment(0xC4, bytes([0x10]) + _AC_TABLE),
        _segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])),
        _scan(_mosaic(shade, width, height)),
        b"\xff\xd9",
    ]
    start = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    comment = size - len(start) - sum(map(len, parts)) - 4
    if not 0 <= comment <= 65_000:
        raise ValueError(f"a JPEG of this picture cannot have {size} bytes")
    return b"".join([start, _segment(0xFE, b" " * comment), *parts])


def _mosaic(shade: int, width: int, height: int) -> Mosaic:
    """A figure on a ground, block by block, each block a little off."""
    draw = random.Random(shade)
    ground, figure = ([draw.randrange(40, 216) for _ in range(3)] for _ in range(2))
    across, down = -(-width // BLOCK), -(-height // BLOCK)
    rows: Mosaic = []
    for y in range(down):
        inside = [abs(2 * x + 1 - across) < across * (0.3 + 0.5 * y / down) for x in range(across)]
        rows.append([_near(figure if is_in else ground, draw) for is_in in inside])
    return rows


def _near(color: list[int], draw: random.Random) -> tuple[int, int, int]:
    red, green, blue = (value + draw.randrange(-12, 13) for value in color)
    return red, green, blue


def _png(lines: bytes, width: int, height: int, size: int) -> bytes:
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    tail = _chunk(b"IDAT", zlib.compress(lines, 6)) + _chunk(b"IEND", b"")
    comment = size - len(head) - len(tail) - 20
    if comment < 0:
        raise ValueError(f"a PNG of this picture cannot have {size} bytes")
    return head + _chunk(b"tEXt", b"Comment\0" + b" " * comment) + tail


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def _scan(rows: Mosaic) -> bytes:
    """Each block's distance from the one before, by component: its number of bits as a code, then the bits; a 0 bit ends the block."""
    bits: list[str] = []
    before = [0, 0, 0]
    for block in (block for row in rows for block in row):
        for component, value in enumerate(block):
            difference = value - 128 - before[component]
            before[component] = value - 128
            length = abs(difference).bit_length()
            code_length, code = _DC_CODES[length]
            bits.append(f"{code:0{code_length}b}")
            if length:
                bits.append(f"{difference if difference > 0 else difference + (1 << length) - 1:0{length}b}")
            bits.append("0")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
