/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who needs whom, and who needs the network. */
#include "config.h"

#include "rcfilter/resolve.h"
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

/* What mounts fstab's remote file systems, and waits for them: no header says so. */
static const char *const remote_scripts[] = { "mountnfs.sh", "mountnfs", "netfs", "nfsmount" };

/*
 * Firewalls. Many say that they require $network, to come after the interfaces were made. They need
 * no carrier and no address; one that stepped aside would come when the network is already open.
 */
static const char *const firewalls[] = {
	"nftables",
	"netfilter-persistent",
	"iptables-persistent",
	"iptables",
	"ip6tables",
	"ebtables",
	"arptables",
	"ufw",
	"firewalld",
	"shorewall",
	"shorewall6",
	"shorewall-lite",
	"shorewall-init",
	"shorewall6-lite",
	"ferm",
	"firehol",
	"firewall",
	"arno-iptables-firewall",
	"rc.firewall",
	"SuSEfirewall2_init",
	"SuSEfirewall2_setup",
};

/* Is the service called like one of the count names? */
static bool is_called(const struct service *service, const char *const *name, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(service->name, name[i]) == 0)
			return true;
	return false;
}

#define IS_CALLED(service, names) is_called(service, names, sizeof(names) / sizeof((names)[0]))

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

	if (!wish->required || service->needs_network || service->makes_network ||
	    IS_CALLED(service, firewalls))
		return 0;
	service->needs_network = strdup(word);
	return service->needs_network ? 0 : -ENOMEM;
}

static int wish_remote(const struct wish *wish, const struct service *service)
{
	if (!IS_CALLED(service, remote_scripts))
		return 0;
	return wish_network(wish, "the network for remote file systems of fstab");
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
	int r = remote_fs ? wish_remote(&wish, service) : 0;

	if (r == 0)
		r = wish_words(&wish, &service->lsb.list[LSB_REQUIRED_START]);
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
	return IS_CALLED(service, network_scripts);
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

int resolve_edges(struct catalog *catalog, bool remote_fs)
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

bool resolve_has_remote(char *text)
{
	struct fstab_line line;

	while (fstab_next(&text, &line))
		if (is_remote(&line))
			return true;
	return false;
}
