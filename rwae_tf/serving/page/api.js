// A model behind TensorFlow Serving's REST interface: https://www.tensorflow.org/tfx/serving/api_rest

export class Model {
  // server: address without a slash at its end, "" for the page's own; name: of the model.
  constructor(server, name) {
    this.url = `${server}/v1/models/${encodeURIComponent(name)}`;
    this.name = name;
  }

  // The answers of a signature to instances, one each, in row form.
  async predict(signature, instances, signal) {
    const answer = await ask(`${this.url}:predict`, {
      method: "POST", signal, body: JSON.stringify({ signature_name: signature, instances }),
    });
    return answer.predictions;
  }

  // What the model is: frame_shape, length, content_size, action_size, actions, ...
  async describe() {
    const [text] = await this.predict("metadata", [{ rows: 0 }]);
    return JSON.parse(text);
  }
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(`${url}: no answer; is the server up?`);
  }
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`${url} answers ${response.status} and no JSON; is this a model server?`);
  }
  if (!response.ok) throw new Error(String(answer.error).slice(0, 300));
  return answer;
}
