// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block device whose server is this process and does nothing: what a request to user space and back costs without
 * PCIe in between. One queue, one thread. Prints the device's name and serves until it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/ublk_cmd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DEPTH		128
#define BUFFER_BYTES	(512u << 10)
#define DEVICE_BYTES	(1ull << 30)

/* Debian 12's header has only the older numbers, which newer kernels can be built without. */
#define CONTROL(number)	_IOWR('u', number, struct ublksrv_ctrl_cmd)
#define IO(number)	_IOWR('u', number, struct ublksrv_io_cmd)

static struct io_uring control_ring, io_ring;
static int control_fd, device_fd;
static const struct ublksrv_io_desc *requests;
static unsigned char *buffers;

static int fail(const char *what, int error)
{
	fprintf(stderr, "ublk_null: %s: %s\n", what, strerror(error));
	return 1;
}

/* Commands need the larger submission entries. */
static int ring_init(struct io_uring *ring, unsigned int entries)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 };

	return io_uring_queue_init_params(entries, ring, &params);
}

static struct io_uring_sqe *command(struct io_uring *ring, int fd, unsigned int op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		abort();
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	return sqe;
}

static void control_submit(unsigned int op, int device, void *data, size_t bytes, uint64_t value)
{
	struct ublksrv_ctrl_cmd *cmd = (void *)command(&control_ring, control_fd, CONTROL(op))->cmd;

	*cmd = (struct ublksrv_ctrl_cmd) {
		.dev_id = (unsigned int)device, .queue_id = 0xffff, .len = (unsigned short)bytes,
		.addr = (uintptr_t)data, .data = { value },
	};
	io_uring_submit(&control_ring);
}

static int control(unsigned int op, int device, void *data, size_t bytes)
{
	struct io_uring_cqe *cqe;
	int result;

	control_submit(op, device, data, bytes, 0);
	if (io_uring_wait_cqe(&control_ring, &cqe))
		return -EIO;
	result = cqe->res;
	io_uring_cqe_seen(&control_ring, cqe);
	return result;
}

static void io_submit(unsigned int op, unsigned int tag, int result)
{
	struct io_uring_sqe *sqe = command(&io_ring, device_fd, IO(op));
	struct ublksrv_io_cmd *cmd = (void *)sqe->cmd;

	sqe->user_data = tag;
	*cmd = (struct ublksrv_io_cmd) {
		.tag = (unsigned short)tag, .result = result,
		.addr = (uintptr_t)(buffers + (size_t)tag * BUFFER_BYTES),
	};
}

/* The node is made by devtmpfs or udev, a moment after the device. */
static int open_device(int device)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	char name[32];
	int fd, tries;

	snprintf(name, sizeof(name), "/dev/ublkc%d", device);
	for (tries = 0; tries < 500; tries++) {
		fd = open(name, O_RDWR);
		if (fd >= 0)
			return fd;
		nanosleep(&moment, NULL);
	}
	return -1;
}

static int serve(void)
{
	struct io_uring_cqe *cqe;
	unsigned int head, taken;
	int error;

	for (;;) {
		error = io_uring_submit_and_wait(&io_ring, 1);
		if (error < 0 && error != -EINTR)
			return error;
		taken = 0;
		io_uring_for_each_cqe(&io_ring, head, cqe) {
			unsigned int tag = (unsigned int)cqe->user_data;

			taken++;
			if (cqe->res == UBLK_IO_RES_OK)
				io_submit(UBLK_IO_COMMIT_AND_FETCH_REQ, tag,
					  (int)(requests[tag].nr_sectors << 9));
			else if (cqe->res == UBLK_IO_RES_ABORT)
				return 0;
			else
				return cqe->res;
		}
		io_uring_cq_advance(&io_ring, taken);
	}
}

int main(void)
{
	struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = 1, .queue_depth = DEPTH, .max_io_buf_bytes = BUFFER_BYTES,
		.dev_id = ~0u,
	};
	struct ublk_params params = {
		.len = sizeof(params), .types = UBLK_PARAM_TYPE_BASIC,
		.basic = {
			.logical_bs_shift = 9, .physical_bs_shift = 12, .io_opt_shift = 12,
			.io_min_shift = 9, .max_sectors = BUFFER_BYTES >> 9,
			.dev_sectors = DEVICE_BYTES >> 9,
		},
	};
	unsigned int tag;
	int error;

	control_fd = open("/dev/ublk-control", O_RDWR);
	if (control_fd < 0)
		return fail("/dev/ublk-control (module ublk_drv)", errno);
	error = ring_init(&control_ring, 4);
	if (!error)
		error = ring_init(&io_ring, DEPTH);
	if (error)
		return fail("io_uring", -error);
	error = control(UBLK_CMD_ADD_DEV, -1, &info, sizeof(info));
	if (error)
		return fail("ADD_DEV", -error);
	error = control(UBLK_CMD_SET_PARAMS, (int)info.dev_id, &params, sizeof(params));
	if (error)
		return fail("SET_PARAMS", -error);

	device_fd = open_device((int)info.dev_id);
	if (device_fd < 0)
		return fail("/dev/ublkc", errno);
	requests = mmap(NULL, DEPTH * sizeof(*requests), PROT_READ, MAP_SHARED | MAP_POPULATE,
			device_fd, UBLKSRV_CMD_BUF_OFFSET);
	buffers = mmap(NULL, (size_t)DEPTH * BUFFER_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (requests == MAP_FAILED || buffers == MAP_FAILED)
		return fail("mmap", errno);

	for (tag = 0; tag < DEPTH; tag++)
		io_submit(UBLK_IO_FETCH_REQ, tag, 0);
	io_uring_submit(&io_ring);
	/* Looks for partitions before it is through, so it cannot be waited for here. */
	control_submit(UBLK_CMD_START_DEV, (int)info.dev_id, NULL, 0, (uint64_t)getpid());
	printf("/dev/ublkb%u\n", info.dev_id);
	fflush(stdout);

	error = serve();
	return error ? fail("serve", -error) : 0;
}
