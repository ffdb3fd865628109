/* The frame of every page and the small pages. It never writes a peer's text unescaped. */
#include "mocks/certsrv/pages.h"
#include <stdarg.h>

void html_put(struct buf *out, const char *text) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            buf_put_str(out, "&amp;");
            break;
        case '<':
            buf_put_str(out, "&lt;");
            break;
        case '>':
            buf_put_str(out, "&gt;");
            break;
        case '"':
            buf_put_str(out, "&quot;");
            break;
        case '\'':
            buf_put_str(out, "&#39;");
            break;
        default:
            buf_put_u8(out, (uint8_t)*text);
        }
    }
}

void page_line(struct buf *out, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    buf_vprintf(out, fmt, args);
    va_end(args);
    buf_put_str(out, "\r\n");
}

static const char *word(const struct page_site *site, enum page_text text) {
    return page_text(site->language, text);
}

void page_paragraph(struct buf *out, const struct page_site *site, const char *id,
                    enum page_text text) {
    page_line(out, "<P ID=%s> %s </P>", id, word(site, text));
}

void page_begin(struct buf *out, const struct page_site *site, enum page_text heading) {
    page_line(out, "<HTML>");
    page_line(out, "<Head>");
    page_line(out, "    <Meta HTTP-Equiv=\"Content-Type\" Content=\"text/html; charset=UTF-8\">");
    page_line(out, "    <Title>%s</Title>", word(site, TEXT_TITLE));
    page_line(out, "</Head>");
    page_line(out, "<Body BgColor=#FFFFFF Link=#0000FF VLink=#0000FF ALink=#0000FF>");
    page_line(out, "<Table Border=0 CellSpacing=0 CellPadding=4 Width=100%% BgColor=#008080>");
    buf_printf(out, "<TR><TD><Font Color=#FFFFFF><LocID ID=locMSCertSrv>%s</LocID>",
               word(site, TEXT_TITLE));
    buf_put_str(out, " &nbsp;--&nbsp; ");
    html_put(out, site->ca_name);
    page_line(out, " &nbsp;</Font></TD>");
    page_line(out,
              "<TD ID=locHomeAlign Align=Right><A Href=\"/certsrv\"><Font Color=#FFFFFF>"
              "<LocID ID=locHomeLink>%s</LocID></Font></A></TD></TR>",
              word(site, TEXT_HOME));
    page_line(out, "</Table>");
    page_line(out, "<P ID=locPageTitle> <B> %s </B>", word(site, heading));
    page_line(out, "<Table Border=0 CellSpacing=0 CellPadding=0 Width=100%%>"
                   "<TR><TD Height=2 BgColor=#008080></TD></TR></Table>");
}

void page_end(struct buf *out) {
    page_line(out, "</Body>");
    page_line(out, "</HTML>");
}

static void task(struct buf *out, const struct page_site *site, const char *href, const char *id,
                 enum page_text text) {
    page_line(out, "<TR><TD><A Href=\"%s\"><LocID ID=%s>%s</LocID></A></TD></TR>", href, id,
              word(site, text));
}

void page_home(struct buf *out, const struct page_site *site) {
    page_begin(out, site, TEXT_WELCOME);
    page_paragraph(out, site, "locWelcomeInfo", TEXT_HOME_INFO);
    page_paragraph(out, site, "locSelectTask", TEXT_SELECT_TASK);
    page_line(out, "<Table Border=0 CellSpacing=4 CellPadding=0>");
    task(out, site, "certrqxt.asp", "locRequest", TEXT_TASK_REQUEST);
    task(out, site, "certckpn.asp", "locCheckPending", TEXT_TASK_STATUS);
    task(out, site, "certcarc.asp", "locRetrieveCA", TEXT_TASK_DOWNLOAD);
    page_line(out, "</Table>");
    page_end(out);
}

void page_check_pending(struct buf *out, const struct page_site *site) {
    page_begin(out, site, TEXT_CHECK_STATUS);
    page_paragraph(out, site, "locNoRequests", TEXT_NOTHING_REMEMBERED);
    page_end(out);
}

static void option(struct buf *out, const struct page_option *o) {
    buf_put_str(out, "<Option Value=\"");
    html_put(out, o->value);
    buf_put_str(out, "\">");
    html_put(out, o->name);
    buf_put_str(out, "\r\n");
}

static void template_list(struct buf *out, const struct page_site *site,
                          const struct page_option *options, size_t count) {
    if (count == 0) {
        page_paragraph(out, site, "locNoTemplates", TEXT_NO_TEMPLATES);
        return;
    }
    page_paragraph(out, site, "locTemplateHead", TEXT_TEMPLATE);
    page_line(out, "<Select Name=lbCertTemplate ID=lbCertTemplateID>");
    for (size_t i = 0; i < count; i++)
        option(out, &options[i]);
    page_line(out, "</Select>");
}

static void submitted_form(struct buf *out) {
    static const char *const fields[] = {"Mode",         "CertRequest",      "CertAttrib",
                                         "FriendlyType", "TargetStoreFlags", "SaveCert"};
    page_line(out, "<Form Name=SubmittedData Action=\"certfnsh.asp\" Method=Post>");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        page_line(out, "<Input Type=Hidden Name=%s>", fields[i]);
    page_line(out, "</Form>");
}

/* Puts the visible form into the hidden one and sends that, as a browser does. */
static void submit_script(struct buf *out) {
    page_line(out, "<Script Language=\"JavaScript\">");
    page_line(out, "function goNext() {");
    page_line(out, "    var to = document.SubmittedData, from = document.UIForm;");
    page_line(out, "    var chosen = from.lbCertTemplate ? from.lbCertTemplate.value : \"\";");
    page_line(out, "    to.Mode.value = \"newreq\";");
    page_line(out, "    to.CertRequest.value = from.taRequest.value;");
    page_line(out, "    to.CertAttrib.value = \"CertificateTemplate:\" + chosen.split(\";\")[1] +");
    page_line(out, "        \"\\r\\n\" + from.taAttrib.value;");
    page_line(out, "    to.FriendlyType.value = \"Saved-Request Certificate\";");
    page_line(out, "    to.TargetStoreFlags.value = \"0\";");
    page_line(out, "    to.SaveCert.value = \"yes\";");
    page_line(out, "    to.submit();");
    page_line(out, "}");
    page_line(out, "</Script>");
}

void page_request_form(struct buf *out, const struct page_site *site,
                       const struct page_option *options, size_t count) {
    page_begin(out, site, TEXT_REQUEST_FORM);
    submitted_form(out);
    page_line(out, "<Form Name=UIForm OnSubmit=\"goNext();return false;\">");
    page_paragraph(out, site, "locSavedReqLabel", TEXT_SAVED_REQUEST);
    page_line(out, "<TextArea ID=locTaRequest Name=taRequest Rows=10 Cols=64></TextArea>");
    template_list(out, site, options, count);
    page_paragraph(out, site, "locAttribHead", TEXT_ATTRIBUTES);
    page_line(out, "<TextArea ID=locTaAttrib Name=taAttrib Rows=4 Cols=64></TextArea>");
    page_line(out, "<P><Input ID=locBtnSubmit Type=Submit Name=btnSubmit Value=\"%s\"></P>",
              word(site, TEXT_SUBMIT));
    page_line(out, "</Form>");
    submit_script(out);
    page_end(out);
}

static void ca_option(struct buf *out, const struct page_site *site, unsigned i) {
    bool current = i == site->renewals;
    buf_printf(out, "<Option Value=\"%u\"%s>%s [", i, current ? " Selected" : "",
               word(site, current ? TEXT_CURRENT : TEXT_PREVIOUS));
    html_put(out, site->ca_name);
    if (i > 0)
        buf_printf(out, "(%u)", i);
    buf_put_str(out, "]\r\n");
}

static void ca_script(struct buf *out, const struct page_site *site) {
    page_line(out, "<Script Language=\"JavaScript\">");
    page_line(out, "var nRenewals=%u;", site->renewals);
    page_line(out, "var CRL_AVAILABLE=3;");
    page_line(out, "var rgCrlState=new Array();");
    for (unsigned i = 0; i <= site->renewals; i++)
        page_line(out, "rgCrlState[%u]=3;", i);
    page_line(out, "function chosen() {");
    page_line(out, "    return \"Renewal=\"+document.UIForm.lbCaInstance.value;");
    page_line(out, "}");
    page_line(out, "function get(path, type) {");
    page_line(out, "    location=path+\"?\"+type+\"&\"+chosen()+\"&Enc=bin\";");
    page_line(out, "}");
    page_line(out, "</Script>");
}

void page_ca_download(struct buf *out, const struct page_site *site) {
    page_begin(out, site, TEXT_DOWNLOAD);
    ca_script(out, site);
    page_line(out, "<Form Name=UIForm>");
    page_paragraph(out, site, "locCACertHead", TEXT_CA_CERTIFICATE);
    page_line(out, "<Select Size=4 Name=lbCaInstance ID=lbCaID>");
    for (unsigned i = site->renewals + 1; i-- > 0;)
        ca_option(out, site, i);
    page_line(out, "</Select>");
    page_line(out, "</Form>");
    page_line(out,
              "<P><A Href=\"certnew.cer?ReqID=CACert&amp;Renewal=%u&amp;Enc=bin\">DER</A> "
              "<A Href=\"certnew.cer?ReqID=CACert&amp;Renewal=%u&amp;Enc=b64\">Base 64</A>",
              site->renewals, site->renewals);
    page_line(out,
              "<A Href=\"certnew.p7b?ReqID=CACert&amp;Renewal=%u&amp;Enc=bin\">PKCS #7</A> "
              "<A Href=\"certcrl.crl?Type=base&amp;Renewal=%u&amp;Enc=bin\">CRL</A></P>",
              site->renewals, site->renewals);
    page_end(out);
}
