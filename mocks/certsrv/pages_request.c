/* The answers of certfnsh.asp, and the error page. The order of the lines matters: shell clients
 * take the first line with a word in it (protocol/certsrv.md 2.2). It never writes into the issued
 * page a word by which clients recognise a refusal. */
#include "mocks/certsrv/hresult.h"
#include "mocks/certsrv/pages.h"
#include <inttypes.h>

const char page_mode_fetch[] = " - (certnew.cer/certnew.p7b/certcrl.crl certificate/crl fetch)";
const char page_mode_submit[] = "newreq - New Request";
const char page_mode_check[] = "chkpnd - Check Pending Request";

static const char *word(const struct page_site *site, enum page_text text) {
    return page_text(site->language, text);
}

static void download(struct buf *out, const struct page_site *site, int64_t id,
                     const char *label_id, enum page_text label, const char *file) {
    page_line(out,
              "<TR><TD><LocID ID=%s>%s</LocID><A Href=\"%s?ReqID=%" PRId64
              "&amp;Enc=bin\"><LocID ID=locDerEnc>%s</LocID></A> | <A Href=\"%s?ReqID=%" PRId64
              "&amp;Enc=b64\"><LocID ID=locB64Enc>%s</LocID></A></TD></TR>",
              label_id, word(site, label), file, id, word(site, TEXT_DER), file, id,
              word(site, TEXT_BASE64));
}

static void script_downloads(struct buf *out, int64_t id) {
    page_line(out, "<Script Language=\"JavaScript\">");
    page_line(out, "function getEncoding() {");
    page_line(out, "    return document.UIForm.rbEnc[0].checked ? \"Enc=bin\" : \"Enc=b64\";");
    page_line(out, "}");
    page_line(out, "function handleGetCert() {");
    page_line(out, "    location=\"certnew.cer?ReqID=%" PRId64 "&\"+getEncoding();", id);
    page_line(out, "}");
    page_line(out, "function handleGetChain() {");
    page_line(out, "    location=\"certnew.p7b?ReqID=%" PRId64 "&\"+getEncoding();", id);
    page_line(out, "}");
    page_line(out, "</Script>");
    page_line(out, "<Script Language=\"VBScript\">");
    page_line(out, "' nReqId = %" PRId64, id);
    page_line(out, "</Script>");
}

void page_issued(struct buf *out, const struct page_site *site, int64_t id) {
    page_begin(out, site, TEXT_ISSUED);
    page_line(out, "<P ID=locInfo> %s</P>", word(site, TEXT_ISSUED_INFO));
    page_line(out, "<Form Name=UIForm>");
    page_line(out,
              "<Input Type=Radio Name=rbEnc ID=rbDerEnc Checked><Label For=rbDerEnc>%s</Label>",
              word(site, TEXT_DER));
    page_line(out, "<Input Type=Radio Name=rbEnc ID=rbB64Enc><Label For=rbB64Enc>%s</Label>",
              word(site, TEXT_BASE64));
    page_line(out, "</Form>");
    page_line(out, "<Table>");
    download(out, site, id, "locDownloadCert1", TEXT_DOWNLOAD_CERT, "certnew.cer");
    download(out, site, id, "locDownloadCertChain1", TEXT_DOWNLOAD_CHAIN, "certnew.p7b");
    page_line(out, "</Table>");
    script_downloads(out, id);
    page_line(out, "<Span ID=spnRootNotTrusted Style=\"display:none\">");
    page_line(out,
              "<A Href=\"certnew.cer?ReqID=CACert&amp;Renewal=%u&amp;Mode=inst&amp;Enc=b64\">"
              "<LocID ID=locInstallCA>%s</LocID></A>",
              site->renewals, word(site, TEXT_INSTALL_CA));
    page_line(out, "</Span>");
    page_end(out);
}

static void request_id(struct buf *out, const struct page_site *site, const char *id_name,
                       int64_t id, const char *end) {
    page_line(out, "<P ID=%s>", id_name);
    buf_printf(out, "%s%" PRId64 ".%s", word(site, TEXT_REQUEST_ID), id, end);
}

static void waiting(struct buf *out, const struct page_site *site, int64_t id,
                    enum page_text info) {
    page_begin(out, site, TEXT_PENDING);
    page_paragraph(out, site, "locInfoNewReq", info);
    request_id(out, site, "locInfoReqID", id, "\r\n</P>\r\n");
    page_paragraph(out, site, "locInstructions", TEXT_RETURN);
    page_paragraph(out, site, "locTimeoutNote", TEXT_RETURN_NOTE);
    page_end(out);
}

void page_pending(struct buf *out, const struct page_site *site, int64_t id) {
    waiting(out, site, id, TEXT_PENDING_INFO);
}

void page_still_pending(struct buf *out, const struct page_site *site, int64_t id) {
    waiting(out, site, id, TEXT_STILL_PENDING);
}

void page_denied(struct buf *out, const struct page_site *site, int64_t id, const char *message) {
    page_begin(out, site, TEXT_DENIED);
    page_paragraph(out, site, "locDenied", TEXT_DENIED_INFO);
    request_id(out, site, "locInfoReqIDandReason", id, " ");
    buf_printf(out, "%s \"", word(site, TEXT_DISPOSITION));
    html_put(out, message);
    page_line(out, "\".");
    page_line(out, "</P>");
    page_paragraph(out, site, "locContact", TEXT_CONTACT);
    page_end(out);
}

/* Label and value; the value stands on a line of its own behind exactly two TABs (2.5). */
static void value(struct buf *out, const char *id, const char *label, const char *text) {
    page_line(out, "<DT><LocID ID=%s>%s:</LocID></DT>", id, label);
    page_line(out, "<DD>");
    buf_put_str(out, "\t\t");
    html_put(out, text);
    page_line(out, "\r\n</DD>");
}

static void code_value(struct buf *out, const char *id, const char *label, const char *where,
                       uint32_t code) {
    AUTO_BUF text = BUF_INIT(4096);
    buf_put_str(&text, where);
    hresult_put(&text, code);
    value(out, id, label, buf_str(&text));
}

static void com_value(struct buf *out, const struct page_error *error) {
    AUTO_BUF where = BUF_INIT(256);
    if (error->com_error == NULL) {
        value(out, "locCOMErrorInfo", "COM Error Info", "");
        return;
    }
    buf_printf(&where, "%s ", error->com_error);
    code_value(out, "locCOMErrorInfo", "COM Error Info", buf_str(&where), error->result);
}

static void cause_value(struct buf *out, const struct page_site *site, uint32_t result) {
    bool no_service = result == HR_RPC_UNAVAILABLE;
    value(out, "locSuggestedCause", "Suggested Cause",
          no_service ? "This error can occur if the Certification Authority Service has not been "
                       "started."
                     : word(site, TEXT_NO_SUGGESTIONS));
}

void page_error(struct buf *out, const struct page_site *site, const struct page_error *error) {
    AUTO_BUF disposition = BUF_INIT(64);
    buf_printf(&disposition, "%d - (unknown)", error->disposition);
    page_begin(out, site, TEXT_ERROR);
    page_paragraph(out, site, "locContactAdmin", TEXT_ASSISTANCE);
    page_line(out, "<DL>");
    value(out, "locRequestMode", "Request Mode", error->request_mode);
    value(out, "locDisposition", "Disposition", buf_str(&disposition));
    value(out, "locDispMessage", "Disposition message",
          error->message == NULL ? "(none)" : error->message);
    code_value(out, "locResult", "Result", "", error->result);
    com_value(out, error);
    code_value(out, "locLastStatus", "LastStatus", "", error->last_status);
    cause_value(out, site, error->result);
    page_line(out, "</DL>");
    page_end(out);
}
