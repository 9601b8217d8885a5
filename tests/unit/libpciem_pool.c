// SPDX-License-Identifier: GPL-2.0-only
/* pciem_pool, pciem_map_direct: exactly the memory that was given, and nothing at its edges. */
#include "libpciem_fake.h"

#define BASE	((uint64_t)FAKE_POOL_BASE)
#define BYTES	((uint64_t)FAKE_POOL_BYTES)

static void the_pool_is_mapped_whole(void **state)
{
	assert_int_equal(fake.mapped_offset, FAKE_POOL_OFFSET);
	assert_int_equal(fake.mapped_bytes, FAKE_POOL_BYTES);
	assert_ptr_equal(pciem_pool(*state, BASE, BYTES), fake.pool);
}

static void ranges_inside_are_given(void **state)
{
	assert_ptr_equal(pciem_pool(*state, BASE, 1), fake.pool);
	assert_ptr_equal(pciem_pool(*state, BASE + 0x1234, 0x100), fake.pool + 0x1234);
	assert_ptr_equal(pciem_pool(*state, BASE + BYTES - 1, 1), fake.pool + BYTES - 1);
}

static void ranges_that_leave_are_refused(void **state)
{
	assert_null(pciem_pool(*state, BASE - 1, 1));
	assert_null(pciem_pool(*state, BASE - 1, 2));
	assert_null(pciem_pool(*state, BASE, BYTES + 1));
	assert_null(pciem_pool(*state, BASE + BYTES - 1, 2));
	assert_null(pciem_pool(*state, BASE + BYTES, 1));
	assert_null(pciem_pool(*state, 0, 1));
	assert_null(pciem_pool(*state, UINT64_MAX, 1));
}

static void sums_that_overflow_are_refused(void **state)
{
	assert_null(pciem_pool(*state, BASE, SIZE_MAX));
	assert_null(pciem_pool(*state, BASE + 1, SIZE_MAX));
	assert_null(pciem_pool(*state, BASE + 1, SIZE_MAX - BASE));
	assert_null(pciem_pool(*state, UINT64_MAX, SIZE_MAX));
	assert_null(pciem_pool(*state, BASE + BYTES - 1, SIZE_MAX));
	assert_null(pciem_pool(*state, UINT64_MAX - 1, 2 + FAKE_POOL_BASE));
}

/* An empty range is inside when its ends are. */
static void zero_length_follows_the_same_rule(void **state)
{
	assert_ptr_equal(pciem_pool(*state, BASE, 0), fake.pool);
	assert_ptr_equal(pciem_pool(*state, BASE + BYTES, 0), fake.pool + BYTES);
	assert_null(pciem_pool(*state, BASE + BYTES + 1, 0));
	assert_null(pciem_pool(*state, BASE - 1, 0));
	assert_null(pciem_pool(*state, UINT64_MAX, 0));
}

static void a_pool_bridge_maps_no_physical_memory(void **state)
{
	void *memory = NULL;
	unsigned int maps = fake.maps;

	assert_int_equal(pciem_map_direct(*state, 0, 4096, &memory), -EOPNOTSUPP);
	assert_null(memory);
	assert_int_equal(fake.maps, maps);
}

static int start_direct(void **state)
{
	struct pciem_options options = { .flags = PCIEM_DMA_DIRECT };
	struct pciem *handle;

	fake_start(state);
	if (pciem_open(&handle, NULL) || pciem_create(handle, &options))
		return -1;
	*state = handle;
	return 0;
}

static void direct_reaches_physical_addresses(void **state)
{
	assert_int_equal(fake.mapped_offset, FAKE_DIRECT_OFFSET);
	assert_int_equal(fake.mapped_bytes, FAKE_DIRECT_BYTES);
	assert_ptr_equal(pciem_pool(*state, 0, 1), fake.pool);
	assert_ptr_equal(pciem_pool(*state, 0x5678, 8), fake.pool + 0x5678);
	assert_null(pciem_pool(*state, FAKE_DIRECT_BYTES - 1, 2));
	assert_null(pciem_pool(*state, FAKE_DIRECT_BYTES, 1));
	assert_int_equal(pciem_info(*state)->direct_bytes, FAKE_DIRECT_BYTES);
}

static void map_direct_maps_whole_pages_of_ram(void **state)
{
	void *memory = NULL;

	assert_int_equal(pciem_map_direct(*state, 0x3000, 0x2000, &memory), 0);
	assert_int_equal(fake.mapped_offset, FAKE_DIRECT_OFFSET + 0x3000);
	assert_int_equal(fake.mapped_bytes, 0x2000);
	assert_ptr_equal(memory, fake.pool + 0x3000);
	assert_int_equal(pciem_map_direct(*state, FAKE_DIRECT_BYTES - 0x1000, 0x1000, &memory), 0);
}

static void map_direct_refuses_everything_else(void **state)
{
	static const struct {
		uint64_t address;
		size_t length;
	} bad[] = {
		{ 0x3001, 0x1000 },
		{ 0x3000, 0x1001 },
		{ 0x3000, 0 },
		{ FAKE_DIRECT_BYTES, 0x1000 },
		{ FAKE_DIRECT_BYTES - 0x1000, 0x2000 },
		{ 0x1000, SIZE_MAX - 0xfff },
		{ UINT64_MAX - 0xfff, 0x1000 },
	};
	unsigned int maps = fake.maps;
	void *memory = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pciem_map_direct(*state, bad[i].address, bad[i].length, &memory),
				 -EINVAL);
	assert_null(memory);
	assert_int_equal(fake.maps, maps);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, fake_start_bridge, fake_stop)
#define D(name)	cmocka_unit_test_setup_teardown(name, start_direct, fake_stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_pool_is_mapped_whole),
		T(ranges_inside_are_given),
		T(ranges_that_leave_are_refused),
		T(sums_that_overflow_are_refused),
		T(zero_length_follows_the_same_rule),
		T(a_pool_bridge_maps_no_physical_memory),
		D(direct_reaches_physical_addresses),
		D(map_direct_maps_whole_pages_of_ram),
		D(map_direct_refuses_everything_else),
	};

	return cmocka_run_group_tests_name("libpciem pool", tests, NULL, NULL);
}
