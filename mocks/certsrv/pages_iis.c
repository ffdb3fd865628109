/* IIS' own pages. The 401 title and text are what clients match on; the rest is frame. */
#include "mocks/certsrv/pages_iis.h"
#include "mocks/certsrv/pages.h"
#include <stddef.h>

static const struct status_page {
    unsigned status;
    const char *title, *text;
} status_pages[] = {
    {401, "Unauthorized: Access is denied due to invalid credentials.",
     "You do not have permission to view this directory or page using the credentials that you "
     "supplied."},
    {403, "Forbidden: Access is denied.",
     "You do not have permission to view this directory or page."},
    {404, "File or directory not found.",
     "What you are looking for is not here: it was removed, renamed, or never was."},
    {405, "HTTP verb used to access this page is not allowed.",
     "This page cannot be shown with the method (HTTP verb) that was used."},
    {500, "Internal server error.", "The page cannot be shown because of an error on the server."},
};
static const struct status_page other_page = {0, "Error.", "The page cannot be shown."};

void iis_page_moved(struct buf *out, const char *url) {
    buf_put_str(out, "<head><title>Document Moved</title></head>\n"
                     "<body><h1>Object Moved</h1>This document may be found <a HREF=\"");
    html_put(out, url);
    buf_put_str(out, "\">here</a></body>");
}

static const struct status_page *find(unsigned status) {
    for (size_t i = 0; i < sizeof status_pages / sizeof status_pages[0]; i++)
        if (status_pages[i].status == status)
            return &status_pages[i];
    return &other_page;
}

void iis_page_status(struct buf *out, unsigned status) {
    const struct status_page *page = find(status);
    page_line(out, "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
                   "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">");
    page_line(out, "<html xmlns=\"http://www.w3.org/1999/xhtml\">");
    page_line(out, "<head>");
    page_line(out, "<title>%u - %s</title>", status, page->title);
    page_line(out, "</head>");
    page_line(out, "<body>");
    page_line(out, "<div id=\"header\"><h1>Server Error</h1></div>");
    page_line(out, "<div id=\"content\">");
    page_line(out, " <h2>%u - %s</h2>", status, page->title);
    page_line(out, " <h3>%s</h3>", page->text);
    page_line(out, "</div>");
    page_line(out, "</body>");
    page_line(out, "</html>");
}

void iis_page_unavailable(struct buf *out) {
    page_line(out, "<HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD>");
    page_line(out, "<BODY><h2>Service Unavailable</h2>");
    page_line(out, "<hr><p>HTTP Error 503. The service is unavailable.</p>");
    page_line(out, "</BODY></HTML>");
}
