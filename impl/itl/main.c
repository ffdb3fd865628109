/* capflab-itl: trust lists and signed files of phones. It talks to nobody. */
#include "itl/cli.h"
#include "itl/description.h"

static const char more[] =
    "Exit status: 0 done, 1 it does not verify (diff: phones do not take the second list by\n"
    "themselves), 2 wrong use or a malformed file.\n"
    "\n"
    "JSON:\n"
    "  show    {schema: \"capflab-itl-1\", kind: \"ITL\"|\"CTL\", version, length, md5, sha1,\n"
    "           header: {length, signer, issuer, serial, digest, signature_length, file_name,\n"
    "                    timestamp, signer_version, fields}, records: [{number, offset, length,\n"
    "           role, function, dns_name, subject, issuer, serial, certificate_sha1,\n"
    "           certificate_sha256, hash, address, fields: [{tag, name, offset, length}]}],\n"
    "           verified, signer_record, error: {code, text}}\n"
    "  verify  {schema: \"capflab-itl-verify-1\", file, verified, signer, error,\n"
    "           notes: [{text, record}]}\n"
    "  diff    {schema: \"capflab-itl-diff-1\", changes: [{change: \"added\"|\"removed\"|"
    "\"replaced\",\n"
    "           role, function, before, after}], signer_changed, update: \"identical\"|"
    "\"accepted\"|\n"
    "           \"ask-tvs\"|\"refused\", signer, consequences: [word], why: {code, text}}\n";

static const struct program program = {
    .name = "capflab-itl",
    .summary = "Reads, verifies, compares and makes the trust lists of phones (ITL, CTL), and "
               "signed files.",
    .usage = "show [--json] LIST\n"
             "verify [--signer CERTIFICATE|--trusted LIST] [--json] LIST|FILE.sgn\n"
             "build [OPTION...] [DESCRIPTION.yaml]\n"
             "sign --signer CERTIFICATE --key KEY [OPTION...] LIST|FILE\n"
             "strip [--signer CERTIFICATE|--trusted LIST] FILE.sgn\n"
             "diff [--json] HELD OFFERED",
    .example =
        "capflab itl show ITLFile.tlv\n"
        "capflab itl build --signer ccm.pem --key ccm.key --record capf=capf.pem \\\n"
        "    --record tvs=tvs.pem --record sast=ccm.pem --record tftp=ccm.pem -o ITLFile.tlv\n"
        "capflab itl verify --trusted ITLFile.tlv new/ITLFile.tlv\n"
        "capflab itl diff ITLFile.tlv new/ITLFile.tlv\n"
        "capflab itl sign --signer recovery.pem --key recovery.key -o new.tlv ITLFile.tlv\n"
        "capflab itl strip --trusted ITLFile.tlv SEP001122334455.cnf.xml.sgn",
    .config = itl_description_fields,
    .more = more,
};

int main(int argc, char **argv) {
    struct itl_cli_options options = {0};
    const struct opt table[] = {
        {"json", 0, OPT_FLAG, &options.json, NULL, "print JSON"},
        {"output", 'o', OPT_STRING, &options.output, "FILE",
         "write there instead of to standard output"},
        {"signer", 0, OPT_STRING, &options.signer, "CERTIFICATE", "who signs, or should have"},
        {"key", 0, OPT_STRING, &options.key, "KEY", "the signer's private key, PEM"},
        {"trusted", 0, OPT_STRING, &options.trusted, "LIST",
         "verify by the SAST records of that list (signed files: TFTP records)"},
        {"record", 0, OPT_STRINGS, &options.records, "ROLE=FILE[,FORM]",
         "build: a record; roles:" ITL_ROLE_TABLE(
             ITL_ROLE_IN_HELP) "; forms: default full hash empty"},
        {"add-signer", 0, OPT_FLAG, &options.add_signer, NULL,
         "build: put the signer's SAST record in front if there is none"},
        {"file-name", 0, OPT_STRING, &options.file_name, "NAME", "the name in the header"},
        {"layout", 0, OPT_STRING, &options.layout, "LAYOUT", "cucm or tlvfile"},
        {"digest", 0, OPT_STRING, &options.digest, "DIGEST", "sha1 or sha512"},
        {"signer-version", 0, OPT_STRING, &options.signer_version, "VERSION", "1.0 or 1.1"},
        {"timestamp", 0, OPT_INT, &options.timestamp, "SECONDS", "since 1970, instead of now"},
        {.type = OPT_END},
    };
    int first = program_options(&program, table, false, argc, argv);
    const struct itl_cli cli = {&program, &options, stdout};
    return itl_cli(&cli, argc - first, argv + first);
}
