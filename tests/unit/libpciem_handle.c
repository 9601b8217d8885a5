// SPDX-License-Identifier: GPL-2.0-only
/*
 * pciem_open, pciem_query, pciem_create, pciem_close: what is asked of the kernel and what becomes
 * of its answer.
 */
#include "libpciem_fake.h"

static struct pciem *opened(void **state)
{
	struct pciem *handle;

	assert_int_equal(pciem_open(&handle, NULL), 0);
	*state = handle;
	return handle;
}

static void open_takes_the_default_node(void **state)
{
	struct pciem *handle = opened(state);

	assert_string_equal(fake.opened, "/dev/pciem");
	assert_int_equal(pciem_fd(handle), FAKE_FD);
}

static void open_takes_a_given_node(void **state)
{
	struct pciem *handle;

	assert_int_equal(pciem_open(&handle, "/dev/other"), 0);
	assert_string_equal(fake.opened, "/dev/other");
	*state = handle;
}

static void open_failure_gives_no_handle(void **state)
{
	struct pciem *handle = (struct pciem *)&handle;

	fake.open_error = -ENOENT;
	assert_int_equal(pciem_open(&handle, NULL), -ENOENT);
	assert_null(handle);
	assert_int_equal(fake.closes, 0);
	(void)state;
}

static void close_accepts_null(void **state)
{
	pciem_close(NULL);
	assert_int_equal(fake.closes, 0);
	(void)state;
}

static void query_reports_every_field(void **state)
{
	struct pciem *handle = opened(state);
	struct pciem_features features;

	assert_int_equal(pciem_query(handle, &features), 0);
	assert_int_equal(fake.command, PCIEM_QUERY);
	assert_int_equal(fake.argument.query.size, sizeof(struct pciem_query));
	assert_int_equal(fake.argument.query.reserved, 0);
	assert_int_equal(features.features, PCIEM_FEATURE_DMA_POOL | PCIEM_FEATURE_MSI);
	assert_int_equal(features.max_queue_entries, 65536);
	assert_int_equal(features.msi_vectors, 256);
	assert_int_equal(features.max_pool_size, 1 << 30);
	assert_int_equal(features.read_timeout_ms, 5000);
	assert_int_equal(features.atomic_timeout_ms, 50);
}

static void query_failure_leaves_the_answer_alone(void **state)
{
	struct pciem *handle = opened(state);
	struct pciem_features features = { .msi_vectors = 7 };

	fake.query_error = -ENOTTY;
	assert_int_equal(pciem_query(handle, &features), -ENOTTY);
	assert_int_equal(features.msi_vectors, 7);
}

static void create_without_options_asks_for_defaults(void **state)
{
	static const struct pciem_bridge_create zero = { .size = sizeof(zero) };
	struct pciem *handle = opened(state);

	assert_int_equal(pciem_create(handle, NULL), 0);
	assert_int_equal(fake.command, PCIEM_BRIDGE_CREATE);
	assert_memory_equal(&fake.argument.create, &zero, sizeof(zero));
}

static void create_passes_the_options(void **state)
{
	struct pciem *handle = opened(state);
	struct pciem_options options = {
		.flags = PCIEM_DMA_DIRECT,
		.queue_entries = 128,
		.mem32_size = 1 << 20,
		.mem64_size = 1 << 21,
		.pool_size = 1 << 22,
	};

	assert_int_equal(pciem_create(handle, &options), 0);
	assert_int_equal(fake.argument.create.flags, PCIEM_BRIDGE_DMA_DIRECT);
	assert_int_equal(fake.argument.create.queue_entries, 128);
	assert_int_equal(fake.argument.create.mem32_size, 1 << 20);
	assert_int_equal(fake.argument.create.mem64_size, 1 << 21);
	assert_int_equal(fake.argument.create.pool_size, 1 << 22);
}

static void create_refuses_unknown_flags(void **state)
{
	struct pciem *handle = opened(state);
	struct pciem_options options = { .flags = 1u << 31 };

	assert_int_equal(pciem_create(handle, &options), -EINVAL);
	assert_int_equal(fake.commands, 0);
}

static void create_reports_the_bridge(void **state)
{
	struct pciem *handle = opened(state);
	const struct pciem_info *info;

	assert_null(pciem_info(handle));
	assert_int_equal(pciem_create(handle, NULL), 0);
	info = pciem_info(handle);
	assert_non_null(info);
	assert_int_equal(info->domain, 0x10000);
	assert_int_equal(info->queue_entries, FAKE_ENTRIES);
	assert_int_equal(info->mem32_base, 0xc0000000);
	assert_int_equal(info->mem32_size, 0x1000000);
	assert_int_equal(info->mem64_base, 0x8000000000);
	assert_int_equal(info->mem64_size, 0x2000000);
	assert_int_equal(info->pool_base, FAKE_POOL_BASE);
	assert_int_equal(info->pool_size, FAKE_POOL_BYTES);
	assert_int_equal(info->msi_address, 0xfeeff000);
	assert_int_equal(info->direct_bytes, 0);
}

static void create_works_once(void **state)
{
	struct pciem *handle = opened(state);

	assert_int_equal(pciem_create(handle, NULL), 0);
	assert_int_equal(pciem_create(handle, NULL), -EBUSY);
	assert_int_equal(fake.maps, 2);
}

static void create_failure_maps_nothing(void **state)
{
	struct pciem *handle = opened(state);

	fake.create_error = -ENOSPC;
	assert_int_equal(pciem_create(handle, NULL), -ENOSPC);
	assert_int_equal(fake.maps, 0);
	assert_null(pciem_info(handle));
}

static void create_undoes_its_maps_when_one_fails(void **state)
{
	struct pciem *handle = opened(state);

	fake.map_error = -ENOMEM;
	for (fake.map_error_at = 1; fake.map_error_at <= 2; fake.map_error_at++) {
		fake.maps = 0;
		fake.unmaps = 0;
		assert_int_equal(pciem_create(handle, NULL), -ENOMEM);
		assert_int_equal(fake.unmaps, fake.map_error_at - 1);
		assert_null(pciem_info(handle));
	}
}

/* Each of these would let a masked index leave the mapping. */
static void create_refuses_a_queue_that_does_not_fit(void **state)
{
	const struct pciem_bridge_create good = fake.create_reply;
	struct pciem_bridge_create bad[9];
	struct pciem *handle = opened(state);

	for (size_t i = 0; i < 9; i++)
		bad[i] = good;
	bad[0].queue_entries = 0;
	bad[1].queue_entries = 65;
	bad[2].slot_count = 0;
	bad[3].slot_count = 48;
	bad[4].queue_entries = 512;
	bad[5].slot_count = 1 << 16;
	bad[6].entries_offset = FAKE_QUEUE_BYTES + 64;
	bad[7].slots_offset = 0;
	bad[8].entries_offset = 0x2004;
	for (size_t i = 0; i < 9; i++) {
		fake.create_reply = bad[i];
		assert_int_equal(pciem_create(handle, NULL), -EPROTO);
		assert_int_equal(fake.maps, 0);
	}
}

static void close_gives_everything_back(void **state)
{
	struct pciem *handle;

	assert_int_equal(pciem_open(&handle, NULL), 0);
	assert_int_equal(pciem_create(handle, NULL), 0);
	pciem_close(handle);
	assert_int_equal(fake.maps, 2);
	assert_int_equal(fake.unmaps, 2);
	assert_int_equal(fake.closes, 1);
	(void)state;
}

static void before_create_there_is_no_bridge(void **state)
{
	struct pciem *handle = opened(state);
	struct pciem_transaction transaction = { .kind = PCIEM_CONFIG_READ };
	void *memory;

	assert_int_equal(pciem_next(handle, &transaction), -ENXIO);
	assert_int_equal(pciem_wait(handle, -1), -ENXIO);
	assert_int_equal(pciem_arm(handle), -ENXIO);
	pciem_disarm(handle);
	assert_false(pciem_pending(handle));
	assert_false(pciem_link_up(handle));
	assert_int_equal(pciem_complete(handle, &transaction, 0), -ENXIO);
	assert_null(pciem_pool(handle, 0, 0));
	assert_int_equal(pciem_map_direct(handle, 0, 4096, &memory), -ENXIO);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, fake_start, fake_stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(open_takes_the_default_node),
		T(open_takes_a_given_node),
		T(open_failure_gives_no_handle),
		T(close_accepts_null),
		T(query_reports_every_field),
		T(query_failure_leaves_the_answer_alone),
		T(create_without_options_asks_for_defaults),
		T(create_passes_the_options),
		T(create_refuses_unknown_flags),
		T(create_reports_the_bridge),
		T(create_works_once),
		T(create_failure_maps_nothing),
		T(create_undoes_its_maps_when_one_fails),
		T(create_refuses_a_queue_that_does_not_fit),
		T(close_gives_everything_back),
		T(before_create_there_is_no_bridge),
	};

	return cmocka_run_group_tests_name("libpciem handle", tests, NULL, NULL);
}
