/*
 * app - masto.js, which many web apps are made with, as a program that does what it is told.
 *
 *   node app.mjs BASE TOKEN
 *
 * Reads one JSON object a line and answers with one: {"ok": value} or {"error": text, "status": n}.
 *   {"call": ["v1", "statuses", ["$select", "17"], ["favourite"]]}   words are members, lists are calls
 *   {"upload": FILE, "type": T, "description": D, "version": "v2"}
 *   {"pages": [...a call that lists...], "most": N}                  follows the pages
 *   {"stream": ["user", ["subscribe"]], "as": NAME}                  collects its events
 *   {"events": NAME}                                                 those so far
 */
import dns from "node:dns";
import fs from "node:fs";
import readline from "node:readline";
import { createRestAPIClient, createOAuthAPIClient, createStreamingAPIClient } from "masto";
import WebSocket from "ws";

/* The C library need not know names below .localhost (RFC 6761); they are this machine. */
const lookup = dns.lookup;
dns.lookup = (name, how, done) => {
  if (typeof how === "function") [how, done] = [{}, how];
  if (!name.endsWith(".localhost")) return lookup(name, how, done);
  return how.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
};

const [base, token] = process.argv.slice(2);
const rest = createRestAPIClient({ url: base, accessToken: token || undefined });
const oauth = createOAuthAPIClient({ url: base });
const streams = new Map();
let streaming;

const follow = (from, path) =>
  path.reduce((at, step) => (Array.isArray(step) ? at[step[0]](...step.slice(1)) : at[step]), from);

const kinds = {
  call: async ({ call }) => await follow(rest, call),
  oauth: async ({ oauth: path }) => await follow(oauth, path),
  upload: async ({ upload, type, description, version }) =>
    await rest[version].media.create({ file: new Blob([fs.readFileSync(upload)], { type }), description }),
  pages: async ({ pages, most }) => {
    const found = [];
    for await (const page of follow(rest, pages)) if (found.push(page) === most) break;
    return found;
  },
  stream: async ({ stream, as, url }) => {
    streaming ??= createStreamingAPIClient({ streamingApiUrl: url, accessToken: token, implementation: WebSocket });
    const subscription = follow(streaming, stream);
    const events = [];
    streams.set(as, { events, subscription });
    (async () => {
      for await (const event of subscription) events.push(event);
    })().catch((error) => events.push({ event: "error", payload: String(error) }));
    return true;
  },
  events: async ({ events }) => streams.get(events).events,
  close: async () => {
    for (const { subscription } of streams.values()) subscription.unsubscribe();
    streaming?.close();
    return true;
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    const wish = JSON.parse(line);
    const kind = Object.keys(kinds).find((name) => name in wish);
    answer = { ok: (await kinds[kind](wish)) ?? null };
  } catch (error) {
    answer = { error: String(error?.message ?? error), status: error?.statusCode ?? 0 };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
