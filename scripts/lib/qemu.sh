# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# QEMU's device models: Debian's source package in subprojects/qemu (no patch of ours), configured and built out of tree in
# build/qemu. pciem-qemu is linked from these objects; the sandbox itself runs in the machine's own qemu-system-x86.

QEMU_SOURCE=$PCIEM_ROOT/subprojects/qemu
QEMU_BUILD=$PCIEM_BUILD/qemu
QEMU_SERIES=10.0

qemu_configure_options=(
	--target-list=x86_64-softmmu
	--without-default-features
	--disable-tcg			# no CPU is emulated in pciem-qemu
	--enable-kvm
	--enable-system
	--enable-pixman
	--enable-slirp
	--enable-vnc
	--enable-linux-io-uring
	--enable-linux-aio
	--disable-qom-cast-debug	# checks of casts that QEMU itself makes, several in each transaction
	--enable-trace-backends=log
	--disable-install-blobs
	--disable-werror
	--python="$PYTHON"
)

# What plays and shows on this machine, where its library is installed: a feature of QEMU, and pkg-config's name for the
# library. (Left to QEMU's own detection none of them would be found: --without-default-features switches that off.)
qemu_optional_features=(
	"pipewire	libpipewire-0.3 >= 0.3.60"
	"pa	libpulse"
	"alsa	alsa"
	"sdl	sdl2"
	"gtk	gtk+-3.0 >= 3.22.0"
	"opengl	epoxy egl"		# -display egl-headless, and OpenGL in the windows
)

qemu_setup()
{
	[[ -e $QEMU_SOURCE/.complete ]] || with_lock "$PCIEM_CACHE/qemu-source.lock" qemu_source
	local options
	qemu_find_features
	options=$(printf '%s\n' "${qemu_configure_options[@]}" "${qemu_found_features[@]}" "$QEMU_SOURCE")
	if [[ ! -e $QEMU_BUILD/configured || $(<"$QEMU_BUILD/configured") != "$options" ||
		$QEMU_SOURCE/.complete -nt $QEMU_BUILD/configured ]]; then
		with_lock "$PCIEM_BUILD/qemu.lock" qemu_configure "$options"
	fi
	if [[ ! -e $QEMU_BUILD/built || $QEMU_BUILD/configured -nt $QEMU_BUILD/built ]]; then
		with_lock "$PCIEM_BUILD/qemu.lock" qemu_build
	fi
}

qemu_find_features()
{
	local feature library
	qemu_found_features=()
	while IFS=$'\t' read -r feature library; do
		if pkg-config --exists "$library" 2>/dev/null; then
			qemu_found_features+=("--enable-$feature")
		fi
	done < <(printf '%s\n' "${qemu_optional_features[@]}")
}

# The newest of the series whose files the mirror really has.
qemu_source()
{
	[[ ! -e $QEMU_SOURCE/.complete ]] || return 0
	step_begin "QEMU: fetching Debian's source package"
	step_note "package lists"
	apt_update

	local version work=$PCIEM_CACHE/qemu-source found=
	local -a versions
	mapfile -t versions < <(apt_private apt-cache showsrc --only-source qemu | sed -n 's/^Version: //p' |
		grep -E "^([0-9]+:)?${QEMU_SERIES//./\\.}\." | sort -Vur)
	((${#versions[@]})) || die "the mirror has no QEMU $QEMU_SERIES source package"
	mkdir -p "$work"
	for version in "${versions[@]}"; do
		step_note "$version"
		if (apt_fetch_source "$work" "qemu=$version") 2>>"$PCIEM_SETUP_LOG"; then
			found=$version
			break
		fi
	done
	[[ $found ]] || die "no source of QEMU $QEMU_SERIES could be downloaded (tried ${versions[*]}); see $PCIEM_SETUP_LOG"

	step_note "unpacking"
	rm -rf "$QEMU_SOURCE" "$QEMU_SOURCE.new"
	mkdir -p "${QEMU_SOURCE%/*}"
	run_logged dpkg-source --no-check --no-copy -x "$work/qemu_${found#*:}.dsc" "$QEMU_SOURCE.new" || die "could not unpack QEMU $found"
	printf '%s\n' "$found" >"$QEMU_SOURCE.new/.complete"
	mv "$QEMU_SOURCE.new" "$QEMU_SOURCE"
	rm -rf "$work"
	step_end "$found"
}

# QEMU wants meson 1.5; Debian 12 has that in backports only. It is unpacked into the cache and found by PYTHONPATH.
qemu_tools()
{
	local tools=$PCIEM_CACHE/tools have
	have=$(/usr/bin/meson --version)
	if [[ $(printf '%s\n' 1.5 "$have" | sort -V | head -n 1) == 1.5 ]]; then
		QEMU_TOOLS=
		return
	fi
	QEMU_TOOLS=$tools/usr/lib/python3/dist-packages
	[[ ! -d $QEMU_TOOLS/mesonbuild ]] || return 0
	apt_update
	rm -rf "$tools" "$tools.new"
	mkdir -p "$tools.new"
	apt_fetch "$tools.new" meson || die "could not download meson"
	run_logged dpkg-deb -x "$tools.new"/meson_*.deb "$tools.new" || die "could not unpack meson"
	mv "$tools.new" "$tools"
}

qemu_configure()
{
	local options=$1
	step_begin "QEMU: configuring"
	qemu_tools
	rm -rf "$QEMU_BUILD"
	mkdir -p "$QEMU_BUILD"
	run_logged env -C "$QEMU_BUILD" PYTHONPATH="$QEMU_TOOLS" "$QEMU_SOURCE/configure" --cc="ccache gcc" \
		"${qemu_configure_options[@]}" "${qemu_found_features[@]}" || die "QEMU could not be configured"
	printf '%s\n' "$options" >"$QEMU_BUILD/configured"
	step_end
}

qemu_build()
{
	step_begin "QEMU: building its device models"
	qemu_tools
	PYTHONPATH=$QEMU_TOOLS run_ninja "$QEMU_BUILD" qemu-system-x86_64 || die "QEMU could not be built"
	: >"$QEMU_BUILD/built"
	step_end
}
