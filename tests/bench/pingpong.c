// SPDX-License-Identifier: GPL-2.0-only
/*
 * Yardsticks: how long a round trip between two threads, or two processes, takes without any of ours in between.
 *
 *	pingpong	prints "NAME STATISTIC NANOSECONDS" lines
 *
 * Round trips are timed in batches, and the median batch counts: a batch in which the (virtual) machine did something
 * else shows in none of the figures.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES	51

struct game {
	const char *name;
	int cpu_a, cpu_b, rounds;
	bool processes;		/* the other side has an address space of its own */
	void (*hit)(struct game *game, int side, uint64_t ball);	/* to the other side */
	void (*wait)(struct game *game, int side, uint64_t ball);
	_Alignas(128) atomic_ullong ball[2][16];	/* a cache line for each direction */
	int fd[2];
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void hit_memory(struct game *game, int side, uint64_t ball)
{
	atomic_store_explicit(&game->ball[side][0], ball, memory_order_release);
}

static void wait_memory(struct game *game, int side, uint64_t ball)
{
	while (atomic_load_explicit(&game->ball[!side][0], memory_order_acquire) != ball)
		__builtin_ia32_pause();
}

static void hit_eventfd(struct game *game, int side, uint64_t ball)
{
	ball = 1;
	if (write(game->fd[side], &ball, sizeof(ball)) != sizeof(ball))
		abort();
}

static void wait_eventfd(struct game *game, int side, uint64_t ball)
{
	if (read(game->fd[!side], &ball, sizeof(ball)) != sizeof(ball))
		abort();
}

static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("pingpong: sched_setaffinity");
		exit(1);
	}
}

static void *other_side(void *arg)
{
	struct game *game = arg;
	uint64_t ball;

	move_to(game->cpu_b);
	for (ball = 1; ball <= (uint64_t)BATCHES * (uint64_t)game->rounds; ball++) {
		game->wait(game, 1, ball);
		game->hit(game, 1, ball);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void play(struct game *game)
{
	uint64_t times[BATCHES], ball = 0;
	pthread_t thread;
	pid_t child = -1;

	game->fd[0] = eventfd(0, 0);
	game->fd[1] = eventfd(0, 0);
	if (game->processes) {
		child = fork();
		if (child == 0) {
			other_side(game);
			_exit(0);
		}
	}
	if (game->processes ? child < 0 : pthread_create(&thread, NULL, other_side, game)) {
		fprintf(stderr, "pingpong: there is no other side\n");
		exit(1);
	}
	move_to(game->cpu_a);
	for (int batch = 0; batch < BATCHES; batch++) {
		uint64_t start = now();

		for (int round = 0; round < game->rounds; round++) {
			ball++;
			game->hit(game, 0, ball);
			game->wait(game, 0, ball);
		}
		times[batch] = (now() - start) / (uint64_t)game->rounds;
	}
	if (game->processes)
		waitpid(child, NULL, 0);
	else
		pthread_join(thread, NULL);
	close(game->fd[0]);
	close(game->fd[1]);
	qsort(times, BATCHES, sizeof(times[0]), compare);
	printf("%s p50 %llu\n", game->name, (unsigned long long)times[BATCHES / 2]);
}

int main(void)
{
	struct game games[] = {
		{ .name = "pingpong_memory", .cpu_a = 0, .cpu_b = 1, .rounds = 2000,
		  .hit = hit_memory, .wait = wait_memory },
		{ .name = "pingpong_eventfd", .cpu_a = 0, .cpu_b = 1, .rounds = 100,
		  .hit = hit_eventfd, .wait = wait_eventfd },
		{ .name = "pingpong_eventfd_one_cpu", .cpu_a = 0, .cpu_b = 0, .rounds = 100,
		  .hit = hit_eventfd, .wait = wait_eventfd },
		{ .name = "pingpong_eventfd_one_cpu_processes", .cpu_a = 0, .cpu_b = 0, .rounds = 100,
		  .processes = true, .hit = hit_eventfd, .wait = wait_eventfd },
	};

	for (unsigned int i = 0; i < sizeof(games) / sizeof(games[0]); i++)
		play(&games[i]);
	return 0;
}
