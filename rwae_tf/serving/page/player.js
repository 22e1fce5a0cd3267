// Clips that play in the canvases of the panels, all in step, ten frames a second.

const MILLISECONDS = 100;
const players = [];
let tick = 0, paused = matchMedia("(prefers-reduced-motion: reduce)").matches;

setInterval(() => {
  if (paused) return;
  tick++;
  players.forEach((player) => player.draw());
}, MILLISECONDS);

export class Player {
  constructor(panel) {
    this.canvas = panel.querySelector("canvas");
    this.caption = panel.querySelector(".caption");
    this.clip = null;
    players.push(this);
  }

  // Stops or goes on; returns whether the clips stand still now.
  static toggle() {
    paused = !paused;
    return paused;
  }

  static get paused() {
    return paused;
  }

  show(clip) {
    const [{ width, height }] = clip.frames;
    Object.assign(this.canvas, { width, height });
    this.canvas.style.aspectRatio = `${width} / ${height}`;
    this.clip = clip;
    this.caption.textContent = `${clip.name}, ${clip.size}`;
    this.draw();
  }

  draw() {
    if (!this.clip) return;
    this.canvas.getContext("2d").putImageData(this.clip.frames[tick % this.clip.frames.length], 0, 0);
  }
}
