/* Reaches form_read, form_get, form_get_text, form_decode_path, attributes_read, attributes_get
 * and san_names_read; certsrv_form_put is what form_read is checked with. Input: a query string or
 * the body of a form. Floor: 30000/s. */
#include "base/owned.h"
#include "certsrv/certsrv_form.h"
#include "fuzz/fuzz.h"
#include "mocks/certsrv/attributes.h"
#include "mocks/certsrv/form.h"
#include <string.h>

static void check_san(const char *text) {
    AUTO_SAN_NAMES names;
    struct err e;
    if (san_names_read(text, &names, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_SYS_LIMIT);
        return;
    }
    for (size_t i = 0; i < names.count; i++) {
        FUZZ_CHECK(strchr(names.items[i].kind, '=') == NULL);
        FUZZ_CHECK(strchr(names.items[i].value, '&') == NULL);
    }
}

static void check_attributes(struct bytes text) {
    AUTO_ATTRIBUTES attributes;
    struct err e;
    if (attributes_read(text, &attributes, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_SYS_LIMIT);
        return;
    }
    for (size_t i = 0; i < attributes.count; i++) {
        const char *name = attributes.items[i].name;
        FUZZ_CHECK(strpbrk(name, ":-\r\n ") == NULL);
        FUZZ_CHECK(strchr(attributes.items[i].value, '\n') == NULL);
        FUZZ_CHECK(attributes_get(&attributes, name) != NULL);
    }
    const char *san = attributes_get(&attributes, "san");
    if (san != NULL)
        check_san(san);
}

/* Our own client writes what this server reads. */
static void check_written(const struct form *form) {
    AUTO_BUF encoded = BUF_INIT(8 * FORM_TEXT_MAX);
    AUTO_FORM back = {0};
    struct err e;
    for (size_t i = 0; i < form->count; i++) {
        AUTO(char) name = fuzz_text(form->fields[i].name);
        if (name[0] == '\0')
            return;
        certsrv_form_put(&encoded, name, form->fields[i].value);
    }
    if (encoded.failed || encoded.len > FORM_TEXT_MAX)
        return;
    FUZZ_CHECK_OK(form_read(buf_view(&encoded), &back, &e), e);
    FUZZ_CHECK(back.count == form->count);
    for (size_t i = 0; i < back.count; i++)
        FUZZ_CHECK(bytes_equal(back.fields[i].value, form->fields[i].value));
}

static void check_fields(const struct form *form) {
    for (size_t i = 0; i < form->count; i++) {
        AUTO(char) name = fuzz_text(form->fields[i].name);
        AUTO(char) text = form_get_text(form, name);
        FUZZ_CHECK(text != NULL && form->fields[i].value.data != NULL);
        if (strlen(name) == form->fields[i].name.len)
            FUZZ_CHECK(form_get(form, name).data != NULL);
        check_attributes(form->fields[i].value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_FORM form;
    AUTO_BUF path = BUF_INIT(FORM_TEXT_MAX);
    AUTO(char) text = fuzz_text(bytes_of(data, size));
    struct err e;
    if (form_read(bytes_of(data, size), &form, &e) != 0)
        FUZZ_CHECK(e.code == ERR_SYS_LIMIT);
    else {
        check_fields(&form);
        check_written(&form);
    }
    form_decode_path(&path, text);
    FUZZ_CHECK(path.failed || path.len <= strlen(text));
    check_attributes(bytes_of(data, size));
    return 0;
}
