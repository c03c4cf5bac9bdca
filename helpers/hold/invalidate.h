/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking back what the kernel was told of a view. */
#ifndef INITFS_HOLD_INVALIDATE_H
#define INITFS_HOLD_INVALIDATE_H

#include "hold/view.h"

/*
 * Tells the kernel in a thread of its own that nothing it knows of the view's attributes and pages
 * may be kept. Call it when the gate is open again: the kernel may have to write pages back first.
 */
void invalidate_view(struct view *view);

#endif
