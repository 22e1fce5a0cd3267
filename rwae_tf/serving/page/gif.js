// An animated GIF of frames (ImageData), each pixel drawn scale x scale.

const MOST_COLOURS = 256;

export function encode(frames, scale, hundredths = 10) {
  const width = frames[0].width * scale, height = frames[0].height * scale;
  const { palette, index } = quantize(frames);
  const bytes = [..."GIF89a"].map((c) => c.charCodeAt(0));
  const word = (value) => bytes.push(value & 255, value >> 8);
  word(width);
  word(height);
  bytes.push(0xf7, 0, 0); // a global table of 256 colours
  for (let k = 0; k < MOST_COLOURS; k++) bytes.push(...(palette[k] ?? [0, 0, 0]));
  bytes.push(0x21, 0xff, 11, ...[..."NETSCAPE2.0"].map((c) => c.charCodeAt(0)), 3, 1, 0, 0, 0); // for ever
  for (const frame of frames) {
    bytes.push(0x21, 0xf9, 4, 4);
    word(hundredths);
    bytes.push(0, 0, 0x2c);
    [0, 0, width, height].forEach(word);
    bytes.push(0, 8);
    const pixels = enlarge(frame, index, scale);
    const packed = compress(pixels);
    for (let start = 0; start < packed.length; start += 255) {
      const block = packed.slice(start, start + 255);
      bytes.push(block.length, ...block);
    }
    bytes.push(0);
  }
  bytes.push(0x3b);
  return new Blob([new Uint8Array(bytes)], { type: "image/gif" });
}

// At most 256 colours by median cut, and key (5 bits a channel) -> number of a colour.
function quantize(frames) {
  const sums = new Map();
  for (const { data } of frames) {
    for (let i = 0; i < data.length; i += 4) {
      const key = keyOf(data, i), sum = sums.get(key) ?? { key, count: 0, rgb: [0, 0, 0] };
      sum.count++;
      for (let c = 0; c < 3; c++) sum.rgb[c] += data[i + c];
      sums.set(key, sum);
    }
  }
  const cells = [...sums.values()].map(({ key, count, rgb }) => ({ key, count, rgb: rgb.map((v) => v / count) }));
  const boxes = [cells];
  while (boxes.length < MOST_COLOURS) {
    const widest = boxes.map(spread).reduce((best, s, k, all) => (s.width > all[best].width ? k : best), 0);
    const { width, channel } = spread(boxes[widest]);
    if (width === 0) break;
    const sorted = boxes[widest].sort((a, b) => a.rgb[channel] - b.rgb[channel]);
    boxes.splice(widest, 1, sorted.slice(0, sorted.length >> 1), sorted.slice(sorted.length >> 1));
  }
  const index = new Map();
  const palette = boxes.map((box, k) => {
    const count = box.reduce((sum, cell) => sum + cell.count, 0);
    box.forEach((cell) => index.set(cell.key, k));
    return [0, 1, 2].map((c) => Math.round(box.reduce((sum, cell) => sum + cell.count * cell.rgb[c], 0) / count));
  });
  return { palette, index };
}

const keyOf = (data, i) => (data[i] >> 3) << 10 | (data[i + 1] >> 3) << 5 | data[i + 2] >> 3;

function spread(box) {
  const widths = [0, 1, 2].map((c) => {
    const values = box.map((cell) => cell.rgb[c]);
    return Math.max(...values) - Math.min(...values);
  });
  const channel = widths.indexOf(Math.max(...widths));
  return { width: box.length > 1 ? widths[channel] : 0, channel };
}

function enlarge({ width, height, data }, index, scale) {
  const pixels = new Uint8Array(width * height * scale * scale);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const i = 4 * ((y / scale | 0) * width + (x / scale | 0));
      pixels[y * width * scale + x] = index.get(keyOf(data, i));
    }
  }
  return pixels;
}

// LZW as GIF has it, with codes of 9 to 12 bits.
function compress(pixels) {
  const clear = 256, end = 257, out = [];
  let table = new Map(), next = 258, bits = 9, buffer = 0, filled = 0;
  const put = (code) => {
    buffer |= code << filled;
    filled += bits;
    while (filled >= 8) {
      out.push(buffer & 255);
      buffer >>>= 8;
      filled -= 8;
    }
  };
  put(clear);
  let prefix = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const key = prefix << 8 | pixels[i], known = table.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    put(prefix);
    if (next < 4096) {
      if (next === 1 << bits && bits < 12) bits++;
      table.set(key, next++);
    } else {
      put(clear);
      table = new Map();
      next = 258;
      bits = 9;
    }
    prefix = pixels[i];
  }
  put(prefix);
  if (next === 1 << bits && bits < 12) bits++;
  put(end);
  if (filled) out.push(buffer & 255);
  return out;
}
