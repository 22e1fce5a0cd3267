// Clips of videos: files and the server's images -> frames of the model's size, and back to PNG images in base64.
// A clip is {frames: [ImageData], values: [{b64: a PNG}], size, name}.

const MOST_FRAMES = 100, FRAMES_PER_SECOND = 10;

export const video = { suffix: "_bytes", input: "video_bytes", clip: fromAnswer, read: fromFiles };

const of = (frames, values, name) => ({ frames, values, name, size: `${frames.length} frames` });

// The clip in the answer of a _bytes signature, a list of {b64}.
async function fromAnswer(images, name) {
  const frames = await Promise.all(images.map(async ({ b64 }) => {
    const bytes = Uint8Array.from(atob(b64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    return draw(bitmap, bitmap.width, bitmap.height, whole(bitmap.width, bitmap.height));
  }));
  return of(frames, images, name);
}

// The clip in files: a film, a GIF or other animation, a row of frames in one picture, a picture, or several pictures.
async function fromFiles(files, { frame_shape: [height, width], length }) {
  const list = [...files].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const size = { width, height };
  let frames;
  if (list.length > 1) {
    frames = (await Promise.all(list.slice(0, MOST_FRAMES).map((file) => pictures(file, size)))).map(([first]) => first);
  } else if (list[0].type.startsWith("video/")) {
    frames = await film(list[0], size);
  } else {
    frames = await pictures(list[0], size);
    if (frames.length === 1) frames = Array(length).fill(frames[0]);
  }
  const images = await Promise.all(frames.map(toPng));
  return of(frames, images.map((b64) => ({ b64 })), list.length > 1 ? `${list.length} pictures` : list[0].name);
}

async function pictures(file, size) {
  if (!file.type.startsWith("image/")) throw new Error(`${file.name}: neither a picture nor a film`);
  const moving = ["image/gif", "image/webp", "image/apng", "image/avif"].includes(file.type);
  if (moving && "ImageDecoder" in window) return animation(file, size);
  if (moving) throw new Error(`${file.name}: this browser cannot take ${file.type} apart; drop its frames as pictures`);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name}: a picture that cannot be read`);
  }
  const { width, height } = bitmap;
  const across = width >= 2 * height && width % height === 0 ? width / height : 1;
  if (across === 1) return [draw(bitmap, size.width, size.height, middle(width, height, size))];
  return Array.from({ length: Math.min(across, MOST_FRAMES) }, (_, k) =>
    draw(bitmap, size.width, size.height, { x: k * height, y: 0, width: height, height }));
}

async function animation(file, size) {
  try {
    const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: file.type });
    await decoder.tracks.ready;
    const count = Math.min(decoder.tracks.selectedTrack.frameCount, MOST_FRAMES), frames = [];
    for (let frameIndex = 0; frameIndex < count; frameIndex++) {
      const { image } = await decoder.decode({ frameIndex });
      frames.push(draw(image, size.width, size.height, middle(image.displayWidth, image.displayHeight, size)));
      image.close();
    }
    return frames;
  } catch {
    throw new Error(`${file.name}: an animation that cannot be read`);
  }
}

async function film(file, size) {
  const video = document.createElement("video");
  const url = URL.createObjectURL(file);
  const event = (name) => new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener("error", () => reject(new Error(`${file.name}: a film that this browser cannot read`)),
      { once: true });
  });
  try {
    video.muted = true;
    const ready = event("loadeddata");
    video.src = url;
    await ready;
    const count = Math.max(2, Math.min(MOST_FRAMES, Math.round(video.duration * FRAMES_PER_SECOND))), frames = [];
    for (let k = 0; k < count; k++) {
      const there = event("seeked");
      video.currentTime = video.duration * (k + 0.5) / count;
      await there;
      frames.push(draw(video, size.width, size.height, middle(video.videoWidth, video.videoHeight, size)));
    }
    return frames;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// The largest part in the middle of a picture that has the shape of a frame.
function middle(width, height, size) {
  const scale = Math.min(width / size.width, height / size.height);
  const part = { width: size.width * scale, height: size.height * scale };
  return { ...part, x: (width - part.width) / 2, y: (height - part.height) / 2 };
}

const whole = (width, height) => ({ x: 0, y: 0, width, height });

function draw(source, width, height, part) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, part.x, part.y, part.width, part.height, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function toPng(frame) {
  const canvas = Object.assign(document.createElement("canvas"), { width: frame.width, height: frame.height });
  canvas.getContext("2d").putImageData(frame, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}
