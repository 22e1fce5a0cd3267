// A film of frames (ImageData), recorded by the browser, in the time that it takes to play.

const KINDS = ["video/mp4", "video/webm"], MILLISECONDS = 100, BITS_PER_SECOND = 8_000_000;

// A Blob of MP4 where the browser writes it, else of WebM; each pixel is drawn scale x scale.
export async function record(frames, scale) {
  const type = KINDS.find((kind) => window.MediaRecorder?.isTypeSupported(kind));
  if (!type) throw new Error("This browser records no films. Download the GIF instead.");
  const [{ width, height }] = frames, even = width * scale % 2 || height * scale % 2 ? 2 : 1;
  const canvas = sized(width * scale * even, height * scale * even), small = sized(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  const stream = canvas.captureStream(0), [track] = stream.getVideoTracks(), parts = [];
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS_PER_SECOND });
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve, reject) => {
    recorder.onstop = resolve;
    recorder.onerror = () => reject(new Error("The recording failed. Download the GIF instead."));
  });
  recorder.start();
  for (const frame of [...frames, frames.at(-1)]) { // a frame lasts until the next one
    small.getContext("2d").putImageData(frame, 0, 0);
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    track.requestFrame();
    await new Promise((resolve) => { setTimeout(resolve, MILLISECONDS); });
  }
  recorder.stop();
  await stopped;
  return new Blob(parts, { type });
}

function sized(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}
