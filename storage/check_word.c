#include "storage/check_rows.h"

#include "storage/word.h"

#include <stdlib.h>

/* To tell a post's words costs more than anything else here, and a post has forty of them: beyond
 * these rows one in sixteen is proved to be a word of its post. They stand in no order. */
#define PROVED_ALL 100000
#define PROVED_ONE_IN 16

enum err check_post_words(struct check *check, const Post *post)
{
    struct word_owners words;
    enum err e = word_owners_of(check->txn, post, &check->arena, &words);
    if (e)
        return e;
    for (size_t i = 0; i < words.n; i++)
        if (!word_has(check->txn, words.item[i], (post_id){post->id})) {
            check_wrong(check, "is not found by one of its words: %s", post->uri);
            break;
        }
    return OK;
}

enum err check_word(struct check *check)
{
    uint64_t owner = check_key_u64(check, 0), id = check_key_u64(check, 8);
    struct word_owners words;
    bool is_its = false;
    if (check->words++ > PROVED_ALL && check->words % PROVED_ONE_IN) {
        if (!check_has(check, TABLE_POST, key_id(id)))
            check_wrong(check, "names a post that does not exist");
        return OK;
    }
    Post *post = check_record(check, TABLE_POST, id, &post__descriptor);
    enum err e = post ? word_owners_of(check->txn, post, &check->arena, &words) : OK;
    if (e)
        return e;
    for (size_t i = 0; post && i < words.n; i++)
        is_its = is_its || words.item[i] == owner;
    if (!is_its)
        check_wrong(check, "names a post %s", post ? "without that word" : "that does not exist");
    return OK;
}
