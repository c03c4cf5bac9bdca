/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tmpfs that is mounted on top of a view without a line in fstab: a start script has done that. It is
 * empty, and hides from then on what is on the disk; what programs have in RAM would be hidden, too, with
 * the sockets that they listen on. So the layer goes there, as where fstab has that line. But it lies over
 * the disk's directory, which nobody will see: what the tmpfs does not have is gone for the view.
 *
 * Any other file system stays as it was mounted: it has data, which programs would not see in the meantime.
 * And where the view is shown at another place as well, somebody means to copy between the two (log2ram
 * does, also back); put beneath the view, the tmpfs would be copied to itself.
 */
#ifndef INITFS_MERGE_ADOPT_H
#define INITFS_MERGE_ADOPT_H

#include "common/fault.h"
#include "merge/list.h"

/*
 * Makes such a tmpfs the file system of the directory's own, in the entry and in the note that own_note
 * reads; run is /run/initfs. Does nothing where there is none. 0 or -errno with the fault.
 */
int adopt(struct list_entry *entry, int run, struct fault *fault);

#endif
