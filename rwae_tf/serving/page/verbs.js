// What a model makes of clips. Speech is taken apart into segments of the model's length: the voice of a clip is the
// mean of their z_c, and how the z_c of each departs from it stays with what is said, as in voice_conversion.py.

import { principalDirections } from "./codes.js";

const SAMPLES = 64, BATCH = 16; // clips behind the principal directions

export class Verbs {
  // form: `video` or `speech`, what its clips are; action: function () -> the number that is chosen, or null.
  constructor(model, about, form, action) {
    Object.assign(this, { model, about, form, action });
  }

  oneHot(k) {
    return Array.from({ length: this.about.action_size }, (_, j) => Number(j === k));
  }

  chosen() {
    return this.action() === null ? null : this.oneHot(this.action());
  }

  ask(verb, instances) {
    return this.model.predict(verb + this.form.suffix, instances);
  }

  // Clips from the priors, one a seed.
  async draw(seeds, length) {
    const random = () => this.oneHot(Math.floor(Math.random() * this.about.action_size));
    const answers = await this.ask("generate", seeds.map((seed) => ({
      seed, length, ...(this.about.action_size && { action: this.chosen() ?? random() }) })));
    return Promise.all(answers.map((values, k) => this.form.clip(values.slice(0, length), `drawn, seed ${seeds[k]}`)));
  }

  // The codes of a clip, a list of one for each segment; asked for once.
  codes(clip) {
    const { form } = this;
    return clip.codes ??= this.ask("encode", this.segments(clip.values).map((values) => ({ [form.input]: values })));
  }

  segments(values) {
    const length = this.about.modality === "speech" && values.length % this.about.length === 0
      ? this.about.length : values.length;
    return Array.from({ length: values.length / length }, (_, k) => values.slice(k * length, (k + 1) * length));
  }

  // The content code of a clip.
  async content(clip) {
    return mean((await this.codes(clip)).map(({ z_c }) => z_c));
  }

  async swap(content, motion, name) {
    if (this.about.modality === "speech" || this.chosen()) {
      return this.compose(await this.content(content), motion, name);
    }
    const [values] = await this.ask("swap", [{ content_bytes: content.values, motion_bytes: motion.values }]);
    return this.form.clip(values, name);
  }

  // A clip of a content code and the motion of a clip.
  async compose(z_c, motion, name) {
    const codes = await this.codes(motion), own = mean(codes.map((code) => code.z_c)), action = this.chosen();
    const answers = await this.ask("decode", codes.map((code) => ({
      ...code, z_c: z_c.map((value, j) => value + code.z_c[j] - own[j]), ...(action && { action }) })));
    return this.form.clip(answers.flat(), name);
  }

  async directions() {
    const codes = [];
    for (let start = 0; start < SAMPLES; start += BATCH) {
      const clips = await this.draw(Array.from({ length: BATCH }, (_, k) => start + k), this.about.length);
      const answers = await this.ask("encode", clips.map((clip) => ({ [this.form.input]: clip.values })));
      codes.push(...answers.map(({ z_c }) => z_c));
    }
    return principalDirections(codes);
  }
}

function mean(codes) {
  return codes[0].map((_, j) => codes.reduce((sum, code) => sum + code[j], 0) / codes.length);
}
