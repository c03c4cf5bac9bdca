/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service needs is what its header and insserv.conf say, and no more. */
#include "config.h"

#include "check.h"
#include "rcfilter/catalog.h"
#include "rcfilter/resolve.h"
#include "rcfilter/order.h"

#include <stdio.h>
#include <stdlib.h>

static const char conf[] = "# as Debian has it\n"
			   "$local_fs\t+mountall\n"
			   "$network\t+networking +ifupdown\n"
			   "$named = +named $network\n"
			   "$remote_fs: $local_fs +mountnfs\n"
			   "$strict wall\n"
			   "$round $round\n"
			   "<interactive> udev\n";

/* lines stand inside of the block */
static void add(struct catalog *catalog, const char *name, const char *lines)
{
	struct catalog_text script = { .name = name };
	char text[1024];

	script.size = (size_t)snprintf(
		text, sizeof(text), "#!/bin/sh\n### BEGIN INIT INFO\n%s### END INIT INFO\n", lines);
	script.text = text;
	CHECK_INT(catalog_add(catalog, &script), 0);
}

/* The kind of edge from one to another: -1 none, 0 optional, 1 required. */
static int edge(const struct catalog *catalog, const char *from, const char *to)
{
	const struct service *service = &catalog->list[catalog_find(catalog, from)];
	size_t i;

	for (i = 0; i < service->edges; i++)
		if (service->edge[i].to == catalog_find(catalog, to))
			return service->edge[i].required;
	return -1;
}

static const char *network(const struct catalog *catalog, const char *name)
{
	const char *word = catalog->list[catalog_find(catalog, name)].needs_network;

	return word ? word : "";
}

static struct catalog make(bool remote_fs)
{
	struct catalog catalog = { 0 };

	CHECK_INT(facilities_add(&catalog.facilities, conf, strlen(conf)), 0);
	add(&catalog, "mountall.sh", "# Provides: mountall\n");
	add(&catalog, "networking",
	    "# Provides: networking ifupdown\n# Required-Start: $local_fs $network\n");
	add(&catalog, "procps", "# Provides: procps\n# X-Start-Before: $network\n");
	add(&catalog, "ssh", "# Provides: sshd\n# Required-Start: $remote_fs $syslog\n");
	add(&catalog, "ntp",
	    "# Provides: ntp\n# Required-Start: $network nobody\n# Should-Start: ssh\n");
	add(&catalog, "mail", "# Provides: mail\n# Required-Start: $named\n");
	add(&catalog, "nftables", "# Provides: nftables\n# Required-Start: $remote_fs $network\n");
	add(&catalog, "soft", "# Provides: soft\n# Should-Start: $network\n");
	add(&catalog, "direct", "# Provides: direct\n# Required-Start: networking +mail\n");
	add(&catalog, "wall", "# Provides: wall\n");
	add(&catalog, "strict", "# Provides: strict\n# Required-Start: $strict $round\n");
	add(&catalog, "dav1", "# Provides: dav\n");
	add(&catalog, "dav2", "# Provides: dav\n");
	add(&catalog, "davuser", "# Provides: u\n# Required-Start: dav\n");
	add(&catalog, "mountnfs.sh", "# Provides: mountnfs\n# Should-Start: $network\n");
	add(&catalog, "rc.local", "# Provides: rc.local\n# Required-Start: $all\n");
	CHECK_INT(resolve_edges(&catalog, remote_fs), 0);
	return catalog;
}

static void test_edges(void)
{
	struct catalog catalog = make(false);

	CHECK_INT(edge(&catalog, "networking", "mountall.sh"), 0);
	CHECK_INT(edge(&catalog, "networking", "procps"), 0);
	CHECK_INT(edge(&catalog, "ntp", "networking"), 0);
	CHECK_INT(edge(&catalog, "ntp", "ssh"), 0);
	CHECK_INT(edge(&catalog, "nftables", "networking"), 0);
	CHECK_INT(edge(&catalog, "direct", "networking"), 1);
	CHECK_INT(edge(&catalog, "direct", "mail"), 0);
	CHECK_INT(edge(&catalog, "strict", "wall"), 1);
	CHECK_INT(edge(&catalog, "davuser", "dav1"), 0);
	CHECK_INT(edge(&catalog, "davuser", "dav2"), 0);
	CHECK_INT(edge(&catalog, "rc.local", "strict"), 0);
	CHECK_INT(edge(&catalog, "strict", "rc.local"), -1);
	CHECK_INT(edge(&catalog, "ssh", "ssh"), -1);
	CHECK_INT(edge(&catalog, "wall", "mountall.sh"), -1);
	catalog_free(&catalog);
}

static void test_network(void)
{
	struct catalog catalog = make(false);

	CHECK_STR(network(&catalog, "ntp"), "$network");
	CHECK_STR(network(&catalog, "mail"), "$named");
	CHECK_STR(network(&catalog, "direct"), "networking");
	CHECK_STR(network(&catalog, "ssh"), ""); /* $remote_fs alone is no network */
	CHECK_STR(network(&catalog, "soft"), "");
	CHECK_STR(network(&catalog, "procps"), "");
	CHECK_STR(network(&catalog, "networking"), ""); /* it makes it */
	CHECK_STR(network(&catalog, "nftables"), ""); /* a firewall comes before the network */
	CHECK_STR(network(&catalog, "rc.local"), "");
	CHECK_STR(network(&catalog, "mountnfs.sh"), "");
	catalog_free(&catalog);
	catalog = make(true);
	CHECK_STR(network(&catalog, "ssh"), "$remote_fs");
	CHECK_STR(network(&catalog, "nftables"), "");
	CHECK_STR(network(&catalog, "mountnfs.sh"), "the network for remote file systems of fstab");
	CHECK_STR(network(&catalog, "soft"), "");
	catalog_free(&catalog);
}

static void test_override(void)
{
	static const char own[] = "### BEGIN INIT INFO\n# Provides: a\n# Required-Start: $network\n"
				  "### END INIT INFO\nPIDFILE=\"/run/a.pid\"\n"
				  "touch /var/lock/subsys/a\n";
	static const char good[] = "### BEGIN INIT INFO\n# Provides: b\n### END INIT INFO\n";
	static const char bad[] = "# Provides: b\n";
	struct catalog catalog = { 0 };
	struct catalog_text script = { "a", own, sizeof(own) - 1, good, sizeof(good) - 1 };
	struct catalog_text second = { "c", own, sizeof(own) - 1, bad, sizeof(bad) - 1 };

	CHECK_INT(catalog_add(&catalog, &script), 0);
	CHECK_INT(catalog_add(&catalog, &second), 0);
	CHECK_INT(resolve_edges(&catalog, false), 0);
	CHECK_STR(catalog.list[0].lsb.list[LSB_PROVIDES].word[0], "b");
	CHECK_STR(network(&catalog, "a"), "");
	CHECK_STR(catalog.list[1].lsb.list[LSB_PROVIDES].word[0], "a");
	CHECK_STR(network(&catalog, "c"), "$network");
	CHECK_STR(catalog.list[0].pidfile, "/run/a.pid");
	CHECK(catalog.list[0].locks_subsys);
	catalog_free(&catalog);
}

static void test_order(void)
{
	struct catalog catalog = make(false);
	bool wanted[32] = { false };
	size_t order[32];

	wanted[catalog_find(&catalog, "ntp")] = true;
	wanted[catalog_find(&catalog, "networking")] = true;
	wanted[catalog_find(&catalog, "rc.local")] = true;
	wanted[catalog_find(&catalog, "procps")] = true;
	CHECK_INT(order_services(&catalog, wanted, order), 4);
	CHECK_STR(catalog.list[order[0]].name, "procps");
	CHECK_STR(catalog.list[order[1]].name, "networking");
	CHECK_STR(catalog.list[order[2]].name, "ntp");
	CHECK_STR(catalog.list[order[3]].name, "rc.local");
	catalog_free(&catalog);
}

static void test_circle(void)
{
	struct catalog catalog = { 0 };
	bool wanted[2] = { true, true };
	bool reached[2] = { false, false };
	size_t order[2];

	add(&catalog, "a", "# Provides: a\n# Required-Start: b\n");
	add(&catalog, "b", "# Provides: b\n# Required-Start: a\n");
	CHECK_INT(resolve_edges(&catalog, false), 0);
	CHECK_INT(order_services(&catalog, wanted, order), 2);
	order_closure(&catalog, 0, reached);
	CHECK(reached[0] && reached[1]);
	catalog_free(&catalog);
}

static bool remote(const char *fstab)
{
	char *text = strdup(fstab);
	bool found = resolve_has_remote(text);

	free(text);
	return found;
}

static void test_fstab(void)
{
	CHECK(!remote("# nfs\n/dev/sda1 / ext4 rw 0 1\n"));
	CHECK(remote("srv:/x /x nfs rw 0 0"));
	CHECK(!remote("srv:/x /x nfs rw,noauto 0 0"));
	CHECK(remote("/dev/nbd0 /x ext4 _netdev,rw 0 0"));
	CHECK(!remote("/dev/nbd0 /x ext4 x_netdev 0 0"));
	CHECK(!remote("#srv:/x /x nfs rw 0 0"));
	CHECK(remote("srv:/x /x nfs")); /* as mountnfs.sh reads it */
	CHECK(!remote("srv:/x /x"));
}

int main(void)
{
	test_edges();
	test_network();
	test_override();
	test_order();
	test_circle();
	test_fstab();
	return check_result();
}
