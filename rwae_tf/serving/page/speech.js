// Clips of speech: recordings -> decibels, as the model takes them; their pictures and their sound.
// A clip is {frames: [ImageData of the spectrogram], values: decibels [T][F], size, name}.

import { analyse, HOP, RATE, toSamples } from "./spectra.js";

const MOST_SECONDS = 10, ASPECT = 2.5;
const DARK = 0.05, BRIGHT = 0.995; // shares of the values that are drawn darkest and that are not brightest
const COLOURS = [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]];
let context = null;

export const speech = {
  suffix: "", input: "speech",
  clip: async (decibels, name) => of(decibels, name),
  read: fromFiles,
};

function of(values, name, samples) {
  return { values, name, samples, frames: [picture(values)], size: `${(values.length * HOP / RATE).toFixed(1)} s` };
}

// The clip in a sound file: whole segments of the model's length, of the first seconds.
async function fromFiles([file], about) {
  const { spectrum, min_db } = about.configuration.data;
  let sound;
  try {
    sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name}: a recording that this browser cannot read`);
  }
  const channels = Array.from({ length: sound.numberOfChannels }, (_, k) => sound.getChannelData(k));
  const samples = Array.from({ length: Math.min(sound.length, MOST_SECONDS * RATE) }, (_, n) =>
    channels.reduce((sum, channel) => sum + channel[n], 0) / channels.length);
  const frames = analyse(samples, spectrum), whole = frames.length - frames.length % about.length;
  if (!whole) throw new Error(`${file.name}: shorter than ${about.length * HOP / RATE} s, one segment of the model`);
  const decibels = frames.slice(0, whole).map((row) => row.map((value) => Math.max(value, min_db)));
  return of(decibels, file.name, samples);
}

// Time to the right, frequency upwards, loud values bright.
function picture(decibels) {
  const bins = decibels[0].length, sorted = decibels.flat().sort((a, b) => a - b);
  const low = sorted[Math.floor(DARK * (sorted.length - 1))], high = sorted[Math.floor(BRIGHT * (sorted.length - 1))];
  const wide = Math.max(1, Math.round(bins / (ASPECT * decibels.length))), width = wide * decibels.length;
  const image = new ImageData(width, bins);
  for (let y = 0; y < bins; y++) {
    for (let x = 0; x < width; x++) {
      const value = (decibels[Math.floor(x / wide)][bins - 1 - y] - low) / Math.max(high - low, 1e-6);
      image.data.set([...colour(Math.min(Math.max(value, 0), 1)), 255], 4 * (y * width + x));
    }
  }
  return image;
}

function colour(share) {
  const place = share * (COLOURS.length - 1), k = Math.min(Math.floor(place), COLOURS.length - 2);
  return COLOURS[k].map((value, c) => value + (place - k) * (COLOURS[k + 1][c] - value));
}

function samplesOf(clip, about) {
  return clip.samples ??= toSamples(clip.values, about.configuration.data.spectrum);
}

export async function play(clip, about) {
  const samples = samplesOf(clip, about);
  context ??= new AudioContext();
  await context.resume();
  const buffer = context.createBuffer(1, samples.length, RATE), source = context.createBufferSource();
  buffer.copyToChannel(Float32Array.from(samples), 0);
  source.buffer = buffer;
  source.connect(context.destination);
  source.start();
}

// A WAV file of a clip, 16 bits.
export function wav(clip, about) {
  const samples = samplesOf(clip, about), view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((letter, k) => view.setUint8(at + k, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, RATE, 4], [28, 2 * RATE, 4], [32, 2, 2], [34, 16, 2]].forEach(
    ([at, value, bytes]) => (bytes === 4 ? view.setUint32(at, value, true) : view.setUint16(at, value, true)));
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, n) => view.setInt16(44 + 2 * n, Math.round(32767 * Math.min(Math.max(value, -1), 1)), true));
  return new Blob([view.buffer], { type: "audio/wav" });
}
