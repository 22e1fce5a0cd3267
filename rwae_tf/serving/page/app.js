// The page: two clips, what the model makes of them, and the controls. Speaks TensorFlow Serving's REST routes alone.
// ?model=NAME (several times) names the models, ?server=http://host:8501 another server than the page's own.

import { Model } from "./api.js";
import { fromAnswer, fromFiles } from "./clips.js";
import { between, moved, principalDirections } from "./codes.js";
import { encode as encodeGif } from "./gif.js";
import { Player } from "./player.js";

const SAMPLES = 64, BATCH = 16, DIRECTIONS = 8; // clips behind the principal directions, and how many are offered
const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const players = Object.fromEntries(["content", "motion", "result"].map((name) => [name, new Player($(name))]));
let model, about, directions = null, turn = 0, seed = 0;

const randomSeed = () => Math.floor(Math.random() * 2 ** 31);
const frames = () => Math.min(Math.max(1, Math.round(Number($("length").value) || 1)), Number($("length").max));

// Runs `work`, telling of its progress and errors; what an earlier run still finds is thrown away.
async function run(text, work) {
  const mine = ++turn;
  say(text);
  document.body.setAttribute("aria-busy", "true");
  try {
    const finish = await work();
    if (mine === turn) {
      finish?.();
      say("");
    }
  } catch (error) {
    if (mine === turn) say(error.message, true);
  } finally {
    if (mine === turn) document.body.removeAttribute("aria-busy");
  }
}

function say(text, wrong = false) {
  $("message").textContent = text;
  $("message").classList.toggle("error", wrong);
}

// What the model answers.

function oneHot(k) {
  return Array.from({ length: about.action_size }, (_, j) => Number(j === k));
}

function chosenAction() {
  return $("action").value === "" ? null : oneHot(Number($("action").value));
}

async function drawn(seeds, length) {
  const instances = seeds.map((seed) => ({ seed, length }));
  if (about.action_size) {
    instances.forEach((row) => { row.action = chosenAction() ?? oneHot(Math.floor(Math.random() * about.action_size)); });
  }
  const answers = await model.predict("generate_bytes", instances);
  return Promise.all(answers.map((images, k) => fromAnswer(images.slice(0, length), `drawn, seed ${seeds[k]}`)));
}

async function draw(length = frames()) {
  seed = randomSeed();
  return (await drawn([seed], length))[0];
}

const bytes = (clip) => clip.images.map((b64) => ({ b64 }));

async function codesOf(clip) {
  clip.codes ??= model.predict("encode_bytes", [{ video_bytes: bytes(clip) }]).then(([codes]) => codes);
  return clip.codes;
}

async function swapped(content, motion, name) {
  const action = chosenAction();
  if (action) return decoded((await codesOf(content)).z_c, { ...await codesOf(motion), action }, name);
  const [images] = await model.predict("swap_bytes", [{ content_bytes: bytes(content), motion_bytes: bytes(motion) }]);
  return fromAnswer(images, name);
}

async function decoded(z_c, { z_m, action }, name) {
  const [images] = await model.predict("decode_bytes", [{ z_c, z_m, ...(action && { action }) }]);
  return fromAnswer(images, name);
}

async function findDirections() {
  const codes = [];
  for (let start = 0; start < SAMPLES; start += BATCH) {
    const clips = await drawn(Array.from({ length: BATCH }, (_, k) => start + k), about.length);
    const answers = await model.predict("encode_bytes", clips.map((clip) => ({ video_bytes: bytes(clip) })));
    codes.push(...answers.map(({ z_c }) => z_c));
  }
  return principalDirections(codes);
}

// What the controls do.

const show = (name, clip) => () => {
  players[name].show(clip);
  if (name !== "result") resetWalk();
};

const swap = () => run("Swapping ...", async () =>
  show("result", await swapped(players.content.clip, players.motion.clip, "content and motion swapped")));

const replace = (name, text, make) => run(text, async () => {
  const clip = await make();
  const clips = { content: players.content.clip, motion: players.motion.clip, [name]: clip };
  const result = clips.content && clips.motion && await swapped(clips.content, clips.motion, "content and motion swapped");
  return () => {
    show(name, clip)();
    if (result) players.result.show(result);
  };
});

const newClip = () => run("Drawing ...", async () => show("result", await draw()));
const newMotion = () => run("Drawing ...", async () => show("result", await swapped(
  players.content.clip, await draw(), `new motion, seed ${seed}`)));
const newContent = () => run("Drawing ...", async () => show("result", await swapped(
  await draw(about.length), players.motion.clip, `new content, seed ${seed}`)));

function exchange() {
  const [content, motion] = [players.content.clip, players.motion.clip];
  players.content.show(motion);
  players.motion.show(content);
  resetWalk();
  swap();
}

function resetWalk() {
  for (const id of ["amount", "between"]) {
    $(id).value = 0;
    $(id).nextElementSibling.value = 0;
  }
}

const walk = () => run("Walking ...", async () => {
  const amount = Number($("amount").value), share = Number($("between").value);
  const [from, to] = await Promise.all([codesOf(players.content.clip), codesOf(players.motion.clip)]);
  let z_c = between(from.z_c, to.z_c, share);
  if (amount) {
    if (!directions) say("Looking for the principal directions ...");
    const found = await (directions ??= findDirections());
    z_c = moved(z_c, found[Number($("direction").value)], amount);
  }
  const codes = chosenAction() ? { ...to, action: chosenAction() } : to;
  return show("result", await decoded(z_c, codes, `${amount} deviations, ${Math.round(100 * share)} % of the way`));
});

function download() {
  const clip = players.result.clip;
  if (!clip) return;
  const scale = Math.max(1, Math.ceil(128 / clip.frames[0].width));
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(encodeGif(clip.frames, scale)), download: "clip.gif" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function pause() {
  Player.toggle();
  showPaused();
}

function showPaused() {
  $("pause").setAttribute("aria-pressed", String(Player.paused));
}

// Setting up.

async function choose(name) {
  model = new Model(query.get("server") ?? "", name);
  directions = null;
  await run("Asking the server ...", async () => {
    about = await model.describe();
    if (about.modality !== "video") throw new Error(`${name} is a model of ${about.modality}; this page shows videos`);
    $("length").max = Math.min(500, about.max_length);
    $("length").value = Math.min(2 * about.length, about.max_length);
    $("about").textContent = `${about.configuration.data.dataset}: frames of ${about.frame_shape.join("×")}, content code `
      + `of ${about.content_size} numbers, motion code of ${about.motion_size} in each frame.`;
    offerActions();
    const clips = await drawn([1, 2], frames());
    const result = await swapped(...clips, "content and motion swapped");
    return () => {
      show("content", clips[0])();
      show("motion", clips[1])();
      players.result.show(result);
    };
  });
}

function offerActions() {
  const names = about.actions?.names ?? [];
  const options = Array.from({ length: about.action_size }, (_, k) => new Option(names[k] || `action ${k + 1}`, k));
  $("action").replaceChildren(new Option("as in the clip, or drawn", ""), ...options);
  $("action-label").hidden = !about.action_size;
  $("direction").replaceChildren(...Array.from({ length: Math.min(DIRECTIONS, about.content_size) },
    (_, k) => new Option(`direction ${k + 1}`, k)));
}

function wire(name) {
  const panel = $(name);
  const take = (files) => files.length && replace(name, "Reading the file ...", () =>
    fromFiles(files, about.frame_shape, about.length));
  panel.querySelector(".draw").onclick = () => replace(name, "Drawing ...", () => draw());
  panel.querySelector("input").onchange = (event) => {
    take([...event.target.files]);
    event.target.value = "";
  };
  panel.ondragover = (event) => {
    event.preventDefault();
    panel.classList.add("over");
  };
  panel.ondragleave = () => panel.classList.remove("over");
  panel.ondrop = (event) => {
    event.preventDefault();
    panel.classList.remove("over");
    take([...event.dataTransfer.files]);
  };
}

function start() {
  ["content", "motion"].forEach(wire);
  const buttons = { swap, exchange, "new-clip": newClip, "new-motion": newMotion, "new-content": newContent, download, pause };
  for (const [id, action] of Object.entries(buttons)) $(id).onclick = action;
  for (const id of ["amount", "between"]) {
    $(id).oninput = () => { $(id).nextElementSibling.value = $(id).value; };
    $(id).onchange = walk;
  }
  $("direction").onchange = walk;
  $("action").onchange = swap;
  const keys = { s: swap, x: exchange, g: newClip, m: newMotion, c: newContent, p: pause };
  document.onkeydown = (event) => {
    const typing = event.target.closest?.("input, select") || event.ctrlKey || event.metaKey || event.altKey;
    if (!typing) keys[event.key.toLowerCase()]?.();
  };
  showPaused(); // who asks for little motion begins with clips that stand still
  const names = query.getAll("model");
  $("model").replaceChildren(...names.map((name) => new Option(name)));
  $("model").onchange = () => choose($("model").value);
  if (names.length) choose(names[0]);
  else say("Name the model in the address: ?model=NAME", true);
}

start();
