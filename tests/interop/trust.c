/*
 * trust - loaded ahead of a program's libcurl: each transfer trusts the authorities in $TRUST_CA.
 *
 * For programs that cannot be told: the curl tool reads a variable for this, the library does not.
 */

#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

CURLcode curl_easy_perform(CURL *handle)
{
    CURLcode (*perform)(CURL *);
    void *found = dlsym(RTLD_NEXT, "curl_easy_perform");

    memcpy(&perform, &found, sizeof perform);
    curl_easy_setopt(handle, CURLOPT_CAINFO, getenv("TRUST_CA"));
    curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
    return perform(handle);
}
