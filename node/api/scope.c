#include "node/api/scope.h"

#include <string.h>

#define CHILDREN(of)                                                                               \
    of "accounts", of "blocks", of "bookmarks", of "favourites", of "filters", of "follows",       \
        of "lists", of "mutes", of "notifications", of "statuses"

static const struct {
    const char *scope, *words;
} in_words[] = {
    {"read", "read everything in your account: posts, notifications, lists, settings"},
    {"read:accounts", "see profiles"},
    {"read:blocks", "see whom you block"},
    {"read:bookmarks", "see your bookmarks"},
    {"read:favourites", "see your favourites"},
    {"read:filters", "see your filters"},
    {"read:follows", "see whom you follow"},
    {"read:lists", "see your lists"},
    {"read:mutes", "see whom you mute"},
    {"read:notifications", "read your notifications"},
    {"read:search", "search as you"},
    {"read:statuses", "read all posts you can read, private ones too"},
    {"write", "change everything in your account, and post as you"},
    {"write:accounts", "change your profile"},
    {"write:blocks", "block people and nodes"},
    {"write:bookmarks", "bookmark posts"},
    {"write:conversations", "mark conversations as read, and remove them"},
    {"write:favourites", "favourite posts"},
    {"write:filters", "change your filters"},
    {"write:follows", "follow and unfollow people"},
    {"write:lists", "change your lists"},
    {"write:media", "upload media"},
    {"write:mutes", "mute people and conversations"},
    {"write:notifications", "clear your notifications"},
    {"write:reports", "report people to moderators"},
    {"write:statuses", "write and delete posts as you"},
    {"follow", "see and change whom you follow, block and mute"},
    {"push", "be sent your notifications"},
    {"profile", "see your name and profile, and nothing else"},
    {"admin:read", "read what moderators and administrators can read"},
    {"admin:write", "do what moderators and administrators can do"},
};

const char *scope_words(const char *scope)
{
    for (size_t i = 0; i < COUNT(in_words); i++)
        if (strcmp(in_words[i].scope, scope) == 0)
            return in_words[i].words;
    return scope;
}

const char *const scopes_all[] = {"read",
                                  CHILDREN("read:"),
                                  "read:search",
                                  "write",
                                  CHILDREN("write:"),
                                  "write:conversations",
                                  "write:media",
                                  "write:reports",
                                  "follow",
                                  "push",
                                  "profile",
                                  "admin:read",
                                  "admin:write",
                                  NULL};

/* The next word of a list; false at its end. */
static bool next_word(const char **list, struct bytes *out)
{
    *list += strspn(*list, " \t\r\n+");
    *out = (struct bytes){(const uint8_t *)*list, strcspn(*list, " \t\r\n+")};
    *list += out->n;
    return out->n > 0;
}

static bool word_is(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of(text));
}

static bool is_known(struct bytes word)
{
    for (size_t i = 0; scopes_all[i]; i++)
        if (word_is(word, scopes_all[i]))
            return true;
    return false;
}

bool scopes_are_known(const char *scopes)
{
    struct bytes word;
    bool any = false;
    for (; next_word(&scopes, &word); any = true)
        if (!is_known(word))
            return false;
    return any;
}

static bool is_of_follow(struct bytes wanted)
{
    static const char *const of_follow[] = {"read:blocks",   "write:blocks", "read:follows",
                                            "write:follows", "read:mutes",   "write:mutes"};
    for (size_t i = 0; i < COUNT(of_follow); i++)
        if (word_is(wanted, of_follow[i]))
            return true;
    return false;
}

static bool word_covers(struct bytes have, struct bytes wanted)
{
    if (bytes_equal(have, wanted))
        return true;
    if (word_is(have, "follow"))
        return is_of_follow(wanted);
    if (wanted.n > have.n && wanted.p[have.n] == ':')
        return memcmp(have.p, wanted.p, have.n) == 0;
    return false;
}

static bool covers_word(const char *granted, struct bytes wanted)
{
    struct bytes have;
    while (next_word(&granted, &have))
        if (word_covers(have, wanted))
            return true;
    return false;
}

bool scope_covers(const char *granted, const char *wanted)
{
    while (*wanted) {
        struct bytes one = {(const uint8_t *)wanted, strcspn(wanted, "|")};
        if (covers_word(granted, one))
            return true;
        wanted += one.n + (wanted[one.n] == '|');
    }
    return false;
}

bool scopes_cover(const char *granted, const char *wanted)
{
    struct bytes word;
    while (next_word(&wanted, &word))
        if (!covers_word(granted, word))
            return false;
    return true;
}

bool scope_is_listed(const char *scopes, const char *one)
{
    struct bytes word;
    while (next_word(&scopes, &word))
        if (word_is(word, one))
            return true;
    return false;
}
