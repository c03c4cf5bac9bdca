/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dead server owes to those who wait for its answers. */
#ifndef INITFS_MOURN_H
#define INITFS_MOURN_H

#include <stddef.h>

/*
 * For guard.mourn; data is the struct filter. Answers all that waits at the device with ESTALE: the
 * kernel then walks the path a second time, from its beginning (since 3.8), and that way leads
 * through the new view. So a look-up, an open or an exec that met a death does not fail; reading on
 * in a file that was open does.
 */
void mourn(size_t view, int device, void *data);

#endif
