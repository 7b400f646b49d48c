// node openai.mjs URL KEY SCENARIO: what the real client makes of our answers, as one line of JSON.
import OpenAI from "openai";

const [baseURL, apiKey, scenario] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, timeout: 20000 });
const messages = [{ role: "user", content: "é 🙂 three" }];
const ask = (more, options) => client.chat.completions.create({ model: "chat", messages, ...more }, options);

const scenarios = {
  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return { ids, one: (await client.models.retrieve("chat")).owned_by };
  },
  async whole() {
    const answer = await ask({ vendor_field: { x: 1 } });
    return { content: answer.choices[0].message.content, tokens: answer.usage.total_tokens, hasRequestId: answer._request_id?.startsWith("req_") };
  },
  async stream() {
    let content = "", usage = null, finish = null, empty = 0;
    for await (const chunk of await ask({ stream: true, stream_options: { include_usage: true } })) {
      if (chunk.choices.length === 0) empty++;
      content += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    return { content, tokens: usage.total_tokens, finish, empty };
  },
  async abort() {
    const stream = await ask({ stream: true });
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 3) stream.controller.abort();
    return { chunks };
  },
  async tools() {
    const answer = await client.chat.completions
      .stream({ model: "chat", messages, tools: [{ type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }] })
      .finalChatCompletion();
    const call = answer.choices[0].message.tool_calls[0];
    return { name: call.function.name, arguments: JSON.parse(call.function.arguments), finish: answer.choices[0].finish_reason };
  },
  async retry() {
    return { content: (await ask({})).choices[0].message.content };
  },
  async error() {
    try {
      await ask({ model: "nobody" });
      return { kind: "none" };
    } catch (error) {
      return { kind: error.constructor.name, status: error.status, code: error.code, message: error.error?.message, hasRequestId: error.requestID?.startsWith("req_") };
    }
  },
  async broken() {
    let content = "";
    try {
      for await (const chunk of await ask({ stream: true })) content += chunk.choices[0]?.delta.content ?? "";
      return { kind: "none", content };
    } catch (error) {
      return { kind: error.constructor.name, message: error.message, content };
    }
  },
  async embeddings() {
    return { vector: (await client.embeddings.create({ model: "chat", input: "x", encoding_format: "float" })).data[0].embedding };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
