/*
 * html - the few pages this node shows to people: plain HTML, one style, no script. Text goes in by
 * html_escape (sanitize.h).
 *
 *     struct buf page = BUF_INIT(HTML_PAGE_MAX_BYTES);
 *     html_begin(&page, "Sign in");
 *     buf_str(&page, "<p>Hello, ");
 *     html_escape(name, &page);
 *     return html_page(200, &page);
 *
 * The policy a page is sent with names no form-action: browsers apply that to where a form's answer
 * leads, too, and an application may be anywhere.
 *
 * Source   threats.md T73, T76; CSP 3
 */
#ifndef WARD_NODE_API_HTML_H
#define WARD_NODE_API_HTML_H

#include "node/http/response.h"
#include "storage/base/buf.h"

#define HTML_PAGE_MAX_BYTES ((size_t)256 << 10)

/* <input type="hidden">; nothing at all for NULL. */
void html_hidden(struct buf *page, const char *name, const char *value);
/* Up to and with the heading; `title` is text. */
void html_begin(struct buf *page, const char *title);
/* Ends the page, and takes it. */
struct response *html_page(int status, struct buf *page);

#endif
