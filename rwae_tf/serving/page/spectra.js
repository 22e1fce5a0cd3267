// Spectra of speech and back, as rwae_tf.data.speech.spectra makes them: frames of 25 ms every 10 ms, at 16 kHz.

export const RATE = 16_000, HOP = 160;
const WINDOW = 400, BINS = 200, MELS = 80, FLOOR = 1e-20, SIDE = 20; // SIDE squared is WINDOW
const ITERATIONS = 32, MOMENTUM = 0.99;
const ARCH = Float64Array.from({ length: WINDOW }, (_, n) => Math.sqrt(0.5 - 0.5 * Math.cos(2 * Math.PI * n / WINDOW)));
const wave = (of, turns) => Float64Array.from({ length: WINDOW }, (_, n) => of(2 * Math.PI * turns(n)));
const COS = wave(Math.cos, (n) => n / WINDOW), SIN = wave(Math.sin, (n) => n / WINDOW);
const product = (n) => Math.floor(n / SIDE) * (n % SIDE) / SIDE; // of row and column of a matrix of 20 by 20
const COS_20 = wave(Math.cos, product), SIN_20 = wave(Math.sin, product);

// Samples -> decibels, [T][F] of the front end "linear" or "mel".
export function analyse(samples, kind) {
  return stft(samples).map(({ re, im }) => {
    const magnitudes = Array.from({ length: BINS }, (_, k) => Math.hypot(re[k + 1], im[k + 1]));
    const values = kind === "mel" ? Array.from({ length: MELS }, (_, m) =>
      magnitudes.reduce((sum, value, k) => sum + value * melWeights()[k][m], 0)) : magnitudes;
    return values.map((value) => 20 * Math.log10(Math.max(value, FLOOR)));
  });
}

// Decibels [T][F] -> samples that sound like them; phases by the fast Griffin-Lim algorithm.
export function toSamples(decibels, kind) {
  const magnitudes = decibels.map((row) => {
    const values = row.map((value) => 10 ** (value / 20));
    return Float64Array.from([0, ...kind === "mel" ? fromMel(values) : values]);
  });
  let before = null, estimate = magnitudes.map((row) => {
    const phases = row.map(() => 2 * Math.PI * Math.random());
    const part = (wave) => row.map((value, k) => value * wave(phases[k]));
    return { re: part(Math.cos), im: part(Math.sin) };
  });
  for (let step = 0; step < ITERATIONS; step++) {
    const consistent = stft(inverse(estimate));
    estimate = consistent.map((now, t) => project(now, before?.[t] ?? now, magnitudes[t]));
    before = consistent;
  }
  return inverse(estimate);
}

// The phases of a spectrum moved on from the one before, with the given magnitudes.
function project(now, before, magnitudes) {
  const re = now.re.map((value, k) => value + MOMENTUM * (value - before.re[k]));
  const im = now.im.map((value, k) => value + MOMENTUM * (value - before.im[k]));
  magnitudes.forEach((value, k) => {
    const size = Math.hypot(re[k], im[k]) || 1;
    re[k] *= value / size;
    im[k] *= value / size;
  });
  return { re, im };
}

// Spectra, each a transform of two frames at once: one real, the other imaginary.
function stft(samples) {
  const count = Math.max(0, 1 + Math.floor((samples.length - WINDOW) / HOP)), spectra = [];
  const frame = (t) => ARCH.map((value, n) => (t < count ? value * samples[t * HOP + n] : 0));
  for (let t = 0; t < count; t += 2) {
    const { re, im } = transform(frame(t), frame(t + 1), -1);
    const part = (of) => Float64Array.from({ length: BINS + 1 }, (_, k) => of(k, (WINDOW - k) % WINDOW) / 2);
    spectra.push({ re: part((k, other) => re[k] + re[other]), im: part((k, other) => im[k] - im[other]) });
    spectra.push({ re: part((k, other) => im[k] + im[other]), im: part((k, other) => re[other] - re[k]) });
  }
  return spectra.slice(0, count);
}

// The samples whose spectra are nearest to the given ones.
function inverse(spectra) {
  const samples = new Float64Array((spectra.length - 1) * HOP + WINDOW), weight = new Float64Array(samples.length);
  const add = (frame, t) => frame.forEach((value, n) => {
    samples[t * HOP + n] += value / WINDOW * ARCH[n];
    weight[t * HOP + n] += ARCH[n] ** 2;
  });
  for (let t = 0; t < spectra.length; t += 2) {
    const first = spectra[t], second = spectra[t + 1], re = new Float64Array(WINDOW), im = new Float64Array(WINDOW);
    for (let k = 0; k < WINDOW; k++) {
      const bin = Math.min(k, WINDOW - k), sign = k % BINS ? (k < BINS ? 1 : -1) : 0; // of real signals
      re[k] = first.re[bin] - (second ? sign * second.im[bin] : 0);
      im[k] = sign * first.im[bin] + (second ? second.re[bin] : 0);
    }
    const frames = transform(re, im, 1);
    add(frames.re, t);
    if (second) add(frames.im, t + 1);
  }
  return samples.map((value, n) => value / Math.max(weight[n], 1e-2));
}

// The Fourier transform of 400 points in two steps of 20 (Cooley and Tukey); sign 1 is the inverse, times 400.
function transform(re, im, sign) {
  const middle = sums(re, im, sign);
  for (let n = 0; n < SIDE; n++) {
    for (let k = 0; k < SIDE; k++) {
      const at = n * SIDE + k, cos = COS[n * k], sin = sign * SIN[n * k], a = middle.re[at], b = middle.im[at];
      middle.re[at] = a * cos - b * sin;
      middle.im[at] = a * sin + b * cos;
    }
  }
  const last = sums(middle.re, middle.im, sign);
  const answer = { re: new Float64Array(WINDOW), im: new Float64Array(WINDOW) };
  for (let k = 0; k < WINDOW; k++) { // row k1, column k2 -> k1 + 20 k2
    const at = k % SIDE * SIDE + Math.floor(k / SIDE);
    answer.re[k] = last.re[at];
    answer.im[k] = last.im[at];
  }
  return answer;
}

// Transforms of 20 points: of each column n of a matrix of 20 by 20, written as row n.
function sums(re, im, sign) {
  const out = { re: new Float64Array(WINDOW), im: new Float64Array(WINDOW) };
  for (let n = 0; n < SIDE; n++) {
    for (let k = 0; k < SIDE; k++) {
      let a = 0, b = 0;
      for (let m = 0; m < SIDE; m++) {
        const at = m * SIDE + n, turn = k * SIDE + m, cos = COS_20[turn], sin = sign * SIN_20[turn];
        a += re[at] * cos - im[at] * sin;
        b += re[at] * sin + im[at] * cos;
      }
      out.re[n * SIDE + k] = a;
      out.im[n * SIDE + k] = b;
    }
  }
  return out;
}

// Slaney's mel scale: linear to 1 kHz, then logarithmic. Triangles of height one, [200][80].

const KNEE = 1000, PER_MEL = 200 / 3, STEP = Math.log(6.4) / 27;
const toMel = (hertz) => (hertz < KNEE ? hertz / PER_MEL : KNEE / PER_MEL + Math.log(hertz / KNEE) / STEP);
const toHertz = (mel) => (mel < KNEE / PER_MEL ? mel * PER_MEL : KNEE * Math.exp((mel - KNEE / PER_MEL) * STEP));
let weights = null, gathered = null;

function melWeights() {
  return weights ??= triangles(Array.from({ length: MELS + 2 }, (_, m) => toHertz(toMel(RATE / 2) * m / (MELS + 1))));
}

function triangles(edges) {
  return Array.from({ length: BINS }, (_, k) => Array.from({ length: MELS }, (_, m) => {
    const hertz = (k + 1) * RATE / WINDOW, [low, centre, high] = edges.slice(m, m + 3);
    return Math.max(0, Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre)));
  }));
}

// The least magnitudes whose mels are the given ones, less what is negative in them.
function fromMel(mels) {
  const w = melWeights();
  gathered ??= Array.from({ length: MELS }, (_, i) => Array.from({ length: MELS }, (_, j) =>
    w.reduce((sum, row) => sum + row[i] * row[j], 0)));
  const solved = solve(gathered, mels);
  return w.map((row) => Math.max(0, row.reduce((sum, value, m) => sum + value * solved[m], 0)));
}

// x of A x = b, A symmetric and positive definite, by Gauss.
function solve(matrix, right) {
  const a = matrix.map((row, i) => [...row, right[i]]);
  a.forEach((pivot, i) => a.slice(i + 1).forEach((row) => {
    const share = row[i] / pivot[i];
    for (let j = i; j < row.length; j++) row[j] -= share * pivot[j];
  }));
  const x = new Array(right.length).fill(0);
  for (let i = x.length - 1; i >= 0; i--) {
    x[i] = (a[i].at(-1) - x.reduce((sum, value, j) => sum + (j > i ? a[i][j] * value : 0), 0)) / a[i][i];
  }
  return x;
}
