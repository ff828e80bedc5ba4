#include "node/api/html.h"

#include "federation/sanitize.h"

#include <openssl/evp.h>

#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:30rem;padding:1.5rem 1rem}"
    "h1{font-size:1.5rem;line-height:1.25}"
    "label{display:block;font-weight:600;margin-top:1rem}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;"
    "border:1px solid GrayText;border-radius:.25rem}"
    "button{font:inherit;margin:1.5rem .5rem 0 0;padding:.5rem 1.25rem;"
    "border:1px solid GrayText;border-radius:.25rem;cursor:pointer}"
    "button.main{font-weight:600;background:#1a5fb4;border-color:#1a5fb4;color:#fff}"
    "code{display:block;padding:.75rem;border:1px solid GrayText;border-radius:.25rem;"
    "overflow-wrap:anywhere;user-select:all}"
    "li{margin:.25rem 0}p,li,dd{overflow-wrap:anywhere}"
    ".wrong{border-left:.25rem solid #c01c28;padding-left:.75rem}"
    ":focus-visible{outline:.2rem solid #1a5fb4;outline-offset:.1rem}";

void html_hidden(struct buf *page, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(page, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    html_escape(value, page);
    buf_str(page, "\">\n");
}

void html_begin(struct buf *page, const char *title)
{
    buf_str(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                  "<meta name=\"robots\" content=\"noindex\">\n<title>");
    html_escape(title, page);
    buf_printf(page, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
    html_escape(title, page);
    buf_str(page, "</h1>\n");
}

static void set_policy(struct response *response)
{
    uint8_t hash[32];
    unsigned char text[4 * ((sizeof hash + 2) / 3) + 1] = "";
    if (EVP_Digest(style, strlen(style), hash, NULL, EVP_sha256(), NULL) == 1)
        EVP_EncodeBlock(text, hash, sizeof hash);
    AUTO(buf_clear) struct buf policy = BUF_INIT(512);
    buf_printf(&policy,
               "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; frame-ancestors 'none'",
               (const char *)text);
    response_set(response, "Content-Security-Policy", buf_text(&policy));
}

struct response *html_page(int status, struct buf *page)
{
    buf_str(page, "</main>\n</body>\n</html>\n");
    struct response *response = response_text(status, "text/html; charset=utf-8", page);
    set_policy(response);
    response_set(response, "Cache-Control", "private, no-store");
    return response;
}
