# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A private apt, for the kernel and for QEMU's source, so that the machine's own apt configuration stays as it is.
#
# The mirror is the one that this machine uses already. Debian 12 has too old a kernel and too old a QEMU: there the
# backports suite of the same mirror is asked too, and the next release for sources (backports sometimes lists a source
# whose files are gone from the mirror).

apt_dir=$PCIEM_CACHE/apt

debian_codename()
{
	# shellcheck source=/dev/null
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-unknown}")
}

# The suite whose kernel is the sandbox's default.
debian_kernel_suite()
{
	case $(debian_codename) in
	bookworm) echo bookworm-backports ;;
	trixie) echo trixie ;;
	*) die "the set-up knows Debian 12 (bookworm) and Debian 13 (trixie); this is $(debian_codename)" ;;
	esac
}

# Prints the address of the Debian archive that apt uses here.
apt_mirror()
{
	local codename uri
	codename=$(debian_codename)
	# shellcheck disable=SC2016
	local format='$(ORIGIN)|$(LABEL)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)'
	uri=$(apt-get indextargets --format "$format" 'Created-By: Packages' |
		awk -F'|' -v codename="$codename" \
			'$1 == "Debian" && $2 == "Debian" && $3 == codename && $4 == "main" && $5 !~ /^cdrom:/ { print $5; exit }')
	[[ $uri ]] || return 1
	printf '%s\n' "$uri"
}

apt_private()
{
	local -a options=(
		-q
		-o Dir::Etc::sourcelist="$apt_dir/sources.list"
		-o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferences=/dev/null
		-o Dir::Etc::preferencesparts=/dev/null
		-o Dir::State::lists="$apt_dir/lists"
		-o Dir::Cache="$apt_dir/cache"
		-o APT::Default-Release=
		-o APT::Get::List-Cleanup=true
		-o Acquire::Languages=none
		-o APT::Sandbox::User=
	)
	local tool=$1
	shift
	"$tool" "${options[@]}" "$@"
}

# Brings the private package lists up to date; asked again within an hour they are taken as they are.
apt_update()
{
	local mirror suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=
	if [[ $(find "$apt_dir/updated" -mmin -60 2>/dev/null) ]]; then
		return 0
	fi
	if ! mirror=$(apt_mirror); then
		# A machine whose lists were never fetched does not know yet which of its sources is Debian's.
		run_logged as_root apt-get -q update || die "apt-get update failed"
		mirror=$(apt_mirror) || die "found no Debian mirror in this machine's apt configuration"
	fi
	suite=$(debian_kernel_suite) || exit 1
	[[ ! -e $keyring ]] || signed=" [signed-by=$keyring]"

	mkdir -p "$apt_dir"/{lists/partial,cache/archives/partial}
	{
		echo "deb$signed $mirror $suite main"
		echo "deb-src$signed $mirror $suite main"
		[[ $suite == trixie ]] || echo "deb-src$signed $mirror trixie main"
	} >"$apt_dir/sources.list"
	run_logged apt_private apt-get update || die "could not fetch the package lists of $suite"
	touch "$apt_dir/updated"
}

# apt_fetch DIRECTORY PACKAGE...: binary packages of the kernel suite
apt_fetch()
{
	local dir=$1
	shift
	(cd "$dir" && run_apt apt_private apt-get download "$@")
}

# apt_fetch_source DIRECTORY PACKAGE=VERSION: the files of a source package, checked against the signed lists
apt_fetch_source()
{
	(cd "$1" && run_apt apt_private apt-get -y source --download-only "$2")
}
