# shellcheck shell=bash disable=SC2054
# SPDX-License-Identifier: GPL-2.0-only
# Boots the sandbox. Needs KERNEL_VERSION, KERNEL_DIR, SANDBOX_KERNEL, SANDBOX_INITRAMFS and the settings below; the exit status of
# vm_run is COMMAND's.

VM_CPUS=2
VM_MEMORY=		# nothing: as much as that kernel needs
VM_APPEND=
VM_TIMEOUT=
VM_HARDWARE=()		# more options of the machine's own QEMU
VM_SHARES=()		# directories that are writable inside, under their own names
VM_RUN=			# directory of this run: kernel.log, console.log, settings

_vm_pid=
_vm_helpers=()
declare -A _vm_readers=()
_vm_terminal=

# /dev/kvm can exist and open and yet not run a kernel: believe a probe only, and ask once for each boot of this machine.
vm_accelerator()
{
	local note=$PCIEM_BUILD/sandbox/kvm answer boot
	if ! grep -qwE 'vmx|svm' /proc/cpuinfo || [[ ! -w /dev/kvm ]]; then
		echo tcg
		return
	fi
	boot=$(</proc/sys/kernel/random/boot_id)
	if [[ ! -e $note || $(<"$note") != "$boot "* ]]; then
		answer=$(timeout 15 qemu-system-x86_64 -nodefaults -no-reboot -display none -machine q35 -accel kvm -cpu host -m 512 \
			-kernel "$SANDBOX_KERNEL" -initrd "$SANDBOX_INITRAMFS" \
			-append "console=ttyS0 quiet panic=-1 pciem.probe" -serial stdio </dev/null 2>/dev/null) || true
		if [[ $answer == *pciem-probe-works* ]]; then answer=kvm; else answer=tcg; fi
		printf '%s %s\n' "$boot" "$answer" >"$note"
	fi
	answer=$(<"$note")
	echo "${answer##* }"
}

# Emulated string instructions work byte by byte; without these flags the kernel copies with moves. Which flags there are
# depends on QEMU's version.
vm_cpu_model()
{
	local model=max flag known=$PCIEM_BUILD/sandbox/cpu-flags
	if [[ ! $known -nt $(command -v qemu-system-x86_64) ]]; then
		qemu-system-x86_64 -cpu help | tr -s ' \n' '\n' >"$known"
	fi
	for flag in erms fsrm fsrs fzrm; do
		if grep -qx "$flag" "$known"; then
			model+=,-$flag
		fi
	done
	echo "$model"
}

# Settings travel as shell text, so that any argument survives.
vm_settings()
{
	declare -p MODULE PCIEM_QEMU DEVICE_ARGS COMMAND KERNEL_DIR PCIEM_ROOT PCIEM_BUILD PCIEM_CACHE
	local PCIEM_COVERAGE=${PCIEM_COVERAGE:-} PCIEM_LEAKS=${PCIEM_LEAKS:-}
	declare -p PCIEM_COVERAGE PCIEM_LEAKS | sed 's/^declare --/declare -g/'
	local SANDBOX_TTY=$1 SANDBOX_CWD=$PWD SANDBOX_ROWS='' SANDBOX_COLUMNS='' SANDBOX_TERM=${TERM:-} SANDBOX_LANG=${LANG:-}
	[[ ! $1 ]] || read -r SANDBOX_ROWS SANDBOX_COLUMNS < <(stty size)
	declare -p SANDBOX_TTY SANDBOX_CWD SANDBOX_ROWS SANDBOX_COLUMNS SANDBOX_TERM SANDBOX_LANG | sed 's/^declare --/declare -g/'
}

# Fills the array qemu, but for the ports, which belong to one boot.
vm_command_line()
{
	local accel i memory=${VM_MEMORY:-2G} append="console=ttyS0 loglevel=5 log_buf_len=4M panic=-1 random.trust_cpu=on"
	# (Emulated timers are late on a busy machine: the kernel's check of them would end the boot.)
	append+=" no_timer_check"
	# (And an emulated CPU can be without a real one for many seconds; that is no lockup.)
	append+=" rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30"
	if [[ $KERNEL_VERSION == *-pciem-* ]]; then
		memory=${VM_MEMORY:-4G}
		# (What all tasks do, when it panics.)
		append+=" panic_print=1"
		# (To note each allocation takes a third of the time.)
		[[ ${PCIEM_LEAKS:-} ]] || append+=" kmemleak=off"
	fi
	accel=$(vm_accelerator)
	qemu=(
		qemu-system-x86_64 -name pciem-sandbox -nodefaults -no-user-config -no-reboot -display none
		-machine q35 -smp "$VM_CPUS" -m "$memory" -accel "$accel"
		-kernel "$SANDBOX_KERNEL" -initrd "$SANDBOX_INITRAMFS"
		-device virtio-rng-pci
		-fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
		-device virtio-9p-pci,fsdev=root,mount_tag=root
		-fsdev "local,id=run,path=$VM_RUN,security_model=none"
		-device virtio-9p-pci,fsdev=run,mount_tag=run
		-chardev "file,id=console,path=$VM_RUN/console.log" -serial chardev:console
		-device virtio-serial-pci
		-chardev "pipe,id=control,path=$VM_RUN/control"
		-device virtserialport,chardev=control,name=pciem.control
	)
	for i in "${!VM_SHARES[@]}"; do
		qemu+=(-fsdev "local,id=share$i,path=${VM_SHARES[i]//,/,,},security_model=none,multidevs=remap"
			-device "virtio-9p-pci,fsdev=share$i,mount_tag=share$i")
	done
	if [[ $accel == kvm ]]; then
		qemu+=(-cpu host)
	else
		qemu+=(-cpu "$(vm_cpu_model)")
		append+=" tsc=reliable"
		! grep -qw constant_tsc /proc/cpuinfo || append+=" tsc_early_khz=$("$PCIEM_BUILD/sandbox/tsc-khz")"
	fi
	qemu+=("${VM_HARDWARE[@]}" -append "$append${VM_APPEND:+ $VM_APPEND}")
}

# Starts QEMU with COMMAND's terminal, or with its three streams apart: nothing but what COMMAND says reaches them.
vm_start()
{
	local tty=$1
	mkfifo "$VM_RUN/control"
	# Opened for both so that neither side waits for the other.
	exec {VM_CONTROL}<>"$VM_RUN/control"
	if [[ $tty ]]; then
		_vm_terminal=$(stty -g)
		"${qemu[@]}" -chardev stdio,id=tty,signal=off -device virtconsole,chardev=tty <&0 2>"$VM_RUN/qemu.log" &
		_vm_pid=$!
		return
	fi
	mkfifo "$VM_RUN/out" "$VM_RUN/err"
	cat <"$VM_RUN/out" &
	_vm_readers[out]=$!
	cat <"$VM_RUN/err" >&2 &
	_vm_readers[err]=$!
	local -a ports=(
		-chardev "file,id=out,path=$VM_RUN/out" -device virtserialport,chardev=out,name=pciem.out
		-chardev "file,id=err,path=$VM_RUN/err" -device virtserialport,chardev=err,name=pciem.err
		-chardev stdio,id=in -device virtserialport,chardev=in,name=pciem.in
	)
	if [[ -t 0 ]]; then
		# Through a cat: QEMU would take the terminal's line editing and echo away.
		"${qemu[@]}" "${ports[@]}" < <(cat <&0) >"$VM_RUN/qemu.log" 2>&1 &
	else
		"${qemu[@]}" "${ports[@]}" <&0 >"$VM_RUN/qemu.log" 2>&1 &
	fi
	_vm_pid=$!
}

# One boot, to its end.
vm_boot()
{
	rm -f "$VM_RUN"/{started,status}
	vm_start "$1"
	vm_boot_watch "$_vm_pid" &
	_vm_helpers+=($!)
	if [[ $VM_TIMEOUT ]]; then
		vm_watchdog "$$" "$VM_TIMEOUT" &
		_vm_helpers+=($!)
	fi
	while kill -0 "$_vm_pid" 2>/dev/null; do
		wait "$_vm_pid" 2>/dev/null || true
	done
	vm_tidy
}

vm_run()
{
	local tty='' status attempt
	[[ ! -t 0 || ! -t 1 ]] || tty=1
	if [[ ! $tty && ${#COMMAND[@]} == 0 && -t 0 ]]; then
		die "a shell needs a terminal; give a COMMAND after --"
	fi
	vm_settings "$tty" >"$VM_RUN/settings"
	printf '%s\n' "${VM_SHARES[@]}" >"$VM_RUN/shares"
	printf '%s\n' "$PCIEM_ROOT" "$PCIEM_BUILD" "$PCIEM_CACHE" >"$VM_RUN/visible"
	printf '%s\n' "$KERNEL_DIR/lib/modules/$KERNEL_VERSION" >"$VM_RUN/modules"
	cp "$PCIEM_ROOT/scripts/guest/init" "$VM_RUN/init"

	local -a qemu
	vm_command_line
	printf '%q ' "${qemu[@]}" >"$VM_RUN/command"

	_vm_signal=
	trap 'vm_signal INT' INT
	trap 'vm_signal TERM' TERM
	trap 'vm_signal HUP' HUP
	trap 'vm_signal ALRM' ALRM
	# On a busy machine an emulated CPU can run into a breakpoint that another one has just removed while it patches the
	# kernel's code, and the boot dies of it ("Oops: int3"). COMMAND has not begun then: boot again.
	for attempt in 1 2 3; do
		vm_boot "$tty"
		[[ ! -e $VM_RUN/started && ! $_vm_signal ]] || break
		((attempt == 3)) || grep -q . "$VM_RUN/qemu.log" || warn "the boot failed; trying again"
		! grep -q . "$VM_RUN/qemu.log" || break
	done
	trap - INT TERM HUP ALRM
	rm -f "$VM_RUN"/{init,shares,visible,modules}

	if [[ ! -e $VM_RUN/status ]]; then
		vm_why_no_status
		return 125
	fi
	status=$(<"$VM_RUN/status")
	[[ $_vm_signal != ALRM ]] || status=124
	return "$status"
}

# A kernel that does not come up within three minutes never will.
vm_boot_watch()
{
	trap 'kill "$sleeper"' TERM
	sleep 180 &
	sleeper=$!
	wait "$sleeper" && [[ ! -e $VM_RUN/started ]] && kill -KILL "$1"
}

vm_watchdog()
{
	trap 'kill "$sleeper"' TERM
	sleep "$2" &
	sleeper=$!
	wait "$sleeper" && kill -ALRM "$1"
}

# The first signal asks COMMAND to end and lets the image be closed properly; the second one, or a minute, ends the machine.
vm_signal()
{
	local signal=$1
	case $signal in
	ALRM) warn "the time limit of $VM_TIMEOUT s has passed"; signal=TERM ;;
	esac
	if [[ $_vm_signal ]]; then
		kill -KILL "$_vm_pid" 2>/dev/null || true
		return
	fi
	_vm_signal=$1
	echo "$signal" >&"$VM_CONTROL"
	(
		sleep 60
		kill -KILL "$_vm_pid"
	) 2>/dev/null &
	_vm_helpers+=($!)
}

vm_why_no_status()
{
	if [[ -s $VM_RUN/qemu.log ]]; then
		tail -n 3 "$VM_RUN/qemu.log" >&2
	fi
	if grep -q 'Kernel panic' "$VM_RUN/console.log" 2>/dev/null; then
		grep -A 12 'Kernel panic' "$VM_RUN/console.log" | head -n 12 >&2
		warn "the sandbox's kernel panicked; its log is $VM_RUN/console.log"
	else
		warn "the sandbox ended before COMMAND did; its logs are in $VM_RUN"
	fi
}

# Safe to call more than once; also the way out when the script dies.
vm_tidy()
{
	local pid name fd
	if [[ $_vm_pid ]]; then
		kill -KILL "$_vm_pid" 2>/dev/null || true
		wait "$_vm_pid" 2>/dev/null || true
		_vm_pid=
	fi
	if [[ $_vm_terminal ]]; then
		stty "$_vm_terminal" || true
		_vm_terminal=
	fi
	for pid in "${_vm_helpers[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	_vm_helpers=()
	# The readers end by themselves once QEMU is gone; one that QEMU never met still waits for a writer.
	for name in "${!_vm_readers[@]}"; do
		exec {fd}<>"$VM_RUN/$name"
		exec {fd}>&-
		wait "${_vm_readers[$name]}" 2>/dev/null || true
	done
	_vm_readers=()
	[[ ! $VM_RUN ]] || rm -f "$VM_RUN"/{control,out,err}
}
