/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of layers is read whole, or refused. */
#include "config.h"

#include "check.h"
#include "hold/layers.h"

#include <errno.h>

static int parse(struct layers *layers, const char *text)
{
	static char copy[8192];

	(void)snprintf(copy, sizeof(copy), "%s", text);
	return layers_parse(layers, copy);
}

static void check_bad(const char *text)
{
	struct layers layers;

	CHECK_INT(parse(&layers, text), -EINVAL);
	layers_free(&layers);
}

int main(void)
{
	struct layers layers;
	char many[8192] = "";
	size_t used = 0;
	int i;

	CHECK_INT(parse(&layers, "0\t/var\n12\t/srv/a b\n"), 0);
	CHECK_INT(layers.count, 2);
	CHECK_INT(layers.list[0].number, 0);
	CHECK_STR(layers.list[0].directory, "/var");
	CHECK_STR(layers.list[0].backing, "/run/initfs/layer/0");
	CHECK_STR(layers.list[1].directory, "/srv/a b");
	CHECK_STR(layers.list[1].backing, "/run/initfs/layer/12");
	layers_free(&layers);
	CHECK_INT(parse(&layers, ""), 0);
	CHECK_INT(layers.count, 0);
	layers_free(&layers);

	check_bad("0\t/var"); /* no newline: not written to its end */
	check_bad("0 /var\n");
	check_bad("x\t/var\n");
	check_bad("\t/var\n");
	check_bad("0\tvar\n");
	check_bad("0\t/\n");
	check_bad("0\t/var/../etc\n");
	check_bad("0\t/var\n\n");
	for (i = 0; i <= LAYERS_MAX; i++)
		used += (size_t)snprintf(many + used, sizeof(many) - used, "1\t/d\n");
	check_bad(many);
	return check_result();
}
