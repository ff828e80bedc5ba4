#include "storage/check_rows.h"

enum err check_card_wanted(struct check *check)
{
    CardWanted *wanted;
    if (!check_decode(check, &card_wanted__descriptor, &wanted))
        return OK;
    if (wanted->post != check_key_u64(check, 0))
        check_wrong(check, "the record says it is another");
    const Post *post = check_record(check, TABLE_POST, wanted->post, &post__descriptor);
    if (!post || !post->is_local)
        check_wrong(check, "names no post of ours");
    else if (post->card)
        check_wrong(check, "its post has a card");
    return OK;
}
