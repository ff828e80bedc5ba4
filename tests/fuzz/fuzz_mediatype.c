/* fuzz_mediatype - a Content-Type of any bytes is judged without harm. */
#include "node/http/mediatype.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    for (size_t i = 0; mediatype_activity[i]; i++)
        (void)mediatype_matches((struct bytes){data, n}, mediatype_activity[i]);
    return 0;
}
