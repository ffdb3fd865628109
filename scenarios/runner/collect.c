/* Walking folders for scenario files. */
#include "scenarios/runner/collect.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/place.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool ends_in_yaml(const char *name) {
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

static void keep(struct collection *c, struct scenario *s) {
    struct scenario **grown = reallocarray(c->items, c->count + 1, sizeof *grown);
    if (grown == NULL) {
        scenario_free(s);
        return;
    }
    c->items = grown;
    c->items[c->count++] = s;
}

static void collect_file(const char *path, const char *root, struct collection *c,
                         struct cfg_mistakes *m) {
    AUTO(char) name = place_scenario_name(path, root);
    struct scenario *s = name == NULL ? NULL : scenario_load(path, name, m);
    c->files++;
    if (s != NULL)
        keep(c, s);
}

static int wanted(const struct dirent *entry) {
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "testdata") != 0;
}

static void collect_folder(const char *path, const char *root, struct collection *c,
                           struct cfg_mistakes *m) {
    struct dirent **names = NULL;
    int n = scandir(path, &names, wanted, alphasort);
    for (int i = 0; i < n; i++) {
        AUTO(char) below = path_join(path, "%s", names[i]->d_name);
        if (below != NULL && is_folder(below))
            collect_folder(below, root, c, m);
        else if (below != NULL && ends_in_yaml(below))
            collect_file(below, root, c, m);
        free(names[i]);
    }
    free(names);
}

static int by_name(const void *a, const void *b) {
    struct scenario *const *left = a;
    struct scenario *const *right = b;
    int order = strcmp((*left)->name, (*right)->name);
    return order != 0 ? order : strcmp((*left)->path, (*right)->path);
}

void collect(const char *const *paths, size_t count, struct collection *out,
             struct cfg_mistakes *m) {
    *out = (struct collection){0};
    for (size_t i = 0; i < count; i++) {
        AUTO(char) path = strdup(paths[i]);
        for (size_t len = path == NULL ? 0 : strlen(path); len > 1 && path[len - 1] == '/'; len--)
            path[len - 1] = '\0';
        if (path != NULL && is_folder(path))
            collect_folder(path, path, out, m);
        else if (path != NULL)
            collect_file(path, NULL, out, m);
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof(struct scenario *), by_name);
}

void collection_free(struct collection *c) {
    for (size_t i = 0; i < c->count; i++)
        scenario_free(c->items[i]);
    free(c->items);
    *c = (struct collection){0};
}

static bool has_tag(const struct scenario *s, const char *tag) {
    size_t folder = strcspn(s->name, "/");
    if (s->name[folder] == '/' && strlen(tag) == folder && strncmp(s->name, tag, folder) == 0)
        return true;
    for (size_t i = 0; i < s->tags.count; i++)
        if (strcmp(s->tags.items[i], tag) == 0)
            return true;
    return false;
}

void collection_keep_tags(struct collection *c, const char *const *tags, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        bool any = count == 0;
        for (size_t j = 0; j < count; j++)
            any = any || has_tag(c->items[i], tags[j]);
        if (any)
            c->items[kept++] = c->items[i];
        else
            scenario_free(c->items[i]);
    }
    c->count = kept;
}

void collection_keep_shard(struct collection *c, size_t index, size_t parts) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (i % parts == index - 1)
            c->items[kept++] = c->items[i];
        else
            scenario_free(c->items[i]);
    }
    c->count = kept;
}

static bool has_failed(const char *dir, const char *name) {
    AUTO(char)
    path = name == NULL ? path_join(dir, "result.json") : path_join(dir, "%s/result.json", name);
    json_t *result = path == NULL ? NULL : json_load_file(path, 0, NULL);
    const char *word = json_string_value(json_object_get(result, "result"));
    bool failed = word != NULL && strcmp(word, "failed") == 0;
    json_decref(result);
    return failed;
}

void collection_keep_failed(struct collection *c, const char *dir, bool direct) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (has_failed(dir, direct ? NULL : c->items[i]->name))
            c->items[kept++] = c->items[i];
        else
            scenario_free(c->items[i]);
    }
    c->count = kept;
}

const char *collection_twice(const struct collection *c) {
    for (size_t i = 1; i < c->count; i++)
        if (strcmp(c->items[i - 1]->name, c->items[i]->name) == 0)
            return c->items[i]->name;
    return NULL;
}
