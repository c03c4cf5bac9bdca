/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: the value of Ready= in an early.d file. */
#ifndef INITFS_SUPERVISE_CONF_READY_H
#define INITFS_SUPERVISE_CONF_READY_H

#include "supervise/conf.h"

/* Takes value apart in place into entry. Returns NULL, or what is allowed; then entry is as it was. */
const char *conf_read_ready(struct entry *entry, char *value);

#endif
