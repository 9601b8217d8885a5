// SPDX-License-Identifier: GPL-2.0-only
/* The command line of pciem-qemu: what QEMU is given for what the user said. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "options_fake.h"

static void qemu_options_pass(void **state)
{
	assert_rewritten("pciem-qemu -device edu", "-device edu");
	assert_rewritten("pciem-qemu --device edu,id=a -monitor stdio -daemonize -name x",
			 "-device edu,id=a -monitor stdio -daemonize -name x");
	assert_rewritten("pciem-qemu -device e1000,netdev=n -netdev user,id=n", "-device e1000,netdev=n -netdev user,id=n");
	assert_rewritten("pciem-qemu -unknown", "-unknown");
}

static void a_card_without_network_gets_one(void **state)
{
	assert_rewritten("pciem-qemu -device e1000", "-netdev user,id=pciem-net0 -device e1000,netdev=pciem-net0");
	assert_rewritten("pciem-qemu -device e1000 -device e1000,id=b",
			 "-netdev user,id=pciem-net0 -device e1000,netdev=pciem-net0 "
			 "-netdev user,id=pciem-net1 -device e1000,id=b,netdev=pciem-net1");
	assert_rewritten("pciem-qemu -netdev tap,id=pciem-net0 -device e1000",
			 "-netdev tap,id=pciem-net0,vnet_hdr=off -netdev user,id=pciem-net1 "
			 "-device e1000,netdev=pciem-net1");
	assert_rewritten("pciem-qemu -netdev {\"type\":\"tap\",\"id\":\"pciem-net0\"} -device e1000",
			 "-netdev {\"type\":\"tap\",\"id\":\"pciem-net0\"} "
			 "-netdev user,id=pciem-net1 -device e1000,netdev=pciem-net1");
	/* another id, another option, another option's value */
	assert_rewritten("pciem-qemu -netdev tap,id=pciem-net00 -object x,id=pciem-net0 -name -netdev -device e1000",
			 "-netdev tap,id=pciem-net00,vnet_hdr=off -object x,id=pciem-net0 -name -netdev "
			 "-netdev user,id=pciem-net0 -device e1000,netdev=pciem-net0");
	assert_rewritten("pciem-qemu -device e1000,help", "-device e1000,help");
}

/* Its calls take a lock that drivers hold while they wait for us. */
static void a_tap_has_no_offloads_unless_asked(void **state)
{
	assert_rewritten("pciem-qemu -netdev tap,id=n,ifname=t0", "-netdev tap,id=n,ifname=t0,vnet_hdr=off");
	assert_rewritten("pciem-qemu -netdev type=tap,id=n", "-netdev type=tap,id=n,vnet_hdr=off");
	assert_rewritten("pciem-qemu -netdev tap,id=n,vnet_hdr=on", "-netdev tap,id=n,vnet_hdr=on");
	assert_rewritten("pciem-qemu -netdev tap,id=n,fd=3", "-netdev tap,id=n,fd=3");
	assert_rewritten("pciem-qemu -netdev tap,id=n,helper=h", "-netdev tap,id=n,helper=h");
	assert_rewritten("pciem-qemu -netdev socket,id=tap,listen=:1", "-netdev socket,id=tap,listen=:1");
}

static void cards_of_two_processes_differ(void **state)
{
	g_autofree char *one = rewritten("pciem-qemu -device card,netdev=n");
	g_autofree char *other = rewritten("pciem-qemu -device card,netdev=n");
	unsigned int bytes[3];

	assert_string_not_equal(one, other);
	assert_int_equal(sscanf(one, "-device card,netdev=n,mac=52:54:00:%2x:%2x:%2x", &bytes[0], &bytes[1], &bytes[2]), 3);
	assert_rewritten("pciem-qemu -device card,netdev=n,mac=1", "-device card,netdev=n,mac=1");
}

static void display_can_be_given(void **state)
{
	/* behind ours, so that it counts */
	assert_rewritten("pciem-qemu -display sdl", "-display sdl");
}

static void help_of_qemu_passes(void **state)
{
	assert_rewritten("pciem-qemu -device help", "-device help");
	assert_rewritten("pciem-qemu -device ?", "-device ?");
	assert_rewritten("pciem-qemu -device nvme,help", "-device nvme,help");
}

static void json_devices_pass(void **state)
{
	assert_rewritten("pciem-qemu -device {\"driver\":\"nvme\",\"drive\":\"d\"}",
			 "-device {\"driver\":\"nvme\",\"drive\":\"d\"}");
}

static void help_and_version_are_ours(void **state)
{
	static const struct { const char *line; OptionsAction action; } cases[] = {
		{ "pciem-qemu --help", OPTIONS_HELP }, { "pciem-qemu -h", OPTIONS_HELP },
		{ "pciem-qemu -device edu -help", OPTIONS_HELP }, { "pciem-qemu -bridge help", OPTIONS_HELP },
		{ "pciem-qemu --version", OPTIONS_VERSION }, { "pciem-qemu -version -m 1G", OPTIONS_VERSION },
	};
	Options options;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_int_equal(parse(&options, cases[i].line), cases[i].action);
		options_free(&options);
	}
}

static void computer_options_are_refused(void **state)
{
	static const char *const names[] = {
		"m", "smp", "kernel", "initrd", "append", "cpu", "machine", "M", "accel", "bios", "enable-kvm", "boot", "numa",
		"dtb", "hda", "cdrom", "nic", "net", "vga", "usb", "S", "incoming", "loadvm", "no-shutdown",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *one = g_strdup_printf("pciem-qemu -device edu -%s x", names[i]);
		g_autofree char *two = g_strdup_printf("pciem-qemu --%s x -device edu", names[i]);
		g_autofree char *start = g_strdup_printf("-%s makes no sense here: ", names[i]);

		assert_refused(one, start);
		assert_refused(two, start);
	}
}

static void values_are_not_options(void **state)
{
	assert_rewritten("pciem-qemu -name -m -device edu", "-name -m -device edu");
	assert_refused("pciem-qemu -device", "-device needs a value");
	assert_refused("pciem-qemu -bridge", "-bridge needs a value");
}

static void nothing_to_do_is_refused(void **state)
{
	assert_refused("pciem-qemu", "no device is given");
	assert_refused("pciem-qemu disk.img", "-device nvme,drive=disk.img");
}

static void unknown_devices_are_refused(void **state)
{
	assert_refused("pciem-qemu -device nmve", "there is no device called nmve (is it nvme?)");
	assert_refused("pciem-qemu -device xyz,drive=a", "there is no device called xyz: ");
	assert_refused("pciem-qemu -device driver=xyz", "there is no device called xyz: ");
}

static void bridge_keys_are_read(void **state)
{
	Options options;

	assert_int_equal(parse(&options, "pciem-qemu -bridge node=/dev/x,,y,pool=64M,mem32=0x100000 "
			       "-bridge mem64=1g,queue=256,dma=direct,poll-us=7,cpu=3 -device edu"), OPTIONS_RUN);
	assert_string_equal(options.bridge.node, "/dev/x,y");
	assert_int_equal(options.bridge.pool_size, 64 << 20);
	assert_int_equal(options.bridge.mem32_size, 1 << 20);
	assert_int_equal(options.bridge.mem64_size, 1 << 30);
	assert_int_equal(options.bridge.queue_entries, 256);
	assert_true(options.bridge.direct);
	assert_int_equal(options.bridge.poll_ns, 7000);
	assert_int_equal(options.bridge.cpu, 3);
	options_free(&options);
}

static void bridge_defaults(void **state)
{
	Options options;

	assert_int_equal(parse(&options, "pciem-qemu -device edu"), OPTIONS_RUN);
	assert_null(options.bridge.node);
	assert_int_equal(options.bridge.pool_size, 0);
	assert_int_equal(options.bridge.queue_entries, 0);
	assert_false(options.bridge.direct);
	assert_int_equal(options.bridge.poll_ns, BRIDGE_POLL_NS);
	assert_int_equal(options.bridge.cpu, -1);
	options_free(&options);
}

static void bridge_mistakes_are_refused(void **state)
{
	assert_refused("pciem-qemu -bridge pool=3M", "pool=3M is not a power of two");
	assert_refused("pciem-qemu -bridge pool=-1", "is not a power of two");
	assert_refused("pciem-qemu -bridge pool=1MB", "is not a power of two");
	assert_refused("pciem-qemu -bridge pool=0", "is not a power of two");
	assert_refused("pciem-qemu -bridge mem64=99999999999999999999T", "is not a power of two");
	assert_refused("pciem-qemu -bridge mem64=18014398509481984K", "is not a power of two");
	assert_refused("pciem-qemu -bridge queue=100", "queue=100 is not a power of two");
	assert_refused("pciem-qemu -bridge queue=0", "is not a power of two");
	assert_refused("pciem-qemu -bridge dma=fast", "neither pool");
	assert_refused("pciem-qemu -bridge cpu=x", "is not the number of a CPU");
	assert_refused("pciem-qemu -bridge poll-us=-1", "not a number of microseconds");
	assert_refused("pciem-qemu -bridge colour=red", "has no key colour");
	assert_refused("pciem-qemu -bridge pool", "-bridge pool has no value");
}

/* The line with a device serial=X taken out; X is 16 hexadecimal digits. */
static char *without_serial(char *text, char serial[17])
{
	char *at = strstr(text, ",serial=");

	assert_non_null(at);
	assert_int_equal(strspn(at + 8, "0123456789abcdef"), 16);
	memcpy(serial, at + 8, 16);
	serial[16] = '\0';
	memmove(at, at + 24, strlen(at + 24) + 1);
	return text;
}

static void known_drives_are_kept(void **state)
{
	static const char *const drives[] = {
		"-drive if=none,id=d,file=a.img",
		"-blockdev file,node-name=d,filename=a.img",
		"-blockdev {\"driver\":\"file\",\"node-name\":\"d\",\"filename\":\"a.img\"}",
	};
	char serial[17];

	for (size_t i = 0; i < G_N_ELEMENTS(drives); i++) {
		g_autofree char *before = g_strdup_printf("pciem-qemu %s -device nvme,drive=d", drives[i]);
		g_autofree char *after = g_strdup_printf("pciem-qemu -device nvme,drive=d %s", drives[i]);
		g_autofree char *expected_before = g_strdup_printf("%s -device nvme,drive=d", drives[i]);
		g_autofree char *expected_after = g_strdup_printf("-device nvme,drive=d %s", drives[i]);
		g_autofree char *first = without_serial(rewritten(before), serial);
		g_autofree char *second = without_serial(rewritten(after), serial);

		assert_string_equal(first, expected_before);
		assert_string_equal(second, expected_after);
	}
}

static void uris_become_drives(void **state)
{
	char serial[17];
	g_autofree char *text = without_serial(rewritten("pciem-qemu -device nvme,drive=null-co://"), serial);

	assert_string_equal(text, "-drive if=none,id=pciem0,file=null-co://,format=raw -device nvme,drive=pciem0");
	assert_rewritten("pciem-qemu -device virtio-blk,drive=nbd:localhost:10809",
			 "-drive if=none,id=pciem0,file=nbd:localhost:10809,format=raw -device virtio-blk,drive=pciem0");
}

static void made_ids_are_free(void **state)
{
	assert_rewritten("pciem-qemu -drive id=pciem0 -device virtio-blk,drive=null-co:// -device virtio-blk,drive=pciem0",
			 "-drive id=pciem0 -drive if=none,id=pciem1,file=null-co://,format=raw "
			 "-device virtio-blk,drive=pciem1 -device virtio-blk,drive=pciem0");
}

static void files_become_drives(void **state)
{
	g_autofree char *path = image("disk.img", "data", 4);
	g_autofree char *line = g_strdup_printf("pciem-qemu -device nvme,drive=%s,id=x -monitor none", path);
	g_autofree char *start = g_strdup_printf("-drive if=none,id=pciem0,file=%s,format=raw,", path);
	g_autofree char *text = rewritten(line);
	char serial[17];

	without_serial(text, serial);
	assert_true(g_str_has_prefix(text, start));
	assert_true(g_str_has_suffix(text, " -device nvme,drive=pciem0,id=x -monitor none"));
	assert_null(strstr(text, "read-only"));
	g_remove(path);
}

static void commas_in_names_survive(void **state)
{
	g_autofree char *path = image("a,b.img", "data", 4);
	g_autofree char *line = g_strdup_printf("pciem-qemu -device virtio-blk,drive=%s/a,,b.img", directory);
	g_autofree char *text = rewritten(line);

	assert_non_null(strstr(text, "/a,,b.img,format=raw"));
	g_remove(path);
}

static void format_is_taken_from_the_device(void **state)
{
	assert_rewritten("pciem-qemu -device virtio-blk,drive=nbd:a,format=qcow2",
			 "-drive if=none,id=pciem0,file=nbd:a,format=qcow2 -device virtio-blk,drive=pciem0");
	/* but not where it is the device's own */
	assert_rewritten("pciem-qemu -device odd,drive=nbd:a,format=x",
			 "-drive if=none,id=pciem0,file=nbd:a,format=raw -device odd,drive=pciem0,format=x");
	assert_refused("pciem-qemu -device virtio-blk,drive=nbd:a,format=vmdk", "neither raw nor qcow2");
}

static void missing_files_are_refused(void **state)
{
	assert_refused("pciem-qemu -device nvme,drive=/nonexistent.img", "truncate -s 1G /nonexistent.img");
}

static void two_devices_need_two_images(void **state)
{
	g_autofree char *path = image("twice.img", "data", 4);
	g_autofree char *line = g_strdup_printf("pciem-qemu -device nvme,drive=%s -device nvme,drive=%s", path, path);

	assert_refused(line, "is given to two devices");
	assert_int_equal(g_chmod(path, 0444), 0);
	g_free(rewritten(line));
	g_remove(path);
}

static void images_of_given_drives_are_looked_at(void **state)
{
	g_autofree char *path = image("given.img", "data", 4);
	g_autofree char *drive = g_strdup_printf("pciem-qemu -drive if=none,id=d,file=%s -device edu", path);
	g_autofree char *blockdev = g_strdup_printf("pciem-qemu -blockdev file,node-name=d,filename=%s -device edu", path);
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 201, .l_len = 1 };
	int fd = open(path, O_RDWR);

	g_free(rewritten(drive));
	g_free(rewritten(blockdev));
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_refused(drive, "is in use by another process");
	assert_refused(blockdev, "is in use by another process");
	close(fd);
	g_remove(path);
}

static void serials_are_stable(void **state)
{
	g_autofree char *path = image("serial.img", "data", 4);
	g_autofree char *line = g_strdup_printf("pciem-qemu -device nvme,drive=%s", path);
	char first[17], second[17];

	g_free(without_serial(rewritten(line), first));
	g_free(without_serial(rewritten(line), second));
	assert_string_equal(first, second);
	g_remove(path);
}

static void serials_differ(void **state)
{
	char first[17], second[17];
	g_autofree char *text = rewritten("pciem-qemu -device nvme,drive=nbd:a -device nvme,drive=nbd:a");

	without_serial(text, first);
	without_serial(text, second);
	assert_string_not_equal(first, second);
	/* two processes, and nothing behind either drive that would tell them apart */
	g_free(without_serial(rewritten("pciem-qemu -device nvme,drive=null-co://"), first));
	g_free(without_serial(rewritten("pciem-qemu -device nvme,drive=null-co://"), second));
	assert_string_not_equal(first, second);
}

static void given_serials_are_kept(void **state)
{
	assert_rewritten("pciem-qemu -device nvme,serial=s", "-device nvme,serial=s");
	/* and no device gets one that does not ask for it */
	assert_rewritten("pciem-qemu -device edu", "-device edu");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_options_pass),
		cmocka_unit_test(a_card_without_network_gets_one),
		cmocka_unit_test(a_tap_has_no_offloads_unless_asked),
		cmocka_unit_test(cards_of_two_processes_differ),
		cmocka_unit_test(display_can_be_given),
		cmocka_unit_test(help_of_qemu_passes),
		cmocka_unit_test(json_devices_pass),
		cmocka_unit_test(help_and_version_are_ours),
		cmocka_unit_test(computer_options_are_refused),
		cmocka_unit_test(values_are_not_options),
		cmocka_unit_test(nothing_to_do_is_refused),
		cmocka_unit_test(unknown_devices_are_refused),
		cmocka_unit_test(bridge_keys_are_read),
		cmocka_unit_test(bridge_defaults),
		cmocka_unit_test(bridge_mistakes_are_refused),
		cmocka_unit_test(known_drives_are_kept),
		cmocka_unit_test(uris_become_drives),
		cmocka_unit_test(made_ids_are_free),
		cmocka_unit_test(files_become_drives),
		cmocka_unit_test(commas_in_names_survive),
		cmocka_unit_test(format_is_taken_from_the_device),
		cmocka_unit_test(missing_files_are_refused),
		cmocka_unit_test(two_devices_need_two_images),
		cmocka_unit_test(images_of_given_drives_are_looked_at),
		cmocka_unit_test(serials_are_stable),
		cmocka_unit_test(serials_differ),
		cmocka_unit_test(given_serials_are_kept),
	};

	return cmocka_run_group_tests(tests, fake_set_up, fake_tear_down);
}
