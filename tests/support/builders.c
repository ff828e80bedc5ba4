#include "tests/support/builders.h"

#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/peer.h"
#include "storage/post.h"

#include <stdio.h>
#include <stdlib.h>

static void must(enum err e, const char *what)
{
    if (e == OK)
        return;
    fprintf(stderr, "tests/support/builders: %s: %s\n", what, err_name(e));
    abort();
}

actor_id build_actor(struct txn *txn, const char *name, const char *host)
{
    char uri[256], key_uri[300];
    snprintf(uri, sizeof uri, "https://%s/users/%s", host[0] ? host : "ward.example", name);
    snprintf(key_uri, sizeof key_uri, "%s#main-key", uri);
    ActorKey key = ACTOR_KEY__INIT, *keys[] = {&key};
    Actor actor = ACTOR__INIT;
    key.id = key_uri;
    actor.uri = uri;
    actor.username = (char *)name;
    actor.host = (char *)host;
    actor.keys = keys;
    actor.n_keys = 1;
    must(actor_put(txn, &actor, BUILD_NOW_MS), uri);
    return (actor_id){actor.id};
}

enum err build_post_try(struct txn *txn, const struct build_post *with, post_id *out)
{
    Mention mention[COUNT(with->mentions)], *mentions[COUNT(with->mentions)];
    Post post = POST__INIT;
    post.uri = (char *)with->uri;
    post.author = with->author.v;
    post.type = (char *)"Note";
    post.content_html = (char *)"<p>text</p>";
    post.visibility = with->visibility;
    post.boost_of = with->boost_of;
    post.published_ms = with->published_ms ? with->published_ms : BUILD_NOW_MS;
    if (with->language)
        post.language = (char *)with->language;
    if (with->in_reply_to)
        post.in_reply_to_uri = (char *)with->in_reply_to;
    post.tags = (char **)with->tags;
    while (post.n_tags < COUNT(with->tags) && with->tags[post.n_tags])
        post.n_tags++;
    post.mentions = mentions;
    for (size_t i = 0; i < COUNT(with->mentions) && with->mentions[i].v; i++) {
        mention[i] = (Mention)MENTION__INIT;
        mention[i].actor = with->mentions[i].v;
        mentions[post.n_mentions++] = &mention[i];
    }
    enum err e = post_add(txn, &post, BUILD_NOW_MS);
    if (!e)
        out->v = post.id;
    return e;
}

post_id build_post(struct txn *txn, const struct build_post *with)
{
    post_id id = {0};
    must(build_post_try(txn, with, &id), with->uri);
    return id;
}

post_id build_boost(struct txn *txn, const char *uri, actor_id who, post_id what)
{
    post_id id =
        build_post(txn, &(struct build_post){.uri = uri, .author = who, .boost_of = what.v});
    Edge edge = EDGE__INIT;
    edge.uri = (char *)uri;
    edge.post = id.v;
    must(edge_add(txn, (struct edge_key){EDGE_BOOST, who.v, what.v}, &edge), uri);
    return id;
}

peer_id build_peer(struct txn *txn, const char *host)
{
    peer_id peer;
    must(peer_ensure(txn, host, BUILD_NOW_MS, &peer), host);
    return peer;
}

uint64_t build_job(struct txn *txn, peer_id peer, uint64_t subject)
{
    OutJob job = OUT_JOB__INIT;
    job.inbox = (char *)"https://peer.example/inbox";
    job.activity_type = (char *)"Create";
    job.subject = subject;
    must(outqueue_add_body(txn, bytes_of("{}"), BUILD_NOW_MS, &job.body), "body");
    must(outqueue_add(txn, peer, &job, BUILD_NOW_MS), "job");
    return job.seq;
}
