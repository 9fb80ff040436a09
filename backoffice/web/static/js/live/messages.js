// Server-sent events (WHATWG HTML 9.2.6) out of an answer's body. Own reading instead of an EventSource, because that one
// hides why a stream was refused (a log-in that ended, a busy server and its Retry-After), gives up for ever at the first
// answer that is no stream, and hides the signs of life.

const MESSAGE_MAX_CHARS = 65_536;

// Each piece that arrives, as the messages that it completes: none, one or several.
export async function* messages(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let message = {};
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    if (rest.length > MESSAGE_MAX_CHARS) throw new RangeError("a line without an end");
    const complete = [];
    for (const line of lines) {
      if (line) read(message, line);
      else {
        if ("data" in message) complete.push(message);
        message = {};
      }
    }
    yield complete;
  }
}

function read(message, line) {
  const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
  if (name === "data") message.data = "data" in message ? `${message.data}\n${value}` : value;
  else if (name) message[name] = value;
}
