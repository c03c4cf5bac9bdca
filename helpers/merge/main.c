/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs-merge: RAM back to disk, then no overlay. */
#include "config.h"

#include "merge/alone.h"
#include "merge/daemon.h"
#include "merge/repaired.h"
#include "common/report.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
	"Usage: initfs-merge [OPTION...] --upper=UPPER --lower=LOWER\n"
	"       initfs-merge --wait [--manual]|--now|--repaired [--] ROOT\n"
	"Carries an overlay's upper layer to its lower directory, while they are not mounted;\n"
	"or what programs of ROOT have written into initfs's RAM layers to the disk under them.\n"
	"\n"
	"      --upper=UPPER     the upper layer; it is only read\n"
	"      --lower=LOWER     the directory that becomes what the overlay showed\n"
	"      --staging=DIR     stage below DIR (default: the root of LOWER's mount)\n"
	"      --work=WORK       its workdir, where it was mounted with index=on\n"
	"      --userxattr       the overlay was mounted with userxattr\n"
	"      --wait            in the background, as soon as the disk is ready\n"
	"      --manual          with --wait: only when 'initfs merge' asks, or at shutdown\n"
	"      --now             at once, as far as fstab is concerned\n"
	"      --repaired        now, into a root that was repaired under its read-only mount\n"
	"      --verify          read back from the disk what was staged, before it is published\n"
	"  -n, --dry-run         say what would be done, touch nothing\n"
	"  -v, --verbose         say what is done\n"
	"      --help            print this text and exit\n"
	"      --version         print the version and exit\n";

enum option_code {
	OPTION_UPPER = 256,
	OPTION_LOWER,
	OPTION_STAGING,
	OPTION_USERXATTR,
	OPTION_WORK,
	OPTION_VERIFY,
	OPTION_WAIT,
	OPTION_MANUAL,
	OPTION_NOW,
	OPTION_REPAIRED,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "upper", required_argument, NULL, OPTION_UPPER },
	{ "lower", required_argument, NULL, OPTION_LOWER },
	{ "staging", required_argument, NULL, OPTION_STAGING },
	{ "userxattr", no_argument, NULL, OPTION_USERXATTR },
	{ "work", required_argument, NULL, OPTION_WORK },
	{ "manual", no_argument, NULL, OPTION_MANUAL },
	{ "wait", no_argument, NULL, OPTION_WAIT },
	{ "now", no_argument, NULL, OPTION_NOW },
	{ "repaired", no_argument, NULL, OPTION_REPAIRED },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "verify", no_argument, NULL, OPTION_VERIFY },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

/* What an option means for the call as a whole: go on, end well, end badly. */
enum next { NEXT_OPTION, NEXT_END, NEXT_MISTAKE };

static enum next take_option(struct options *opt, int code, char **argv)
{
	switch (code) {
	case OPTION_UPPER:
		opt->upper = optarg;
		return NEXT_OPTION;
	case OPTION_LOWER:
		opt->lower = optarg;
		return NEXT_OPTION;
	case OPTION_STAGING:
		opt->staging = optarg;
		return NEXT_OPTION;
	case OPTION_USERXATTR:
		opt->userxattr = true;
		return NEXT_OPTION;
	case OPTION_WORK:
		opt->work = optarg;
		return NEXT_OPTION;
	case OPTION_VERIFY:
		opt->verify = true;
		return NEXT_OPTION;
	case OPTION_WAIT:
		opt->wait = true;
		return NEXT_OPTION;
	case OPTION_MANUAL:
		opt->manual = true;
		return NEXT_OPTION;
	case OPTION_NOW:
		opt->now = true;
		return NEXT_OPTION;
	case OPTION_REPAIRED:
		opt->repaired = true;
		return NEXT_OPTION;
	case 'n':
		opt->dry_run = true;
		return NEXT_OPTION;
	case 'v':
		opt->verbose = true;
		return NEXT_OPTION;
	case OPTION_HELP:
		(void)fputs(usage, stdout);
		return NEXT_END;
	case OPTION_VERSION:
		(void)puts("initfs-merge (initfs) " PACKAGE_VERSION);
		return NEXT_END;
	case ':':
		(void)report_usage("option '%s' needs a value", argv[optind - 1]);
		return NEXT_MISTAKE;
	default:
		(void)report_usage("there is no option '%s'", argv[optind - 1]);
		return NEXT_MISTAKE;
	}
}

static const char *mode_of(const struct options *opt)
{
	if (opt->repaired)
		return "--repaired";
	return opt->wait ? "--wait" : "--now";
}

static int check_live_call(struct options *opt, int argc, char **argv)
{
	if (opt->wait && opt->now)
		return report_usage("--wait and --now exclude each other");
	if (opt->repaired && (opt->wait || opt->now || opt->verify))
		return report_usage("--repaired takes only a root");
	if (opt->upper || opt->lower || opt->staging || opt->userxattr || opt->work || opt->dry_run)
		return report_usage("%s takes only a root", mode_of(opt));
	if (optind == argc)
		return report_usage("which root?");
	opt->root = argv[optind++];
	return EXIT_DONE;
}

static int check_call(struct options *opt, int argc, char **argv)
{
	int code = EXIT_DONE;

	if (opt->manual && !opt->wait)
		return report_usage("--manual goes with --wait");
	if (opt->wait || opt->now || opt->repaired)
		code = check_live_call(opt, argc, argv);
	else if (!opt->upper || !opt->lower)
		code = report_usage("--upper and --lower are needed");
	if (code == EXIT_DONE && optind < argc)
		return report_usage("what is '%s' for?", argv[optind]);
	return code;
}

int main(int argc, char **argv)
{
	struct options opt = { 0 };
	int code;

	report_name("initfs-merge");
	opterr = 0;
	while ((code = getopt_long(argc, argv, "+:nv", long_options, NULL)) != -1) {
		switch (take_option(&opt, code, argv)) {
		case NEXT_OPTION:
			break;
		case NEXT_END:
			return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
		case NEXT_MISTAKE:
			return EXIT_USAGE;
		}
	}
	code = check_call(&opt, argc, argv);
	if (code != EXIT_DONE)
		return code;
	if (opt.repaired)
		return repaired_run(&opt);
	return opt.root ? daemon_run(&opt, argv) : alone_run(&opt);
}
