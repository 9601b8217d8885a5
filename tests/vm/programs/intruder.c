// SPDX-License-Identifier: GPL-2.0-only
/*
 * intruder PID SEED SECONDS: takes the file of a running pciem-qemu, with its bridge, devices and drivers, and misuses it from several
 * processes at once, one of them without any rights: ioctls of every kind, mappings that come and go, random words in the memory that
 * the kernel reads, wrong answers, other servers, copies of the file sent around. The seed decides what each of them does. Ends when the
 * time is up or the link is down; prints what was done.
 *
 * The DMA pool is left alone: what lies there is between the driver and its device, and a driver may believe it.
 */
#include "fuzz.h"
#include "theirs.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define INTRUDERS	6u
#define PATIENT		4u	/* the others do nothing that takes long */
#define NOBODY		65534
#define AREAS		8u
#define MAPPINGS	8u
#define FILES		8u

/* Shared between the processes. */
static struct {
	uint64_t deadline;
	unsigned int ioctls, maps, scribbles, sent, servers, strange;
	bool down;
} *state;

/* What the process had mapped of its file. */
static struct area {
	uint64_t offset;
	size_t length;
} areas[AREAS];
static unsigned int area_count;

struct intruder {
	uint64_t seed;
	bool patient;
	int files[FILES];	/* copies of the one; -1: none */
	int sockets[2];		/* to the next intruder, from the one before */
	struct { void *memory; struct area area; } mappings[MAPPINGS];
	struct pciem_queue_header *queue;	/* always mapped */
	size_t queue_bytes;
};

static void count(unsigned int *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

static int file_of(struct intruder *self)
{
	int fd = self->files[random_of(&self->seed) % FILES];

	return fd < 0 ? self->files[0] : fd;
}

/* --- what can be done ------------------------------------------------------------------------------------------------------- */

static void note_error(unsigned long number, int error)
{
	count(&state->ioctls);
	if (error == ENOLINK)
		__atomic_store_n(&state->down, true, __ATOMIC_RELAXED);
	if (!is_documented(error)) {
		count(&state->strange);
		fprintf(stderr, "number %#lx: %s\n", number, error_name(error));
	}
}

/* A tag that is likely to be one: out of a slot. */
static uint32_t some_tag(struct intruder *self)
{
	uint32_t *words = (uint32_t *)self->queue;

	return words[random_of(&self->seed) % (self->queue_bytes / 4)] >> 2;
}

static void try_ioctl(struct intruder *self)
{
	static const unsigned long often[] = { PCIEM_WAKE, PCIEM_MSI, PCIEM_INTX, PCIEM_QUERY, PCIEM_RAM_PART, PCIEM_RAM,
					       PCIEM_BRIDGE_CREATE };
	uint64_t *seed = &self->seed;
	unsigned long number = often[random_of(seed) % (sizeof(often) / sizeof(*often))];
	union {
		uint64_t words[32];
		struct pciem_query query;
		struct pciem_bridge_create create;
		struct pciem_wake wake;
		struct pciem_msi msi;
		struct pciem_intx intx;
		struct pciem_ram ram;
		struct pciem_ram_part part;
	} argument = {};

	switch (number) {
	case PCIEM_WAKE:
		argument.wake = (struct pciem_wake) { sizeof(argument.wake), some_tag(self), random_of(seed) & 1, 0 };
		break;
	case PCIEM_MSI:
		argument.msi = (struct pciem_msi) { sizeof(argument.msi), random_of(seed) % 64, 0xfee00000 };
		break;
	case PCIEM_INTX:
		argument.intx = (struct pciem_intx) { sizeof(argument.intx), random_of(seed) % 5, random_of(seed) & 1, 0 };
		break;
	case PCIEM_RAM:
		argument.ram = (struct pciem_ram) { .size = sizeof(argument.ram), .flags = random_of(seed) & 1, .bytes = 1 << 20 };
		break;
	case PCIEM_RAM_PART:
		argument.part = (struct pciem_ram_part) { sizeof(argument.part), random_of(seed) & 1, value_of(seed) & -PAGE,
							  PAGE << random_of(seed) % 8 };
		break;
	case PCIEM_QUERY:
		argument.query.size = sizeof(argument.query);
		break;
	case PCIEM_BRIDGE_CREATE:
		argument.create.size = sizeof(argument.create);
		break;
	}
	/* Nearly right is what gets furthest. */
	if (seldom(seed, 4))
		((uint32_t *)&argument)[random_of(seed) % 16] = value_of(seed);
	note_error(number, call(file_of(self), number, seldom(seed, 64) ? (void *)value_of(seed) : &argument));
}

/* These change what all others meet, so they are not for every moment. */
static void try_rare_ioctl(struct intruder *self)
{
	static const unsigned long rare[] = { PCIEM_SLEEP, PCIEM_SLEEP, PCIEM_SCAN, PCIEM_SERVE, PCIEM_REMOVE };
	struct pciem_simple simple = { .size = sizeof(simple) };
	unsigned long number = rare[random_of(&self->seed) % (sizeof(rare) / sizeof(*rare))];

	note_error(number, call(file_of(self), number, &simple));
}

static void *serve_and_end(void *argument)
{
	struct pciem_simple simple = { .size = sizeof(simple) };

	note_error(PCIEM_SERVE, call(*(int *)argument, PCIEM_SERVE, &simple));
	return NULL;
}

/* A server that is a thread, or a process, that is no more. */
static void try_dead_server(struct intruder *self)
{
	int fd = file_of(self);
	pthread_t thread;
	pid_t child;

	count(&state->servers);
	if (seldom(&self->seed, 2)) {
		if (!pthread_create(&thread, NULL, serve_and_end, &fd))
			pthread_join(thread, NULL);
		return;
	}
	child = fork();
	if (!child) {
		serve_and_end(&fd);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void drop_mapping(struct intruder *self, unsigned int i)
{
	if (self->mappings[i].memory)
		munmap(self->mappings[i].memory, self->mappings[i].area.length);
	self->mappings[i].memory = NULL;
}

static void try_map_some(struct intruder *self)
{
	uint64_t *seed = &self->seed;
	unsigned int i = random_of(seed) % MAPPINGS;
	struct area area = areas[random_of(seed) % area_count];
	int protection = random_of(seed) % 8, error;

	drop_mapping(self, i);
	if (seldom(seed, 4))
		area.offset = value_of(seed) & -PAGE;
	if (seldom(seed, 2))
		area.length = PAGE << random_of(seed) % 10;
	error = try_map(file_of(self), area.offset, area.length, protection, seldom(seed, 8) ? MAP_PRIVATE : MAP_SHARED,
			&self->mappings[i].memory);
	count(&state->maps);
	if (error && error != EINVAL && error != EACCES && error != ENOMEM && error != EBADF && error != ENXIO &&
	    error != EPERM && error != ENOLINK && error != EOVERFLOW) {
		count(&state->strange);
		fprintf(stderr, "mmap of %#zx bytes at %#llx: %s\n", area.length, (unsigned long long)area.offset,
			error_name(error));
	}
	self->mappings[i].area = area;
}

static void try_change_mapping(struct intruder *self)
{
	uint64_t *seed = &self->seed;
	unsigned int i = random_of(seed) % MAPPINGS;
	char *memory = self->mappings[i].memory;
	size_t length = self->mappings[i].area.length;
	size_t at = PAGE * (random_of(seed) % (length / PAGE ?: 1)), part = PAGE;

	if (!memory)
		return;
	switch (random_of(seed) % 5) {
	case 0:
		madvise(memory + at, part, seldom(seed, 2) ? MADV_DONTNEED : MADV_WILLNEED);
		break;
	case 1:
		mprotect(memory + at, part, random_of(seed) % 8);
		break;
	case 2:	/* a hole */
		munmap(memory + at, part);
		break;
	case 3:
		if (mremap(memory, length, 2 * length, MREMAP_MAYMOVE) != MAP_FAILED) {
			count(&state->strange);
			fprintf(stderr, "a mapping of %#zx bytes could be made larger\n", length);
		}
		break;
	default:
		drop_mapping(self, i);
	}
}

/* Words of the header and the slots; entries are read by the consumer only. */
static void try_scribble(struct intruder *self)
{
	uint64_t *seed = &self->seed;
	uint32_t *words = (uint32_t *)self->queue;
	uint32_t *word = &words[random_of(seed) % (self->queue_bytes / 4)];

	count(&state->scribbles);
	switch (random_of(seed) % 8) {
	case 0:
		__atomic_fetch_xor(&self->queue->flags, PCIEM_QUEUE_NEED_WAKEUP, __ATOMIC_RELAXED);
		break;
	case 1:
		__atomic_store_n(&self->queue->link, random_of(seed) & 1, __ATOMIC_RELAXED);
		break;
	case 2:	/* another phase of what is there */
		__atomic_fetch_xor(word, 1 + random_of(seed) % 3, __ATOMIC_RELAXED);
		break;
	case 3:	/* answered, with what was there */
		__atomic_store_n(word, *word & ~3u ? (*word & ~3u) | PCIEM_PHASE_DONE : 0, __ATOMIC_RELAXED);
		break;
	case 4:	/* The end, mostly, so not often. */
		if (seldom(seed, 500))
			__atomic_store_n(&self->queue->head, value_of(seed), __ATOMIC_RELAXED);
		break;
	case 5:
		if (seldom(seed, 100))
			__atomic_store_n(&self->queue->tail, value_of(seed), __ATOMIC_RELAXED);
		break;
	default:
		/* Past the header. */
		if (word >= words + PAGE / 4)
			__atomic_store_n(word, value_of(seed), __ATOMIC_RELAXED);
	}
}

static void try_files(struct intruder *self)
{
	uint64_t *seed = &self->seed;
	int *file = &self->files[1 + random_of(seed) % (FILES - 1)];
	struct pollfd poll_fd = { .fd = file_of(self), .events = random_of(seed) };
	char byte;

	switch (random_of(seed) % 6) {
	case 0:
		if (*file >= 0)
			close(*file);
		*file = -1;
		break;
	case 1:
		if (*file < 0)
			*file = dup(self->files[0]);
		break;
	case 2:
		poll(&poll_fd, 1, random_of(seed) % 3);
		break;
	case 3:
		if (read(file_of(self), &byte, 1) >= 0 || write(file_of(self), &byte, 1) >= 0)
			count(&state->strange);
		break;
	case 4:
		fcntl(file_of(self), F_SETFL, O_NONBLOCK * (random_of(seed) & 1));
		break;
	default:
		lseek(file_of(self), value_of(seed), SEEK_SET);
	}
}

static void try_send(struct intruder *self)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	int *file = &self->files[1 + random_of(&self->seed) % (FILES - 1)];

	if (seldom(&self->seed, 2)) {
		control.header = (struct cmsghdr) { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &self->files[0], sizeof(int));
		if (sendmsg(self->sockets[0], &message, MSG_DONTWAIT) == 1)
			count(&state->sent);
	} else if (recvmsg(self->sockets[1], &message, MSG_DONTWAIT) == 1 && CMSG_FIRSTHDR(&message)) {
		if (*file >= 0)
			close(*file);
		memcpy(file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	}
}

/* --- who does it ------------------------------------------------------------------------------------------------------------ */

static void intrude(struct intruder *self)
{
	unsigned int what;

	while (now_ms() < state->deadline && !__atomic_load_n(&state->down, __ATOMIC_RELAXED)) {
		what = random_of(&self->seed) % 64;
		if (what < 2 && !self->patient)
			continue;
		switch (what) {
		case 0:
			try_dead_server(self);
			break;
		case 1:
			try_rare_ioctl(self);
			break;
		case 2 ... 8:
			try_map_some(self);
			break;
		case 9 ... 14:
			try_change_mapping(self);
			break;
		case 15 ... 20:
			try_files(self);
			break;
		case 21 ... 24:
			try_send(self);
			break;
		case 25 ... 30:
			try_scribble(self);
			break;
		case 31:
			usleep(random_of(&self->seed) % 2000);
			break;
		default:
			try_ioctl(self);
		}
	}
}

/* What it has mapped of the file. */
static void look_at(int pid)
{
	unsigned long long start, end, offset;
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	need(maps, path);
	while (area_count < AREAS && fgets(line, sizeof(line), maps)) {
		if (strstr(line, NODE) && sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3)
			areas[area_count++] = (struct area) { offset, end - start };
	}
	fclose(maps);
	need(area_count, "that process has no bridge");
}

static struct area queue_area(void)
{
	for (unsigned int i = 0; i < area_count; i++) {
		if (!areas[i].offset)
			return areas[i];
	}
	need(false, "that process has no queue");
	return areas[0];
}

static pid_t start(unsigned int number, uint64_t seed, int fd, int to, int from)
{
	struct intruder self = { .seed = seed_of(seed, number), .patient = number < PATIENT, .sockets = { to, from } };
	struct area queue = queue_area();
	void *memory = NULL;
	pid_t child = fork();

	if (child)
		return child;
	need(!try_map(fd, queue.offset, queue.length, PROT_READ | PROT_WRITE, MAP_SHARED, &memory), "queue");
	self.queue = memory;
	self.queue_bytes = queue.length;
	self.files[0] = fd;
	for (unsigned int i = 1; i < FILES; i++)
		self.files[i] = -1;
	/* One of them holds nothing but the file. */
	if (!number)
		need(!setgid(NOBODY) && !setuid(NOBODY), "setuid");
	intrude(&self);
	_exit(0);
}

int main(int argc, char **argv)
{
	int fd, sockets[INTRUDERS][2];
	uint64_t seed;

	need(argc == 4, "usage: intruder PID SEED SECONDS");
	seed = strtoull(argv[2], NULL, 0);
	look_at(atoi(argv[1]));
	fd = file_of_process(atoi(argv[1]));

	state = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(state != MAP_FAILED, "memory");
	state->deadline = now_ms() + 1000 * strtoull(argv[3], NULL, 0);
	for (unsigned int i = 0; i < INTRUDERS; i++)
		need(!socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets[i]), "socketpair");
	for (unsigned int i = 0; i < INTRUDERS; i++)
		need(start(i, seed, fd, sockets[i][0], sockets[(i + 1) % INTRUDERS][1]) > 0, "fork");
	while (wait(NULL) > 0)
		;
	printf("seed %llu: %u ioctls, %u mappings, %u words, %u files sent, %u servers that ended, link %s\n",
	       (unsigned long long)seed, state->ioctls, state->maps, state->scribbles, state->sent, state->servers,
	       state->down ? "down" : "up");
	return state->strange != 0;
}
