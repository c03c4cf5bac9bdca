/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sub-commands; main.c has the table. Each takes its own argv and returns an exit code. */
#ifndef INITFS_CLI_COMMAND_H
#define INITFS_CLI_COMMAND_H

#define STATE_DIR "/run/initfs"

/* initfs status: where the layers are, who still holds them, what was started early. */
int command_status(int argc, char **argv);

/* initfs timeline [--raw] [FILE]: the record of the boot. */
int command_timeline(int argc, char **argv);

/* initfs plot [FILE]: the same as a picture. */
int command_plot(int argc, char **argv);

/* initfs services [--json], explain NAME, rc off: what initfs-rcfilter says, and the end of it. */
int command_services(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_rc(int argc, char **argv);

/* initfs merge [--now]: takes the layers to the disk, and waits for it. */
int command_merge(int argc, char **argv);

#endif
