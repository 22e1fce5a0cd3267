// The page: two clips, what the model makes of them, and the controls. Speaks TensorFlow Serving's REST routes alone.
// ?model=NAME (several times) names the models, ?server=http://host:8501 another server than the page's own.

import { Model } from "./api.js";
import { video } from "./clips.js";
import { between, moved } from "./codes.js";
import { record } from "./film.js";
import { encode as encodeGif } from "./gif.js";
import { Player } from "./player.js";
import { play, speech, wav } from "./speech.js";
import { Verbs } from "./verbs.js";

const DIRECTIONS = 8, FORMS = { video, speech }, SHOWN_WIDTH = 128; // pixels that a download is enlarged to
const ACCEPT = { video: "image/*,video/*", speech: "audio/*" };
const LENGTHS = { video: 2, speech: 5 }; // of clips at first, in lengths of training
const SWAPPED = "content and motion swapped";
const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const players = Object.fromEntries(["content", "motion", "result"].map((name) => [name, new Player($(name))]));
let about, verbs, directions = null, turn = 0, seed = 0;

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

function chosenAction() {
  return $("action").value === "" ? null : Number($("action").value);
}

async function draw(length = frames()) {
  seed = randomSeed();
  return (await verbs.draw([seed], length))[0];
}

// What the controls do.

const show = (name, clip) => () => {
  players[name].show(clip);
  if (name !== "result") resetWalk();
};

const swap = () => run("Swapping ...", async () =>
  show("result", await verbs.swap(players.content.clip, players.motion.clip, SWAPPED)));

const replace = (name, text, make) => run(text, async () => {
  const clip = await make();
  const clips = { content: players.content.clip, motion: players.motion.clip, [name]: clip };
  const result = clips.content && clips.motion && await verbs.swap(clips.content, clips.motion, SWAPPED);
  return () => {
    show(name, clip)();
    if (result) players.result.show(result);
  };
});

const newClip = () => run("Drawing ...", async () => show("result", await draw()));
const newMotion = () => run("Drawing ...", async () => show("result", await verbs.swap(
  players.content.clip, await draw(), `new motion, seed ${seed}`)));
const newContent = () => run("Drawing ...", async () => show("result", await verbs.swap(
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
  const [from, to] = await Promise.all([players.content.clip, players.motion.clip].map((clip) => verbs.content(clip)));
  let z_c = between(from, to, share);
  if (amount) {
    if (!directions) say("Looking for the principal directions ...");
    const found = await (directions ??= verbs.directions());
    z_c = moved(z_c, found[Number($("direction").value)], amount);
  }
  const name = `${amount} deviations, ${Math.round(100 * share)} % of the way`;
  return show("result", await verbs.compose(z_c, players.motion.clip, name));
});

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const scaleOf = ({ frames: [{ width }] }) => Math.max(1, Math.ceil(SHOWN_WIDTH / width));

const downloadGif = () => run("", async () => {
  const { clip } = players.result;
  download(encodeGif(clip.frames, scaleOf(clip)), "clip.gif");
});
const downloadFilm = () => run("Recording ...", async () => {
  const { clip } = players.result, film = await record(clip.frames, scaleOf(clip));
  return () => download(film, film.type.startsWith("video/mp4") ? "clip.mp4" : "clip.webm");
});
const downloadWav = () => run("Making the sound ...", async () =>
  download(wav(players.result.clip, about), "clip.wav"));
const listen = (name) => run("Making the sound ...", () => play(players[name].clip, about));

function pause() {
  Player.toggle();
  showPaused();
}

function showPaused() {
  $("pause").setAttribute("aria-pressed", String(Player.paused));
}

// Setting up.

async function choose(name) {
  const model = new Model(query.get("server") ?? "", name);
  directions = null;
  await run("Asking the server ...", async () => {
    about = await model.describe();
    verbs = new Verbs(model, about, FORMS[about.modality], chosenAction);
    document.body.dataset.modality = about.modality;
    document.querySelectorAll("input[type=file]").forEach((input) => { input.accept = ACCEPT[about.modality]; });
    $("length").max = Math.min(500, about.max_length);
    $("length").value = Math.min(LENGTHS[about.modality] * about.length, about.max_length);
    $("about").textContent = `${about.configuration.data.dataset}: frames of ${about.frame_shape.join("×")}, content `
      + `code of ${about.content_size} numbers, motion code of ${about.motion_size} in each frame.`;
    offerActions();
    const clips = await verbs.draw([1, 2], frames());
    const result = await verbs.swap(...clips, SWAPPED);
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
    FORMS[about.modality].read(files, about));
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
  const buttons = { swap, exchange, "new-clip": newClip, "new-motion": newMotion, "new-content": newContent, pause,
    download: downloadGif, film: downloadFilm, wav: downloadWav };
  for (const [id, action] of Object.entries(buttons)) $(id).onclick = action;
  document.querySelectorAll(".listen").forEach((button) => {
    button.onclick = () => listen(button.closest(".panel").id);
  });
  for (const id of ["amount", "between"]) {
    $(id).oninput = () => { $(id).nextElementSibling.value = $(id).value; };
    $(id).onchange = walk;
  }
  $("direction").onchange = walk;
  $("action").onchange = swap;
  const keys = { s: swap, x: exchange, g: newClip, m: newMotion, c: newContent, p: pause, l: () => listen("result") };
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
