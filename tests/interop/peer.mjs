/*
 * A small server built on Fedify, told over a control port what to do.
 *
 *   node peer.mjs --host fedify.localhost --port N --control N --cert F --key F --first rfc9421|cavage
 *
 * Federation is HTTPS on --port, served by this process itself. The control port is plain HTTP on
 * 127.0.0.1: POST / with {"act": ..., ...} performs an act as the actor "fay" and answers when the
 * other server did; GET /received lists what arrived and verified, GET /rejected what did not,
 * GET /specs which signature scheme each origin accepted. Prints "ready" when both ports are open.
 */

import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { parseArgs } from "node:util";
import { Temporal } from "@js-temporal/polyfill";
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from "@fedify/fedify";
import {
  Accept, Activity, Announce, Create, Delete, Endpoints, Follow, isActor, Like, Note, Person,
  PUBLIC_COLLECTION, Tombstone, Undo, Update,
} from "@fedify/vocab";

const { values: options } = parseArgs({
  options: Object.fromEntries(
    ["host", "port", "control", "cert", "key", "first"].map((name) => [name, { type: "string" }]),
  ),
});
const origin = `https://${options.host}:${options.port}`;
const ME = "fay";

/* The C library need not know names below .localhost (RFC 6761); they are this machine. */
const lookup = dns.lookup;
dns.lookup = (name, how, done) => {
  const answer = done ?? how;
  if (!name.endsWith(".localhost")) return lookup(name, how, done);
  return how?.all ? answer(null, [{ address: "127.0.0.1", family: 4 }]) : answer(null, "127.0.0.1", 4);
};

const kv = new MemoryKvStore();
const federation = createFederation({
  kv,
  origin,
  allowPrivateAddress: true,
  firstKnock: options.first === "cavage" ? "draft-cavage-http-signatures-12" : "rfc9421",
});

const keys = [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), await generateCryptoKeyPair("Ed25519")];
const notes = new Map();
const followers = new Map();
const asked = new Map(); /* the Follow's id -> who asked us */
const follows = new Map(); /* whom we asked: their id -> the Follow's id */
const received = [];
const rejected = [];
let count = 0;

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    if (identifier !== ME) return null;
    const pairs = await ctx.getActorKeyPairs(identifier);
    return new Person({
      id: ctx.getActorUri(identifier),
      name: "Fay of Fedify",
      preferredUsername: identifier,
      inbox: ctx.getInboxUri(identifier),
      followers: ctx.getFollowersUri(identifier),
      outbox: ctx.getOutboxUri(identifier),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher((_ctx, identifier) => (identifier === ME ? keys : []));

federation.setFollowersDispatcher("/users/{identifier}/followers", () => ({
  items: [...followers.values()],
}));
federation.setOutboxDispatcher("/users/{identifier}/outbox", () => ({ items: [] }));
federation.setObjectDispatcher(Note, "/notes/{id}", (_ctx, { id }) => notes.get(id) ?? null);
federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
  software: { name: "ward-interop-peer", version: "1.0.0" },
  protocols: ["activitypub"],
  usage: { users: { total: 1 }, localPosts: notes.size, localComments: 0 },
}));

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Activity, async (ctx, activity) => {
    const document = await activity.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader });
    received.push({ scheme: ctx.data.scheme, type: document.type, document });
    if (activity instanceof Follow) await acceptFollow(ctx, activity);
    if (activity instanceof Undo) await forgetFollower(ctx, activity);
  });

async function acceptFollow(ctx, follow) {
  const follower = await follow.getActor(ctx);
  if (!isActor(follower) || follow.objectId?.href !== ctx.getActorUri(ME).href) return;
  followers.set(follower.id.href, follower);
  if (follow.id) asked.set(follow.id.href, follower.id.href);
  await send(ctx, follower, new Accept({ id: newId("accept"), actor: ctx.getActorUri(ME), object: follow }));
}

/* An Undo may embed what it undoes or name it. */
async function forgetFollower(ctx, undo) {
  const undone = await undo.getObject({ ...ctx, suppressError: true });
  if (undone instanceof Follow || asked.get(undo.objectId?.href) === undo.actorId?.href) {
    followers.delete(undo.actorId.href);
  }
}

function newId(word) {
  count += 1;
  return new URL(`${origin}/${word}/${count}`);
}

function send(ctx, to, activity) {
  return ctx.sendActivity({ identifier: ME }, to, activity);
}

async function find(ctx, what) {
  const documentLoader = await ctx.getDocumentLoader({ identifier: ME });
  const object = await ctx.lookupObject(what.startsWith("http") ? new URL(what) : what, { documentLoader });
  if (object == null) throw new Error(`not found: ${what}`);
  return object;
}

function audience(ctx, visibility) {
  const mine = ctx.getFollowersUri(ME);
  if (visibility === "followers") return { tos: [mine], ccs: [] };
  return { tos: [PUBLIC_COLLECTION], ccs: [mine] };
}

async function publish(ctx, { text, replyTo, visibility, to }) {
  count += 1;
  const parent = replyTo ? await find(ctx, replyTo) : null;
  const author = parent ? await parent.getAttribution({ ...ctx, documentLoader: ctx.documentLoader }) : null;
  const recipients = [...followers.values(), ...(author ? [author] : []), ...(to ? [await find(ctx, to)] : [])];
  const { tos, ccs } = audience(ctx, visibility);
  const note = new Note({
    id: ctx.getObjectUri(Note, { id: String(count) }),
    attribution: ctx.getActorUri(ME),
    content: `<p>${text}</p>`,
    published: Temporal.Now.instant(),
    replyTarget: parent?.id ?? undefined,
    tos,
    ccs: [...ccs, ...(author ? [author.id] : [])],
  });
  notes.set(String(count), note);
  await send(ctx, recipients, new Create({
    id: newId("create"), actor: ctx.getActorUri(ME), object: note, tos: note.toIds, ccs: note.ccIds,
  }));
  return { id: note.id.href };
}

function ours(id) {
  const key = id.split("/").at(-1);
  return [key, notes.get(key)];
}

const acts = {
  async follow(ctx, { whom }) {
    const target = await find(ctx, whom);
    const id = newId("follow");
    follows.set(target.id.href, id);
    await send(ctx, target, new Follow({ id, actor: ctx.getActorUri(ME), object: target.id }));
    return { id: id.href, target: target.id.href };
  },
  async unfollow(ctx, { whom }) {
    const target = await find(ctx, whom);
    const follow = new Follow({
      id: follows.get(target.id.href), actor: ctx.getActorUri(ME), object: target.id,
    });
    await send(ctx, target, new Undo({ id: newId("undo"), actor: ctx.getActorUri(ME), object: follow }));
    return {};
  },
  post: publish,
  reply: publish,
  like: (ctx, what) => react(ctx, Like, what),
  boost: (ctx, what) => react(ctx, Announce, what),
  async undo(ctx, { id, kind, object, whom }) {
    const Kind = kind === "like" ? Like : Announce;
    const undone = new Kind({ id: new URL(id), actor: ctx.getActorUri(ME), object: new URL(object) });
    await send(ctx, await find(ctx, whom), new Undo({
      id: newId("undo"), actor: ctx.getActorUri(ME), object: undone, to: PUBLIC_COLLECTION,
    }));
    return {};
  },
  async edit(ctx, { id, text }) {
    const [key, old] = ours(id);
    const note = old.clone({ content: `<p>${text}</p>`, updated: Temporal.Now.instant() });
    notes.set(key, note);
    await send(ctx, [...followers.values()], new Update({
      id: newId("update"), actor: ctx.getActorUri(ME), object: note, tos: note.toIds, ccs: note.ccIds,
    }));
    return {};
  },
  async delete(ctx, { id }) {
    const [key, note] = ours(id);
    notes.delete(key);
    await send(ctx, [...followers.values()], new Delete({
      id: newId("delete"), actor: ctx.getActorUri(ME), object: new Tombstone({ id: note.id }),
      tos: note.toIds, ccs: note.ccIds,
    }));
    return {};
  },
  async fetch(ctx, { uri }) {
    const object = await find(ctx, uri);
    return object.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader });
  },
};

async function react(ctx, Kind, { object }) {
  const post = await find(ctx, object);
  const author = await post.getAttribution({ ...ctx, documentLoader: ctx.documentLoader });
  const id = newId(Kind.name.toLowerCase());
  await send(ctx, [author, ...followers.values()], new Kind({
    id, actor: ctx.getActorUri(ME), object: post.id, tos: [PUBLIC_COLLECTION],
    ccs: [author.id, ctx.getFollowersUri(ME)],
  }));
  return { id: id.href };
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function serveFederation(incoming, outgoing) {
  const body = await bodyOf(incoming);
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  }
  const request = new Request(origin + incoming.url, {
    method: incoming.method, headers, body: body.length ? body : undefined,
  });
  const scheme = headers.has("signature-input") ? "rfc9421" : headers.has("signature") ? "cavage" : "none";
  const response = await federation.fetch(request, { contextData: { scheme } });
  if (incoming.method === "POST" && response.status >= 400) {
    rejected.push({ scheme, status: response.status, path: incoming.url, body: body.toString() });
  }
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

async function serveControl(incoming, outgoing) {
  const answer = (status, document) => {
    outgoing.writeHead(status, { "Content-Type": "application/json" });
    outgoing.end(JSON.stringify(document));
  };
  try {
    if (incoming.url === "/received") return answer(200, received);
    if (incoming.url === "/rejected") return answer(200, rejected);
    if (incoming.url === "/followers") return answer(200, [...followers.keys()]);
    if (incoming.url === "/specs") return answer(200, await specs());
    const { act, ...rest } = JSON.parse(await bodyOf(incoming));
    const ctx = federation.createContext(new URL(origin), { scheme: "none" });
    return answer(200, (await acts[act](ctx, rest)) ?? {});
  } catch (error) {
    console.error(error);
    return answer(500, { error: String(error) });
  }
}

async function specs() {
  const found = {};
  for await (const { key, value } of kv.list(["_fedify", "httpMessageSignaturesSpec"])) {
    found[key.at(-1)] = value;
  }
  return found;
}

const tls = { cert: fs.readFileSync(options.cert), key: fs.readFileSync(options.key) };
const failed = (outgoing) => (error) => {
  console.error(error);
  outgoing.writeHead(500).end();
};
https
  .createServer(tls, (i, o) => serveFederation(i, o).catch(failed(o)))
  .listen(Number(options.port), "127.0.0.1", () => {
    http
      .createServer((i, o) => serveControl(i, o).catch(failed(o)))
      .listen(Number(options.control), "127.0.0.1", () => console.log("ready"));
  });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
