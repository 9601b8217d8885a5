# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Image files named in pciem-qemu's options: they must be there before a machine is booted for them, and their directories
# must be writable inside.

# Prints the value of every key=VALUE that can name a file.
images_named()
{
	local argument part
	local -a parts
	for argument in "$@"; do
		IFS=, read -ra parts <<<"$argument"
		for part in "${parts[@]}"; do
			case $part in
			drive=* | file=* | filename=* | file.filename=*) printf '%s\n' "${part#*=}" ;;
			esac
		done
	done
}

# Names that -drive and -blockdev give, to which drive= may refer.
images_ids()
{
	local argument part
	local -a parts
	for argument in "$@"; do
		if [[ $argument == '{'* ]]; then
			sed -nE 's/.*"(node-name|id)" *: *"([^"]*)".*/\2/p' < <(tr ',' '\n' <<<"$argument")
			continue
		fi
		IFS=, read -ra parts <<<"$argument"
		for part in "${parts[@]}"; do
			case $part in
			id=* | node-name=*) printf '%s\n' "${part#*=}" ;;
			esac
		done
	done
}

# Sets IMAGES to the files.
images_check()
{
	local name ids
	IMAGES=()
	ids=$(images_ids "$@")
	while IFS= read -r name; do
		[[ $name ]] || continue
		grep -qxF -- "$name" <<<"$ids" && continue
		# null-co://, nbd:..., json:{...}; a file name with a colon needs a slash before it
		[[ $name =~ ^[a-z0-9+-]+: ]] && continue
		if [[ ! -e $name ]]; then
			die "there is no image file '$name'; this makes an empty one of 1 GiB: $(image_hint "$name")"
		fi
		IMAGES+=("$name")
	done < <(images_named "$@")
}

image_hint()
{
	case $1 in
	*.qcow2) printf 'qemu-img create -f qcow2 %q 1G\n' "$1" ;;
	*) printf 'truncate -s 1G %q\n' "$1" ;;
	esac
}

# The current directory, and where images are that lie outside of it.
images_shares()
{
	local name dir
	dir=$(pwd -P)
	[[ $dir != / ]] || die "the current directory becomes writable inside: choose another one than /"
	VM_SHARES=("$dir")
	for name in "${IMAGES[@]}"; do
		[[ -f $name ]] || continue
		dir=$(dirname "$(realpath "$name")")
		case "$dir/" in
		"${VM_SHARES[0]}"/*) ;;
		/) die "'$name' lies in /; put it into a directory of its own" ;;
		*) VM_SHARES+=("$dir") ;;
		esac
	done
	mapfile -t VM_SHARES < <(printf '%s\n' "${VM_SHARES[@]}" | awk '!seen[$0]++')
}

# The logs of the last runs stay for a while.
sandbox_prune_runs()
{
	local dir
	mkdir -p "$PCIEM_BUILD/sandbox"
	while IFS= read -r dir; do
		rm -rf "$dir"
	done < <(find "$PCIEM_BUILD/sandbox" -maxdepth 1 -name 'run.*' -mmin +60 -printf '%T@ %p\n' | sort -rn |
		tail -n +11 | cut -d' ' -f2-)
}
