// SPDX-License-Identifier: GPL-2.0-only
/*
 * dumb CARD: draws into dumb buffers of a display card, as its standard input says; a line of answer for each line there.
 *
 *	mode WIDTH HEIGHT	a new buffer of that size, shown in the mode of that size
 *	lie WIDTH HEIGHT	a buffer that is too small for that mode is to be shown in it: must be refused
 *	picture SEED		draw the picture of that number (picture.py has the same)
 *	rectangle X Y WIDTH HEIGHT COLOUR
 *	time			how long writing a frame takes, there and in ordinary memory
 *	draw			pictures without end, until the card does not answer any more
 *	resize WIDTH HEIGHT WIDTH HEIGHT	the same, between two modes
 *
 * The answer is "ok" and perhaps figures, or the name of an errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>

#include "drm.h"

#define MODES		64
#define FRAMES		10	/* written for a figure; the fastest counts */

struct buffer {
	struct drm_fb fb;
	uint64_t size;
	uint8_t *pixels;
};

struct card {
	int fd;
	uint32_t crtc, connector;
	struct drm_mode modes[MODES];
	unsigned int mode_count;
	struct buffer shown;
};

static int call(const struct card *card, unsigned long request, void *argument)
{
	int ret;

	do {
		ret = ioctl(card->fd, request, argument);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret ? errno : 0;
}

static int card_open(struct card *card, const char *path)
{
	uint32_t crtcs[8], connectors[8];
	struct drm_resources resources = {
		.crtcs = (uintptr_t)crtcs, .count_crtcs = 8,
		.connectors = (uintptr_t)connectors, .count_connectors = 8,
	};
	struct drm_connector connector = { .modes = (uintptr_t)card->modes, .count_modes = MODES };
	int error;

	card->fd = open(path, O_RDWR | O_CLOEXEC);
	if (card->fd < 0)
		return errno;
	error = call(card, DRM_GET_RESOURCES, &resources);
	if (error)
		return error;
	if (!resources.count_crtcs || !resources.count_connectors)
		return ENODEV;
	card->crtc = crtcs[0];
	card->connector = connector.connector = connectors[0];
	error = call(card, DRM_GET_CONNECTOR, &connector);
	if (error)
		return error;
	card->mode_count = connector.count_modes;
	return connector.connection == DRM_CONNECTED ? 0 : ENOLINK;
}

static void buffer_free(const struct card *card, struct buffer *buffer)
{
	struct drm_destroy_dumb destroy = { buffer->fb.handle };

	if (buffer->pixels)
		munmap(buffer->pixels, buffer->size);
	if (buffer->fb.fb)
		call(card, DRM_REMOVE_FB, &buffer->fb.fb);
	if (buffer->fb.handle)
		call(card, DRM_DESTROY_DUMB, &destroy);
	memset(buffer, 0, sizeof(*buffer));
}

/* With @lines of memory. */
static int buffer_make(const struct card *card, struct buffer *buffer, uint32_t width, uint32_t height, uint32_t lines)
{
	struct drm_create_dumb create = { .width = width, .height = lines, .bpp = 32 };
	struct drm_map_dumb map = { 0 };
	int error;

	memset(buffer, 0, sizeof(*buffer));
	error = call(card, DRM_CREATE_DUMB, &create);
	if (error)
		return error;
	buffer->size = create.size;
	buffer->fb = (struct drm_fb) {
		.width = width, .height = height, .pitch = create.pitch, .bpp = 32, .depth = 24, .handle = create.handle,
	};
	map.handle = create.handle;
	error = call(card, DRM_ADD_FB, &buffer->fb);
	if (!error)
		error = call(card, DRM_MAP_DUMB, &map);
	if (!error) {
		buffer->pixels = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED, card->fd, map.offset);
		if (buffer->pixels == MAP_FAILED) {
			error = errno;
			buffer->pixels = NULL;
		}
	}
	if (error)
		buffer_free(card, buffer);
	return error;
}

/* Modes that the card does not list are made up: its timing is of no importance. */
static struct drm_mode find_mode(const struct card *card, uint32_t width, uint32_t height)
{
	struct drm_mode mode = {
		.clock = 60000, .refresh = 60, .name = "made up",
		.hdisplay = width, .hsync_start = width + 16, .hsync_end = width + 32, .htotal = width + 64,
		.vdisplay = height, .vsync_start = height + 1, .vsync_end = height + 2, .vtotal = height + 4,
	};
	unsigned int i;

	for (i = 0; i < card->mode_count && i < MODES; i++) {
		if (card->modes[i].hdisplay == width && card->modes[i].vdisplay == height)
			return card->modes[i];
	}
	return mode;
}

static int show(struct card *card, const struct buffer *buffer)
{
	struct drm_crtc crtc = {
		.connectors = (uintptr_t)&card->connector, .count_connectors = 1,
		.crtc = card->crtc, .fb = buffer->fb.fb, .mode_valid = 1,
		.mode = find_mode(card, buffer->fb.width, buffer->fb.height),
	};

	return call(card, DRM_SET_CRTC, &crtc);
}

static int set_mode(struct card *card, uint32_t width, uint32_t height, uint32_t lines)
{
	struct buffer buffer;
	int error = buffer_make(card, &buffer, width, height, lines);

	if (error)
		return error;
	error = show(card, &buffer);
	if (error) {
		buffer_free(card, &buffer);
		return error;
	}
	buffer_free(card, &card->shown);
	card->shown = buffer;
	return 0;
}

static void draw_rectangle(const struct buffer *buffer, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
			   uint32_t colour)
{
	uint32_t i, j;

	for (j = y; j < y + height && j < buffer->fb.height; j++) {
		volatile uint32_t *line = (void *)(buffer->pixels + (uint64_t)j * buffer->fb.pitch);

		for (i = x; i < x + width && i < buffer->fb.width; i++)
			line[i] = colour;
	}
}

/* No two places near each other have the same colour. */
static void draw_picture(const struct buffer *buffer, uint32_t seed)
{
	uint32_t x, y;

	for (y = 0; y < buffer->fb.height; y++) {
		volatile uint32_t *line = (void *)(buffer->pixels + (uint64_t)y * buffer->fb.pitch);

		for (x = 0; x < buffer->fb.width; x++) {
			uint32_t red = (x + 7 * y + seed) & 0xff, green = ((x >> 8) + 16 * (y >> 8) + seed) & 0xff;

			line[x] = red << 16 | green << 8 | (y & 0xff);
		}
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Microseconds for a frame: copied, and drawn pixel by pixel. */
static void time_frames(const struct buffer *buffer, const void *frame, double *copied, double *drawn)
{
	int i;

	*copied = *drawn = 1e9;
	for (i = 0; i < FRAMES; i++) {
		double start = seconds(), middle, end;

		memcpy(buffer->pixels, frame, buffer->size);
		middle = seconds();
		draw_picture(buffer, i);
		end = seconds();
		if (middle - start < *copied)
			*copied = middle - start;
		if (end - middle < *drawn)
			*drawn = end - middle;
	}
	*copied *= 1e6;
	*drawn *= 1e6;
}

static void compare_times(const struct buffer *shown)
{
	struct buffer ordinary = *shown;
	void *frame = malloc(shown->size);
	double copied, drawn, copied_ordinary, drawn_ordinary;

	ordinary.pixels = malloc(shown->size);
	memset(frame, 0x55, shown->size);
	time_frames(&ordinary, frame, &copied_ordinary, &drawn_ordinary);
	time_frames(shown, frame, &copied, &drawn);
	printf("ok copied %.0f us (ordinary memory %.0f us) ratio %.2f drawn %.0f us (ordinary memory %.0f us) ratio %.2f\n",
	       copied, copied_ordinary, copied / copied_ordinary, drawn, drawn_ordinary, drawn / drawn_ordinary);
	free(ordinary.pixels);
	free(frame);
}

/* Until the card is gone. What is mapped must stay so: it is drawn to once more. */
static int draw(struct card *card, const uint32_t sizes[4], bool resize)
{
	struct drm_crtc crtc = { .crtc = card->crtc };
	unsigned int frames;
	int error;

	puts("drawing");
	for (frames = 0; ; frames++) {
		const uint32_t *size = sizes + 2 * (frames & 1);

		error = resize ? set_mode(card, size[0], size[1], size[1]) : call(card, DRM_GET_CRTC, &crtc);
		if (error)
			break;
		draw_picture(&card->shown, frames);
	}
	draw_picture(&card->shown, 0);
	fprintf(stderr, "%u frames\n", frames);
	return error;
}

static int obey(struct card *card, const char *line)
{
	uint32_t n[5] = { 0 };
	char word[16] = "";
	int count = sscanf(line, "%15s %u %u %u %u", word, &n[0], &n[1], &n[2], &n[3]) - 1;

	if (!strcmp(word, "mode") && count == 2)
		return set_mode(card, n[0], n[1], n[1]);
	if (!strcmp(word, "lie") && count == 2)
		return set_mode(card, n[0], n[1], n[1] / 2);
	if (!strcmp(word, "resize") && count == 4)
		return draw(card, n, true);
	if (!card->shown.pixels)
		return EINVAL;
	if (!strcmp(word, "picture") && count == 1)
		draw_picture(&card->shown, n[0]);
	else if (!strcmp(word, "rectangle") && sscanf(line, "%*s %*u %*u %*u %*u %x", &n[4]) == 1)
		draw_rectangle(&card->shown, n[0], n[1], n[2], n[3], n[4]);
	else if (!strcmp(word, "time"))
		compare_times(&card->shown);
	else if (!strcmp(word, "draw"))
		return draw(card, n, false);
	else
		return EINVAL;
	return 0;
}

int main(int argc, char **argv)
{
	static struct card card;
	char line[128];
	int error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2)
		return 2;
	error = card_open(&card, argv[1]);
	if (error) {
		fprintf(stderr, "dumb: %s: %s\n", argv[1], strerror(error));
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		error = obey(&card, line);
		if (error)
			puts(strerrorname_np(error));
		else if (strncmp(line, "time", 4))
			puts("ok");
	}
	return 0;
}
