/*
 * A small server built on Fedify, told over a control port what to do.
 *
 *   node peer.mjs --host fedify.localhost --port N --control N --cert F --key F --first rfc9421|cavage
 *
 * Federation is HTTPS on --port, served by this process itself. The control port is plain HTTP on
 * 127.0.0.1: POST / with {"act": ..., ...} performs an act, as the actor "fay" or the one named in "as",
 * and answers when the other server did; GET /received lists what arrived and verified, GET /rejected
 * what did not, GET /fetched what was asked for, GET /specs which signature scheme each origin accepted.
 * Prints "ready" when both ports are open.
 *
 * Documents an act brings are read into Fedify's classes and written by them again: on the wire they have
 * Fedify's shape.
 */

import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { parseArgs } from "node:util";
import { Temporal } from "@js-temporal/polyfill";
import {
  createFederation, generateCryptoKeyPair, MemoryKvStore, signObject, verifyObject, verifyRequest,
} from "@fedify/fedify";
import * as vocab from "@fedify/vocab";

const {
  Accept, Activity, Announce, Application, Collection, Create, Delete, Endpoints, Follow, Group, isActor, Like,
  Note, Organization, Person, PUBLIC_COLLECTION, QuoteAuthorization, QuoteRequest, Reject, Service, Tombstone,
  Undo, Update,
} = vocab;

const { values: options } = parseArgs({
  options: Object.fromEntries(
    ["host", "port", "control", "cert", "key", "first"].map((name) => [name, { type: "string" }]),
  ),
});
const origin = `https://${options.host}:${options.port}`;

/* Who lives here, one of each kind. */
const KINDS = { fay: Person, bot: Service, app: Application, org: Organization, grp: Group, new: Person };

/* Terms for the documents that acts bring; each URL is one that Fedify carries. */
const CONTEXT = [
  "https://www.w3.org/ns/activitystreams",
  "https://w3id.org/security/v1",
  "https://w3id.org/security/data-integrity/v1",
  "https://gotosocial.org/ns",
  {
    sensitive: "as:sensitive", Hashtag: "as:Hashtag", quoteUrl: "as:quoteUrl",
    toot: "http://joinmastodon.org/ns#", Emoji: "toot:Emoji", votersCount: "toot:votersCount",
    blurhash: "toot:blurhash", focalPoint: { "@id": "toot:focalPoint", "@container": "@list" },
    EmojiReact: "http://litepub.social/ns#EmojiReact",
    QuoteRequest: "https://w3id.org/fep/044f#QuoteRequest",
    quote: { "@id": "https://w3id.org/fep/044f#quote", "@type": "@id" },
    quoteAuthorization: { "@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id" },
  },
];

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

/* Making an RSA key of Fedify's size takes seconds: all share one, each under an id of its own. */
const rsa = await generateCryptoKeyPair("RSASSA-PKCS1-v1_5");
const people = new Map();
for (const name of Object.keys(KINDS)) {
  people.set(name, {
    keys: [rsa, await generateCryptoKeyPair("Ed25519")],
    profile: { name: `${name[0].toUpperCase()}${name.slice(1)} of Fedify` },
    followers: new Map(),
    pinned: [],
    sent: [],
  });
}
const objects = new Map(); /* id -> what is served there */
const asked = new Map(); /* the Follow's id -> who asked us */
const follows = new Map(); /* whom we asked: their id -> the Follow's id */
const received = [];
const rejected = [];
const fetched = [];
let count = 0;
const answers = { follows: "accept", quotes: "accept" }; /* or "reject", or "wait" */

/* ---- what is served ---- */

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    if (!people.has(identifier)) return null;
    const pairs = await ctx.getActorKeyPairs(identifier);
    const { name, summary, aliases, successor, locked } = people.get(identifier).profile;
    return new KINDS[identifier]({
      id: ctx.getActorUri(identifier),
      name,
      summary,
      preferredUsername: identifier,
      manuallyApprovesFollowers: locked ?? false,
      aliases: (aliases ?? []).map((a) => new URL(a)),
      successor: successor ? new URL(successor) : undefined,
      inbox: ctx.getInboxUri(identifier),
      followers: ctx.getFollowersUri(identifier),
      outbox: ctx.getOutboxUri(identifier),
      featured: ctx.getFeaturedUri(identifier),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher((_ctx, identifier) => people.get(identifier)?.keys ?? []);

const whole = (list) => (_ctx, identifier) => ({ items: people.has(identifier) ? list(people.get(identifier)) : [] });
federation.setFollowersDispatcher("/users/{identifier}/followers", whole((p) => [...p.followers.values()]));
federation.setOutboxDispatcher("/users/{identifier}/outbox", whole((p) => p.sent));
federation.setFeaturedDispatcher("/users/{identifier}/featured", whole((p) => p.pinned.map((id) => objects.get(id))));

const SERVED = ["Note", "Article", "Question", "Page", "Image", "Video", "Audio", "Event", "Document",
  "QuoteAuthorization", "Tombstone"];
for (const name of SERVED) {
  federation.setObjectDispatcher(vocab[name], `/${name.toLowerCase()}s/{id}`, (ctx, { id }) =>
    objects.get(ctx.getObjectUri(vocab[name], { id }).href) ?? null);
}
federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
  software: { name: "ward-interop-peer", version: "1.0.0" },
  protocols: ["activitypub"],
  usage: { users: { total: people.size }, localPosts: objects.size, localComments: 0 },
}));

/* ---- what comes in ---- */

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Activity, async (ctx, activity) => {
    const document = await activity.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader });
    received.push({ ...ctx.data, recipient: ctx.recipient, type: document.type, document });
    if (activity instanceof Follow) await answerFollow(ctx, activity);
    if (activity instanceof Undo) await forgetFollower(ctx, activity);
    if (activity instanceof QuoteRequest) await answerQuote(ctx, activity);
  });

async function answerFollow(ctx, follow) {
  const follower = await follow.getActor(ctx);
  const name = ctx.parseUri(follow.objectId)?.identifier;
  if (!isActor(follower) || !people.has(name)) return;
  if (follow.id) asked.set(follow.id.href, { follow, follower, name });
  if (answers.follows !== "wait") await acts[answers.follows](ctx, { id: follow.id.href });
}

/* An Undo may embed what it undoes or name it. */
async function forgetFollower(ctx, undo) {
  const undone = await undo.getObject({ ...ctx, suppressError: true });
  const known = asked.get((undone?.id ?? undo.objectId)?.href);
  const name = known?.name ?? (undone instanceof Follow ? ctx.parseUri(undone.objectId)?.identifier : null);
  people.get(name)?.followers.delete(undo.actorId.href);
}

async function answerQuote(ctx, request) {
  const Kind = answers.quotes === "accept" ? Accept : Reject;
  const quoter = await request.getActor(ctx);
  count += 1;
  const stamp = new QuoteAuthorization({
    id: ctx.getObjectUri(QuoteAuthorization, { id: String(count) }),
    attribution: ctx.getActorUri("fay"),
    interactingObject: request.instrumentId,
    interactionTarget: request.objectId,
  });
  objects.set(stamp.id.href, stamp);
  await send(ctx, "fay", quoter, new Kind({
    id: newId("answer"), actor: ctx.getActorUri("fay"), object: request,
    result: Kind === Accept ? stamp.id : undefined,
  }));
}

/* ---- acts ---- */

function newId(word) {
  count += 1;
  return new URL(`${origin}/${word}/${count}`);
}

function send(ctx, name, to, activity) {
  return ctx.sendActivity({ identifier: name }, to, activity, { normalizeExistingProofs: true });
}

async function loaders(ctx, name) {
  return {
    contextLoader: ctx.contextLoader,
    documentLoader: await ctx.getDocumentLoader({ identifier: name ?? "fay" }),
  };
}

async function find(ctx, what, name) {
  const object = await ctx.lookupObject(what.startsWith("http") ? new URL(what) : what, await loaders(ctx, name));
  if (object == null) throw new Error(`not found: ${what}`);
  return object;
}

/* An object or activity of Fedify's from plain JSON. */
async function read(ctx, Kind, document) {
  return await Kind.fromJsonLd({ "@context": CONTEXT, ...document }, await loaders(ctx));
}

/* Followers of `name`, and whoever is named in `to`. */
async function recipients(ctx, name, to, isToFollowers) {
  const named = await Promise.all((to ?? []).map((who) => find(ctx, who, name)));
  return [...(isToFollowers ? people.get(name).followers.values() : []), ...named];
}

function audience(ctx, name, visibility) {
  const mine = ctx.getFollowersUri(name);
  if (visibility === "followers") return { tos: [mine], ccs: [] };
  if (visibility === "unlisted") return { tos: [mine], ccs: [PUBLIC_COLLECTION] };
  if (visibility === "direct") return { tos: [], ccs: [] };
  return { tos: [PUBLIC_COLLECTION], ccs: [mine] };
}

/* Puts an object where it is served, under an id of ours. */
async function serve(ctx, name, document) {
  const Kind = vocab[document.type];
  count += 1;
  const id = ctx.getObjectUri(Kind, { id: String(count) });
  const { tos, ccs } = audience(ctx, name, document.visibility);
  const { visibility, mentions, ...rest } = document;
  const plain = {
    attributedTo: ctx.getActorUri(name).href,
    published: Temporal.Now.instant().toString(),
    to: [...tos.map((u) => u.href), ...(mentions ?? [])],
    cc: ccs.map((u) => u.href),
    ...rest,
    id: id.href,
  };
  const object = await read(ctx, Kind, plain);
  objects.set(id.href, object);
  return object;
}

function changed(ctx, name, Kind, word, object) {
  return new Kind({
    id: newId(word), actor: ctx.getActorUri(name), object, tos: object.toIds, ccs: object.ccIds,
  });
}

const acts = {
  async follow(ctx, { as = "fay", whom }) {
    const target = await find(ctx, whom);
    const id = newId("follow");
    follows.set(as + target.id.href, id);
    await send(ctx, as, target, new Follow({ id, actor: ctx.getActorUri(as), object: target.id }));
    return { id: id.href, target: target.id.href };
  },
  async unfollow(ctx, { as = "fay", whom }) {
    const target = await find(ctx, whom);
    const me = ctx.getActorUri(as);
    const follow = new Follow({ id: follows.get(as + target.id.href), actor: me, object: target.id });
    await send(ctx, as, target, new Undo({ id: newId("undo"), actor: me, object: follow }));
  },
  /* How what is asked of us is answered from now on: {follows, quotes}. */
  answer: (_ctx, how) => void Object.assign(answers, how),
  async accept(ctx, { id }) {
    const { follow, follower, name } = asked.get(id);
    people.get(name).followers.set(follower.id.href, follower);
    const me = ctx.getActorUri(name);
    await send(ctx, name, follower, new Accept({ id: newId("accept"), actor: me, object: follow }));
  },
  async reject(ctx, { id }) {
    const { follow, follower, name } = asked.get(id);
    people.get(name).followers.delete(follower.id.href);
    const me = ctx.getActorUri(name);
    await send(ctx, name, follower, new Reject({ id: newId("reject"), actor: me, object: follow }));
  },
  /* A note of the usual kind. */
  async post(ctx, { as = "fay", text, replyTo, visibility, to }) {
    const parent = replyTo ? await find(ctx, replyTo, as) : null;
    const author = parent?.attributionId ? [parent.attributionId.href] : [];
    const named = await Promise.all((to ?? []).map(async (who) => (await find(ctx, who)).id.href));
    return await acts.create(ctx, { as, to: [...author, ...named], object: {
      type: "Note", content: `<p>${text}</p>`, inReplyTo: parent?.id.href, visibility,
      mentions: [...author, ...named],
    } });
  },
  /* Any object, served and announced by a Create. */
  async create(ctx, { as = "fay", object, to }) {
    const made = await serve(ctx, as, object);
    const activity = changed(ctx, as, Create, "create", made);
    people.get(as).sent.unshift(activity);
    await send(ctx, as, await recipients(ctx, as, to, object.visibility !== "direct"), activity);
    return { id: made.id.href };
  },
  /* Any object, served and not announced. */
  serve: async (ctx, { as = "fay", object }) => ({ id: (await serve(ctx, as, object)).id.href }),
  async edit(ctx, { as = "fay", id, text, more, to }) {
    const updated = Temporal.Now.instant();
    const old = await objects.get(id).toJsonLd({ format: "compact", contextLoader: ctx.contextLoader });
    const content = text ? { content: `<p>${text}</p>` } : {};
    const object = await read(ctx, vocab[old.type], { ...old, ...content, ...more, updated: updated.toString() });
    objects.set(id, object);
    await send(ctx, as, await recipients(ctx, as, to, true), changed(ctx, as, Update, "update", object));
  },
  async delete(ctx, { as = "fay", id }) {
    const object = objects.get(id);
    const gone = new Tombstone({ id: object.id, deleted: Temporal.Now.instant() });
    objects.set(id, gone);
    await send(ctx, as, await recipients(ctx, as, [], true), new Delete({
      id: newId("delete"), actor: ctx.getActorUri(as), object: gone, tos: object.toIds, ccs: object.ccIds,
    }));
  },
  like: (ctx, what) => react(ctx, Like, what),
  boost: (ctx, what) => react(ctx, Announce, what),
  /* Any activity: id and actor are ours unless it brings them. */
  async send(ctx, { as = "fay", activity, to, followers = false }) {
    const id = activity.id ?? newId("activity").href;
    const made = await read(ctx, Activity, { actor: ctx.getActorUri(as).href, id, ...activity });
    await send(ctx, as, await recipients(ctx, as, to, followers), made);
    return { id };
  },
  /* The same, proved and handed back instead of sent. */
  async sign(ctx, { as = "fay", activity }) {
    const made = await read(ctx, Activity, {
      actor: ctx.getActorUri(as).href, id: newId("activity").href, ...activity,
    });
    const pair = (await ctx.getActorKeyPairs(as))[1];
    const proved = await signObject(made, pair.privateKey, pair.multikey.id, await loaders(ctx, as));
    return await proved.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader });
  },
  /* Changes a profile and tells the followers. */
  async profile(ctx, { as = "fay", quiet, ...changes }) {
    Object.assign(people.get(as).profile, changes);
    if (quiet) return;
    const me = await federation.createContext(new Request(origin), ctx.data).getActor(as);
    await send(ctx, as, await recipients(ctx, as, [], true), new Update({
      id: newId("update"), actor: me.id, object: me, tos: [PUBLIC_COLLECTION],
    }));
  },
  pin: (_ctx, { as = "fay", ids }) => void (people.get(as).pinned = ids),
  async fetch(ctx, { as, uri }) {
    const object = await find(ctx, uri, as);
    return await object.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader });
  },
  /* A whole collection, page by page: what its items are called. */
  async collect(ctx, { as, uri }) {
    const collection = await find(ctx, uri, as);
    if (!(collection instanceof Collection)) throw new Error(`no collection: ${uri}`);
    const items = [];
    for await (const item of ctx.traverseCollection(collection, await loaders(ctx, as))) {
      items.push({ type: item.constructor.name, id: item.id?.href, object: item.objectId?.href });
    }
    return { total: collection.totalItems, items };
  },
};

async function react(ctx, Kind, { as = "fay", object }) {
  const post = await find(ctx, object, as);
  const author = await post.getAttribution({ ...ctx, documentLoader: ctx.documentLoader });
  const id = newId(Kind.name.toLowerCase());
  const me = ctx.getActorUri(as);
  await send(ctx, as, [author, ...people.get(as).followers.values()], new Kind({
    id, actor: me, object: post.id, tos: [PUBLIC_COLLECTION], ccs: [author.id, ctx.getFollowersUri(as)],
  }));
  return { id: id.href };
}

/* ---- the two ports ---- */

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

/* Fedify takes a good proof for the sender's word and looks at no HTTP signature then: each is asked for alone. */
async function judge(request, body) {
  const ctx = federation.createContext(new URL(origin), {});
  const how = { contextLoader: ctx.contextLoader, documentLoader: ctx.documentLoader };
  const isProved = async () => {
    const document = JSON.parse(body);
    return "proof" in document && (await verifyObject(Activity, document, how)) != null;
  };
  return {
    signed: (await verifyRequest(request.clone(), how).catch(() => null)) != null,
    proved: body.length > 0 && await isProved().catch(() => false),
  };
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
  const judged = scheme === "none" && !body.length ? { signed: false } : await judge(request, body);
  const response = await federation.fetch(request, { contextData: { scheme, ...judged, body: body.toString() } });
  if (incoming.method === "POST" && response.status >= 400) {
    rejected.push({ scheme, ...judged, status: response.status, path: incoming.url, body: body.toString() });
  }
  if (incoming.method === "GET") fetched.push({ scheme, ...judged, status: response.status, path: incoming.url });
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
    if (incoming.url === "/fetched") return answer(200, fetched);
    if (incoming.url === "/followers") return answer(200, followersOfEach());
    if (incoming.url === "/specs") return answer(200, await specs());
    const { act, ...rest } = JSON.parse(await bodyOf(incoming));
    const ctx = federation.createContext(new URL(origin), { scheme: "none" });
    return answer(200, (await acts[act](ctx, rest)) ?? {});
  } catch (error) {
    console.error(error);
    return answer(500, { error: String(error) });
  }
}

function followersOfEach() {
  return Object.fromEntries([...people].map(([name, { followers }]) => [name, [...followers.keys()]]));
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
