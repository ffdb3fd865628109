/* The words of the pages, by language of the server. Ids, URLs and control names never change with
 * the language: that is what clients of localised servers hold on to (protocol/certsrv.md 7, S17).
 */
#ifndef MOCKS_CERTSRV_LANGUAGE_H
#define MOCKS_CERTSRV_LANGUAGE_H

#include "base/config.h"

enum language { LANGUAGE_EN, LANGUAGE_DE, LANGUAGE_JA, LANGUAGE_COUNT };

/* X(key, English, German, Japanese); HTML text in UTF-8. Where a client matches on the English
 * text, it is the one of protocol/certsrv.md 2.2. */
#define PAGE_TEXT_TABLE(X)                                                                         \
    X(TITLE, "Microsoft Active Directory Certificate Services",                                    \
      "Microsoft Active Directory-Zertifikatdienste", "Microsoft Active Directory 証明書サービス") \
    X(HOME, "Home", "Startseite", "ホーム")                                                        \
    X(WELCOME, "Welcome", "Willkommen", "ようこそ")                                                \
    X(HOME_INFO, "Ask for a certificate here, look after one you asked for, or fetch the CA's.",   \
      "Hier Zertifikate anfordern, den Stand einer Anforderung ansehen oder das der CA laden.",    \
      "証明書の要求、要求の状態の確認、CA 証明書の取得ができます。")                               \
    X(SELECT_TASK, "Select a task:", "Aufgabe w&auml;hlen:", "タスクの選択:")                      \
    X(TASK_REQUEST, "Request a certificate", "Ein Zertifikat anfordern", "証明書を要求する")       \
    X(TASK_STATUS, "View the status of a pending certificate request",                             \
      "Status einer ausstehenden Anforderung anzeigen", "保留中の証明書の要求の状態")              \
    X(TASK_DOWNLOAD, "Download a CA certificate, certificate chain, or CRL",                       \
      "Zertifizierungsstellenzertifikat, Kette oder Sperrliste laden",                             \
      "CA 証明書、証明書チェーン、または CRL のダウンロード")                                      \
    X(ISSUED, "Certificate Issued", "Zertifikat wurde ausgestellt", "証明書は発行されました")      \
    X(ISSUED_INFO, "The certificate you requested was issued to you.",                             \
      "Das angeforderte Zertifikat wurde ausgestellt.", "要求した証明書が発行されました。")        \
    X(DOWNLOAD_CERT, "Download certificate: ", "Zertifikat laden: ", "証明書のダウンロード: ")     \
    X(DOWNLOAD_CHAIN,                                                                              \
      "Download certificate chain: ", "Kette laden: ", "証明書のチェーンのダウンロード: ")         \
    X(DER, "DER encoded", "DER-codiert", "DER エンコード")                                         \
    X(BASE64, "Base 64 encoded", "Base-64-codiert", "Base 64 エンコード")                          \
    X(INSTALL_CA, "To trust it, install this CA certificate", "CA-Zertifikat installieren",        \
      "この CA 証明書のインストール")                                                              \
    X(PENDING, "Certificate Pending", "Zertifikat steht aus", "証明書は保留中です")                \
    X(PENDING_INFO,                                                                                \
      "Your certificate request has been received. However, you must wait for an administrator "   \
      "to issue the certificate you requested.",                                                   \
      "Die Zertifikatanforderung ist eingegangen. Ein Administrator muss sie noch bearbeiten.",    \
      "証明書の要求を受け取りました。管理者が証明書を発行するまでお待ちください。")                \
    X(STILL_PENDING,                                                                               \
      "Your certificate request is still pending. You must wait for an administrator to issue "    \
      "the certificate you requested.",                                                            \
      "Die Zertifikatanforderung steht noch aus.", "証明書の要求はまだ保留中です。")               \
    X(REQUEST_ID, "Your Request Id is ", "Ihre Anforderungs-ID ist ", "要求 ID は ")               \
    X(RETURN, "Please return to this web site in a day or two to retrieve your certificate.",      \
      "Bitte in ein bis zwei Tagen wiederkommen.", "1、2 日後にこのサイトへ戻ってください。")      \
    X(RETURN_NOTE,                                                                                 \
      "You must return with this web browser within 10 days to retrieve your certificate",         \
      "Mit diesem Browser innerhalb von 10 Tagen wiederkommen",                                    \
      "10 日以内にこのブラウザーで戻る必要があります")                                             \
    X(DENIED, "Certificate Request Denied", "Zertifikatanforderung abgelehnt",                     \
      "証明書の要求は拒否されました")                                                              \
    X(DENIED_INFO, "Your certificate request was denied.",                                         \
      "Die Zertifikatanforderung wurde abgelehnt.", "証明書の要求は拒否されました。")              \
    X(DISPOSITION, "The disposition message is", "Die Meldung lautet", "処理メッセージは")         \
    X(CONTACT, "Contact your administrator for further information.",                              \
      "Der Administrator gibt weitere Auskunft.", "詳細は管理者に問い合わせてください。")          \
    X(ERROR, "Error", "Fehler", "エラー")                                                          \
    X(ASSISTANCE, "Contact your administrator for further assistance.",                            \
      "Der Administrator hilft weiter.", "管理者に問い合わせてください。")                         \
    X(NO_SUGGESTIONS, "No suggestions.", "Keine Vorschl&auml;ge.", "提案はありません。")           \
    X(REQUEST_FORM, "Submit a Certificate Request or Renewal Request",                             \
      "Zertifikat- oder Erneuerungsanforderung einreichen", "証明書の要求または更新要求の送信")    \
    X(SAVED_REQUEST, "Base-64-encoded certificate request (CMC or PKCS #10 or PKCS #7):",          \
      "Base-64-codierte Anforderung (CMC, PKCS #10 oder PKCS #7):",                                \
      "Base 64 エンコード済みの要求 (CMC または PKCS #10 または PKCS #7):")                        \
    X(TEMPLATE, "Certificate Template:", "Zertifikatvorlage:", "証明書テンプレート:")              \
    X(NO_TEMPLATES,                                                                                \
      "No certificate templates could be found. You do not have permission to request a "          \
      "certificate from this CA, or an error occurred while accessing the Active Directory.",      \
      "Es wurden keine Zertifikatvorlagen gefunden.", "証明書テンプレートが見つかりません。")      \
    X(ATTRIBUTES, "Additional Attributes:", "Zus&auml;tzliche Attribute:", "追加属性:")            \
    X(SUBMIT, "Submit &gt;", "Einreichen &gt;", "送信 &gt;")                                       \
    X(DOWNLOAD, "Download a CA Certificate, Certificate Chain, or CRL",                            \
      "Zertifikat, Kette oder Sperrliste der Zertifizierungsstelle laden",                         \
      "CA 証明書、証明書チェーン、または CRL のダウンロード")                                      \
    X(CA_CERTIFICATE, "CA certificate:", "Zertifizierungsstellenzertifikat:", "CA 証明書:")        \
    X(CURRENT, "Current", "Aktuell", "現在")                                                       \
    X(PREVIOUS, "Previous", "Vorherige", "以前")                                                   \
    X(CHECK_STATUS, "View the Status of a Pending Certificate Request",                            \
      "Status einer ausstehenden Zertifikatanforderung", "保留中の証明書の要求の状態")             \
    X(NOTHING_REMEMBERED, "This browser has no certificate requests waiting.",                     \
      "Dieser Browser hat keine wartenden Anforderungen.", "待機中の要求はありません。")

enum page_text {
#define PAGE_TEXT_ENUM(key, en, de, ja) TEXT_##key,
    PAGE_TEXT_TABLE(PAGE_TEXT_ENUM)
#undef PAGE_TEXT_ENUM
        TEXT_COUNT
};

/* For configuration files: en, de, ja. */
extern const struct cfg_word language_words[];

const char *page_text(enum language language, enum page_text text);

#endif
