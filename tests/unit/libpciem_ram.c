// SPDX-License-Identifier: GPL-2.0-only
/* pciem_make_ram, pciem_map_ram, pciem_set_ram: what the kernel is asked, and what is mapped. */
#include "libpciem_fake.h"

#define BASE	0x4000u

static void make(struct pciem *handle)
{
	struct pciem_ram_window window;

	fake.ram_reply = (struct pciem_ram) {
		.base = BASE, .bytes = 0x8000, .offset = FAKE_DIRECT_OFFSET,
		.source = PCIEM_RAM_BORROWED,
	};
	assert_int_equal(pciem_make_ram(handle, true, 0x5000, &window), 0);
	assert_int_equal(window.base, BASE);
	assert_int_equal(window.size, 0x8000);
	assert_int_equal(window.source, PCIEM_RAM_IS_BORROWED);
}

static void the_kernel_is_asked_for_a_window(void **state)
{
	make(*state);
	assert_int_equal(fake.command, PCIEM_RAM);
	assert_int_equal(fake.argument.ram.size, sizeof(struct pciem_ram));
	assert_int_equal(fake.argument.ram.flags, PCIEM_RAM_ABOVE_4G);
	assert_int_equal(fake.argument.ram.bytes, 0x5000);
}

static void the_window_below_and_memory_kept_free(void **state)
{
	struct pciem_ram_window window;

	fake.ram_reply = (struct pciem_ram) { .bytes = 0x1000, .source = PCIEM_RAM_RESERVED };
	assert_int_equal(pciem_make_ram(*state, false, 1, &window), 0);
	assert_int_equal(fake.argument.ram.flags, 0);
	assert_int_equal(window.source, PCIEM_RAM_IS_RESERVED);
}

static void a_refusal_is_passed_on(void **state)
{
	struct pciem_ram_window window = { .base = 1 };
	void *memory = NULL;

	fake.command_error = -ENOMEM;
	assert_int_equal(pciem_make_ram(*state, false, 1, &window), -ENOMEM);
	assert_int_equal(window.base, 1);
	assert_int_equal(pciem_map_ram(*state, BASE, 0x1000, &memory), -ENXIO);
}

static void pages_are_mapped_anywhere_or_there(void **state)
{
	void *memory = NULL, *place = (void *)0x7000;

	make(*state);
	assert_int_equal(pciem_map_ram(*state, BASE + 0x1000, 0x2000, &memory), 0);
	assert_int_equal(fake.mapped_offset, FAKE_DIRECT_OFFSET + BASE + 0x1000);
	assert_int_equal(fake.mapped_bytes, 0x2000);
	assert_non_null(memory);
	assert_null(fake.mapped_over);
	assert_int_equal(pciem_map_ram(*state, BASE, 0x1000, &place), 0);
	assert_ptr_equal(fake.mapped_over, (void *)0x7000);
	assert_ptr_equal(place, (void *)0x7000);
}

static void broken_pages_are_refused(void **state)
{
	void *memory = NULL, *odd = (void *)0x7001;
	unsigned int maps;

	make(*state);
	maps = fake.maps;
	assert_int_equal(pciem_map_ram(*state, BASE + 1, 0x1000, &memory), -EINVAL);
	assert_int_equal(pciem_map_ram(*state, BASE, 0x1001, &memory), -EINVAL);
	assert_int_equal(pciem_map_ram(*state, BASE, 0, &memory), -EINVAL);
	assert_int_equal(pciem_map_ram(*state, BASE, 0x1000, &odd), -EINVAL);
	assert_int_equal(fake.maps, maps);
}

static void parts_are_said(void **state)
{
	make(*state);
	assert_int_equal(pciem_set_ram(*state, BASE, 0x1000, true), 0);
	assert_int_equal(fake.command, PCIEM_RAM_PART);
	assert_int_equal(fake.argument.ram_part.flags, PCIEM_RAM_PART_IS_RAM);
	assert_int_equal(fake.argument.ram_part.base, BASE);
	assert_int_equal(fake.argument.ram_part.bytes, 0x1000);
	assert_int_equal(pciem_set_ram(*state, BASE, 0x1000, false), 0);
	assert_int_equal(fake.argument.ram_part.flags, 0);
	fake.command_error = -EINVAL;
	assert_int_equal(pciem_set_ram(*state, BASE, 0x1000, true), -EINVAL);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, fake_start_bridge, fake_stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_kernel_is_asked_for_a_window),
		T(the_window_below_and_memory_kept_free),
		T(a_refusal_is_passed_on),
		T(pages_are_mapped_anywhere_or_there),
		T(broken_pages_are_refused),
		T(parts_are_said),
	};

	return cmocka_run_group_tests_name("libpciem ram", tests, NULL, NULL);
}
