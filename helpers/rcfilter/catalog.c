/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All start scripts of a system. */
#include "config.h"

#include "rcfilter/catalog.h"
#include "rcfilter/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	struct service service = { .name = strdup(script->name), .size = script->size };
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

size_t catalog_find(const struct catalog *catalog, const char *name)
{
	size_t i;

	for (i = 0; i < catalog->count; i++)
		if (strcmp(catalog->list[i].name, name) == 0)
			return i;
	return CATALOG_NONE;
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
