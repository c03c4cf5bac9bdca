# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The steps that come before tests: packages of this machine, builds, lint. Each is run by the
# runner like a test. Uses INITFS_SRC.

steps_host_packages() {
	local wanted missing
	mapfile -t wanted < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$INITFS_SRC/tests/lib/packages.host")
	mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
		<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))
	[[ ${#missing[@]} -gt 0 ]] || return 0
	echo "installing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update || return
	apt-get -q -y --no-install-recommends install "${missing[@]}"
}

steps_configure() { # FOLDER OPTION...
	local folder=$1
	shift
	mkdir -p "$folder"
	if [[ ! -x $INITFS_SRC/configure || $INITFS_SRC/configure -ot $INITFS_SRC/configure.ac ]]; then
		"$INITFS_SRC/autogen.sh" || return
	fi
	[[ -f $folder/config.status && $folder/config.status -nt $INITFS_SRC/configure ]] ||
		(cd "$folder" && "$INITFS_SRC/configure" --prefix=/usr --sysconfdir=/etc \
			--localstatedir=/var --enable-werror "$@")
}

steps_build() { # FOLDER OPTION...
	steps_configure "$@" && make -C "$1" -j"$(nproc)"
}

# The hooks under dash, which are in "make check" too, are tests of their own for the runner.
steps_check() { # FOLDER
	# shellcheck disable=SC2016 # make expands it
	make -C "$1" -j"$(nproc)" check TESTS='$(check_PROGRAMS)' && return
	cat "$1/test-suite.log"
	return 1
}

steps_check_sanitizers() { # FOLDER
	steps_build "$1" --enable-sanitizers CFLAGS='-g -O1' && steps_check "$1"
}

# The folder of the guest is what FILE then holds.
steps_guest() { # BUILD FILE
	"$INITFS_SRC/tests/lib/make-guest" --build "$1" >"$2"
}

steps_distcheck() { # FOLDER
	# What comes out of the compiler is looked at elsewhere; here it only has to come out.
	XZ_OPT=-1 make -C "$1" distcheck DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O0
}

steps_sources() { # FIND-EXPRESSION prints files of the source tree, without what builds leave
	find "$INITFS_SRC" \( -name .git -o -name autom4te.cache -o -name 'build*' -type d \
		-o -name config.h -o -name 'initfs-[0-9]*' \) -prune -o -type f "$@" -print0
}

steps_lint_shell() {
	local file kind status=0
	while IFS= read -r -d '' file; do
		case $file in
		*/module-setup.sh) kind=bash ;;
		*/modules.d/*) kind=dash ;;
		*) kind= ;;
		esac
		shellcheck -x ${kind:+-s "$kind"} "$file" || status=1
	done < <(
		steps_sources -name '*.sh' ! -name configure
		steps_sources ! -name '*.sh' ! -path '*/configure' ! -path '*/build-aux/*' \
			! -name '*.log' ! -name '*.py' -executable | xargs -0 -r grep -lZE '^#!/bin/(ba)?sh' --
	)
	return $status
}

steps_lint_format() {
	steps_sources \( -name '*.c' -o -name '*.h' \) |
		xargs -0 -r clang-format --dry-run -Werror --style=file
}

steps_lint_man() {
	steps_sources -path '*/docs/man/*.[1-9]' | xargs -0 -r mandoc -T lint -W warning
}
