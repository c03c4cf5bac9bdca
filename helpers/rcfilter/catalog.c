/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All start scripts of a system. */
#include "config.h"

#include "rcfilter/catalog.h"
#include "rcfilter/lines.h"
#include "common/fstab.h"
#include "common/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* insserv.conf may be recursive; who writes a circle gets what is read up to here. */
#define DEPTH_MAX 8

/* Without a header: what insserv of Debian takes for granted. Optional in effect, as all of it is. */
static const char *const no_header[] = { "$remote_fs", "$syslog" };

/* Behind $network where no insserv.conf says so: Red Hat, LFS, Slackware, Buildroot. */
static const char *const network_scripts[] = { "network", "networking", "ifupdown", "rc.inet1",
					       "S40network" };

static size_t provider(const struct catalog *catalog, const char *word, size_t from, size_t *ret_n)
{
	size_t found = CATALOG_NONE;
	size_t i;

	*ret_n = 0;
	for (i = 0; i < catalog->count; i++) {
		const struct service *service = &catalog->list[i];

		if (i == from || (strcmp(service->name, word) != 0 &&
				  !words_have(&service->lsb.list[LSB_PROVIDES], word)))
			continue;
		if (found == CATALOG_NONE)
			found = i;
		(*ret_n)++;
	}
	return found;
}

static bool provides(const struct service *service, const char *word)
{
	return strcmp(service->name, word) == 0 ||
	       words_have(&service->lsb.list[LSB_PROVIDES], word);
}

/* --- one script ------------------------------------------------------------------------------ */

/* PIDFILE=/run/x.pid, with or without quotes; one with a variable in it is no path to us. */
static int take_pidfile(struct service *service, const struct lines *lines)
{
	static const char key[] = "PIDFILE=";
	const char *value = lines->line;
	size_t length = lines->length;

	if (service->pidfile || length <= sizeof(key) || memcmp(value, key, sizeof(key) - 1) != 0)
		return 0;
	value += sizeof(key) - 1;
	length -= sizeof(key) - 1;
	lines_trim(&value, &length);
	if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value) {
		value++;
		length -= 2;
	}
	if (!length || *value != '/' || memchr(value, '$', length) || memchr(value, ' ', length))
		return 0;
	service->pidfile = strndup(value, length);
	return service->pidfile ? 0 : -ENOMEM;
}

static int take_body(struct service *service, const char *text, size_t size)
{
	struct lines lines = lines_of(text, size);
	int r = 0;

	while (r == 0 && lines_next(&lines)) {
		r = take_pidfile(service, &lines);
		if (memmem(lines.line, lines.length, "touch", 5) &&
		    memmem(lines.line, lines.length, "/lock/subsys/", 13))
			service->locks_subsys = true;
	}
	if (r == 0 && service->chkconfig.pidfile && !service->pidfile &&
	    service->chkconfig.pidfile[0] == '/') {
		service->pidfile = strdup(service->chkconfig.pidfile);
		r = service->pidfile ? 0 : -ENOMEM;
	}
	return r;
}

static void service_free(struct service *service)
{
	free(service->name);
	free(service->needs_network);
	free(service->pidfile);
	free(service->edge);
	lsb_free(&service->lsb);
	chkconfig_free(&service->chkconfig);
}

/* An override counts only with a whole block in it; then it replaces the script's own header. */
static int take_header(struct service *service, const struct catalog_text *script)
{
	int r;

	if (script->override_text) {
		r = lsb_parse(script->override_text, script->override_size, &service->lsb);
		if (r < 0 || service->lsb.form > LSB_UNENDED)
			return r;
		lsb_free(&service->lsb);
	}
	return lsb_parse(script->text, script->size, &service->lsb);
}

int catalog_add(struct catalog *catalog, const struct catalog_text *script)
{
	struct service service = { .name = strdup(script->name) };
	struct service *grown;
	int r = service.name ? take_header(&service, script) : -ENOMEM;

	if (r == 0)
		r = chkconfig_parse(script->text, script->size, &service.chkconfig);
	if (r == 0)
		r = take_body(&service, script->text, script->size);
	grown = r == 0 ? realloc(catalog->list, (catalog->count + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		service_free(&service);
		return -ENOMEM;
	}
	catalog->list = grown;
	catalog->list[catalog->count++] = service;
	return 0;
}

/* --- who needs whom -------------------------------------------------------------------------- */

static int add_edge(struct service *service, size_t to, bool required)
{
	struct edge *grown;
	size_t i;

	for (i = 0; i < service->edges; i++)
		if (service->edge[i].to == to) {
			service->edge[i].required |= required;
			return 0;
		}
	grown = realloc(service->edge, (service->edges + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	service->edge = grown;
	service->edge[service->edges++] = (struct edge){ to, required };
	return 0;
}

static bool means_network(const char *facility, bool remote_fs)
{
	return strcasecmp(facility, "$network") == 0 || strcasecmp(facility, "$named") == 0 ||
	       strcasecmp(facility, "$portmap") == 0 ||
	       (remote_fs && strcasecmp(facility, "$remote_fs") == 0);
}

/* One list of one service while it is worked out. */
struct wish {
	struct catalog *catalog;
	size_t from;
	bool required;
	bool reversed; /* Start-Before: the edge goes the other way, and binds nobody */
	bool remote_fs;
};

static int wish_network(const struct wish *wish, const char *word)
{
	struct service *service = &wish->catalog->list[wish->from];

	if (!wish->required || service->needs_network || service->makes_network)
		return 0;
	service->needs_network = strdup(word);
	return service->needs_network ? 0 : -ENOMEM;
}

/* An edge to everybody who provides word; binding only where there is no choice. */
static int wish_service(const struct wish *wish, const char *word, bool required)
{
	struct catalog *catalog = wish->catalog;
	size_t providers;
	size_t to;
	int r = 0;

	to = provider(catalog, word, wish->from, &providers);
	if (to == CATALOG_NONE)
		return 0;
	for (; r == 0 && to < catalog->count; to++) {
		if (to == wish->from || !provides(&catalog->list[to], word))
			continue;
		if (wish->reversed)
			r = add_edge(&catalog->list[to], wish->from, false);
		else
			r = add_edge(&catalog->list[wish->from], to, required && providers == 1);
		if (r == 0 && required && catalog->list[to].makes_network)
			r = wish_network(wish, word);
	}
	return r;
}

static int wish_word(const struct wish *wish, const char *word, bool required, int depth)
{
	const struct facility *facility;
	size_t i;
	int r = 0;

	if (*word == '+') {
		required = false;
		word++;
	}
	if (*word != '$')
		return wish_service(wish, word, required);
	if (strcasecmp(word, "$all") == 0)
		wish->catalog->list[wish->from].after_all |= !wish->reversed;
	if (required && means_network(word, wish->remote_fs))
		r = wish_network(wish, word);
	/* Red Hat's scripts provide facilities themselves: the order, and no more. */
	if (r == 0)
		r = wish_service(wish, word, false);
	facility = facilities_find(&wish->catalog->facilities, word);
	for (i = 0; r == 0 && facility && depth < DEPTH_MAX && i < facility->members.count; i++)
		r = wish_word(wish, facility->members.word[i], required, depth + 1);
	return r;
}

static int wish_words(const struct wish *wish, const struct words *words)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < words->count; i++)
		r = wish_word(wish, words->word[i], wish->required, 0);
	return r;
}

static int resolve_service(struct catalog *catalog, size_t index, bool remote_fs)
{
	struct service *service = &catalog->list[index];
	struct wish wish = { catalog, index, true, false, remote_fs };
	size_t i;
	int r = wish_words(&wish, &service->lsb.list[LSB_REQUIRED_START]);

	if (r == 0)
		r = wish_words(&wish, &service->chkconfig.parallel_requires);
	wish.required = false;
	if (r == 0)
		r = wish_words(&wish, &service->lsb.list[LSB_SHOULD_START]);
	for (i = 0; r == 0 && service->lsb.form == LSB_NONE && !service->chkconfig.is_service &&
		    i < sizeof(no_header) / sizeof(no_header[0]);
	     i++)
		r = wish_word(&wish, no_header[i], false, 0);
	wish.reversed = true;
	if (r == 0)
		r = wish_words(&wish, &service->lsb.list[LSB_START_BEFORE]);
	return r;
}

static bool makes_network(const struct catalog *catalog, const struct service *service)
{
	const struct facility *network = facilities_find(&catalog->facilities, "$network");
	size_t i;

	if (words_have(&service->lsb.list[LSB_PROVIDES], "$network"))
		return true;
	for (i = 0; network && i < network->members.count; i++) {
		const char *member = network->members.word[i];

		if (provides(service, *member == '+' ? member + 1 : member))
			return true;
	}
	for (i = 0; i < sizeof(network_scripts) / sizeof(network_scripts[0]); i++)
		if (strcmp(service->name, network_scripts[i]) == 0)
			return true;
	return false;
}

/* $all stands behind everybody who has not got it. */
static int resolve_all(struct catalog *catalog, size_t index)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < catalog->count; i++)
		if (!catalog->list[i].after_all)
			r = add_edge(&catalog->list[index], i, false);
	return r;
}

int catalog_resolve(struct catalog *catalog, bool remote_fs)
{
	size_t i;
	int r = 0;

	for (i = 0; i < catalog->count; i++)
		catalog->list[i].makes_network = makes_network(catalog, &catalog->list[i]);
	for (i = 0; r == 0 && i < catalog->count; i++)
		r = resolve_service(catalog, i, remote_fs);
	for (i = 0; r == 0 && i < catalog->count; i++)
		if (catalog->list[i].after_all)
			r = resolve_all(catalog, i);
	return r;
}

size_t catalog_find(const struct catalog *catalog, const char *name)
{
	size_t i;

	for (i = 0; i < catalog->count; i++)
		if (strcmp(catalog->list[i].name, name) == 0)
			return i;
	return CATALOG_NONE;
}

/* --- closure and order ----------------------------------------------------------------------- */

/*
 * Edges may be a thousand deep, our stack may not: both walks go round until nothing changes. A
 * system has a few hundred scripts.
 */
void catalog_closure(const struct catalog *catalog, size_t service, bool *reached)
{
	bool changed = true;
	size_t i;
	size_t k;

	reached[service] = true;
	while (changed) {
		changed = false;
		for (i = 0; i < catalog->count; i++)
			for (k = 0; reached[i] && k < catalog->list[i].edges; k++)
				if (!reached[catalog->list[i].edge[k].to]) {
					reached[catalog->list[i].edge[k].to] = true;
					changed = true;
				}
	}
}

static bool is_ready(const struct catalog *catalog, size_t service, const bool *waiting)
{
	const struct service *s = &catalog->list[service];
	size_t i;

	for (i = 0; i < s->edges; i++)
		if (s->edge[i].to != service && waiting[s->edge[i].to])
			return false;
	return true;
}

size_t catalog_order(const struct catalog *catalog, const bool *wanted, size_t *order)
{
	bool *waiting = calloc(catalog->count + 1, sizeof(*waiting));
	size_t count = 0;
	size_t i;

	if (!waiting)
		return 0;
	memcpy(waiting, wanted, catalog->count * sizeof(*waiting));
	for (;;) {
		size_t next = CATALOG_NONE;
		size_t first = CATALOG_NONE;

		for (i = 0; i < catalog->count && next == CATALOG_NONE; i++) {
			if (!waiting[i])
				continue;
			if (first == CATALOG_NONE)
				first = i;
			if (is_ready(catalog, i, waiting))
				next = i;
		}
		if (first == CATALOG_NONE)
			break;
		if (next == CATALOG_NONE)
			next = first; /* a circle: cut here */
		waiting[next] = false;
		order[count++] = next;
	}
	free(waiting);
	return count;
}

void catalog_free(struct catalog *catalog)
{
	size_t i;

	for (i = 0; i < catalog->count; i++)
		service_free(&catalog->list[i]);
	free(catalog->list);
	facilities_free(&catalog->facilities);
	*catalog = (struct catalog){ 0 };
}

/* --- fstab ----------------------------------------------------------------------------------- */

/* As Debian's mountnfs.sh and Red Hat's netfs have them. */
static const char *const remote_types[] = { "nfs", "nfs4",  "smbfs", "cifs",	  "coda",
					    "ncp", "ncpfs", "ceph",  "glusterfs", "ocfs2",
					    "gfs", "gfs2",  "davfs", "fuse.sshfs" };

static bool is_remote(const struct fstab_line *line)
{
	size_t i;

	if (has_option(line->options, "noauto"))
		return false;
	if (has_option(line->options, "_netdev"))
		return true;
	for (i = 0; i < sizeof(remote_types) / sizeof(remote_types[0]); i++)
		if (strcmp(line->type, remote_types[i]) == 0)
			return true;
	return false;
}

bool fstab_has_remote(char *text)
{
	struct fstab_line line;

	while (fstab_next(&text, &line))
		if (is_remote(&line))
			return true;
	return false;
}
