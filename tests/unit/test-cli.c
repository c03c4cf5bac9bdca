/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the events of a boot, its mounts and the view's answer amount to, nonsense among them. */
#include "config.h"

#include "check.h"
#include "cli/layers.h"
#include "cli/mounts.h"
#include "cli/record.h"
#include "cli/summary.h"
#include "cli/view.h"

#include <errno.h>

static struct record record;
static struct summary summary;

static void read_text(const char *text)
{
	record_free(&record);
	CHECK_INT(record_parse(&record, strdup(text)), 0);
	summary_make(&summary, &record);
}

static void test_record(void)
{
	read_text("1.000000 a.b k=v\nnonsense\n\n2.500000 c.d");
	CHECK_INT(record.count, 4);
	CHECK(record.lines[0].is_event);
	CHECK(!record.lines[1].is_event);
	CHECK_STR(record.lines[1].event.event, "nonsense");
	CHECK_STR(record.lines[3].event.event, "c.d");
	CHECK_INT(record.lines[3].event.usec, 2500000);
	read_text("");
	CHECK_INT(record.count, 0);
}

static void test_programs(void)
{
	read_text("1.000000 early.start name=rsyslog pid=10\n"
		  "1.100000 early.ready name=rsyslog\n"
		  "1.200000 early.start name=x pid=11\n"
		  "1.300000 early.exit name=x status=signal-9\n"
		  "1.400000 early.start name=x pid=12\n"
		  "1.500000 early.skipped name=y why=\"no device\"\n"
		  "1.600000 early.start pid=13\n"
		  "1.700000 early.first-log name=z\n"
		  "1.800000 early.gave-up name=w\n");
	CHECK_INT(summary.program_count, 4);
	CHECK_STR(summary.programs[0].name, "rsyslog");
	CHECK_INT(summary.programs[0].state, PROGRAM_READY);
	CHECK_STR(summary.programs[0].pid, "10");
	CHECK_INT(summary.programs[1].state, PROGRAM_STARTING);
	CHECK_STR(summary.programs[1].pid, "12");
	CHECK_INT(summary.programs[1].starts, 2);
	CHECK_STR(summary.programs[2].value, "no device");
	CHECK_INT(summary.programs[3].state, PROGRAM_GAVE_UP);
}

static long long phase(bool has_layers)
{
	return summary_phase(&summary, has_layers);
}

static void test_phase(void)
{
	read_text("");
	CHECK_INT(phase(false), PHASE_STOCK);
	read_text("1.000000 boot.begin\n2.000000 boot.stock why=\"no overlayfs\"\n");
	CHECK_INT(phase(false), PHASE_STOCK);
	CHECK_STR(summary.stock_why, "no overlayfs");
	read_text("1.000000 overlay.up dirs=/var size=50%\n");
	CHECK_INT(phase(true), PHASE_EARLY);
	read_text("1.000000 overlay.up dirs=/var size=50%\n2.000000 boot.stock why=x\n");
	CHECK_INT(phase(false), PHASE_STOCK);
	read_text("1.000000 overlay.up dirs=/var size=50%\n2.000000 merge.wake\n"
		  "3.000000 merge.staged round=1 names=2 bytes=3\n");
	CHECK_INT(phase(true), PHASE_MERGING);
	read_text("1.000000 overlay.up dirs=/var size=50%\n2.000000 merge.wake\n"
		  "3.000000 merge.refused step=space\n");
	CHECK_INT(phase(true), PHASE_FAILED);
	CHECK_STR(summary.merge_why, "space");
	read_text(
		"1.000000 overlay.up dirs=/var size=50%\n3.000000 merge.failed why=\"disk full\"\n"
		"4.000000 merge.wake\n5.000000 merge.unsealed pause_us=8300\n"
		"5.100000 layer.kept pid=7\n6.000000 merge.done names=3 bytes=99\n");
	CHECK_INT(phase(false), PHASE_DISK);
	CHECK_INT(summary.merge, MERGE_DONE);
	CHECK_INT(summary.merge_usec, 6000000);
	CHECK_STR(summary.pause_usec, "8300");
	CHECK_STR(summary.merge_bytes, "99");
	CHECK(summary.layer_kept);
	read_text("5.100000 layer.kept pid=7\n6.000000 layer.gone\n");
	CHECK(!summary.layer_kept);
}

static void test_mounts(void)
{
	char text[] = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
		      "30 22 0:40 / /var rw - fuse.initfs-hold initfs rw\n"
		      "31 22 0:41 / /run/initfs/layer/0 rw shared:2 master:1 - overlay initfs rw\n"
		      "32 22 0:42 / /run/initfs/ram rw - tmpfs initfs rw,size=1k\n"
		      "33 22 0:43 / /mnt rw - overlay overlay rw\n"
		      "34 22 0:44 / /x rw - ext4 initfs rw\n"
		      "nonsense\n"
		      "35 22 bad / /y rw - tmpfs initfs rw";
	struct mounts mounts;

	CHECK_INT(mounts_parse(&mounts, text), 0);
	CHECK_INT(mounts.count, 6);
	CHECK(!mounts_find(&mounts, 254, 0)->is_ours);
	CHECK(mounts_find(&mounts, 0, 40)->is_ours);
	CHECK_STR(mounts_find(&mounts, 0, 40)->point, "/var");
	CHECK(mounts_find(&mounts, 0, 41)->is_ours);
	CHECK(mounts_find(&mounts, 0, 42)->is_ours);
	CHECK(!mounts_find(&mounts, 0, 43)->is_ours);
	CHECK(!mounts_find(&mounts, 0, 44)->is_ours);
	CHECK(!mounts_find(&mounts, 0, 99));
	mounts_free(&mounts);
}

static void test_layers(void)
{
	struct layers layers;

	layers_parse(&layers, strdup("0\t/var\nbroken\n1\t/tmp"));
	CHECK_INT(layers.count, 2);
	CHECK_STR(layers.number[1], "1");
	CHECK_STR(layers.directory[0], "/var");
	CHECK_STR(layers.directory[1], "/tmp");
	layers_free(&layers);
}

static void test_view(void)
{
	struct view view = { .state = "x" };

	CHECK_INT(view_parse(&view, "ok state=live layers=2 nodes=7"), 0);
	CHECK_STR(view.state, "live");
	CHECK_STR(view.text, "layers=2 nodes=7");
	CHECK_INT(view_parse(&view, "ok state=disk"), 0);
	CHECK_STR(view.text, "");
	CHECK_INT(view_parse(&view, "error 22 what"), -EPROTO);
	CHECK_INT(view_parse(&view, "ok"), -EPROTO);
	CHECK_INT(view_parse(&view, "ok state="), -EPROTO);
	CHECK_INT(view_parse(&view, "ok state=much-too-long-for-a-state x"), -EPROTO);
}

int main(void)
{
	test_record();
	test_programs();
	test_phase();
	test_mounts();
	test_layers();
	test_view();
	record_free(&record);
	return check_result();
}
