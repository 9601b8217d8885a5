/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What dumb.c uses of the kernel's <drm/drm.h> and <drm/drm_mode.h>. Debian's linux-libc-dev leaves these out, and all of
 * libdrm would be much for a few structs that never change.
 */
#ifndef DRM_H
#define DRM_H

#include <stdint.h>

#include <sys/ioctl.h>

#define DRM_CONNECTED	1

struct drm_resources {
	uint64_t fbs, crtcs, connectors, encoders;	/* arrays of numbers */
	uint32_t count_fbs, count_crtcs, count_connectors, count_encoders;
	uint32_t min_width, max_width, min_height, max_height;
};

struct drm_mode {
	uint32_t clock;
	uint16_t hdisplay, hsync_start, hsync_end, htotal, hskew;
	uint16_t vdisplay, vsync_start, vsync_end, vtotal, vscan;
	uint32_t refresh, flags, type;
	char name[32];
};

struct drm_crtc {
	uint64_t connectors;
	uint32_t count_connectors;
	uint32_t crtc, fb, x, y, gamma_size, mode_valid;
	struct drm_mode mode;
};

struct drm_connector {
	uint64_t encoders, modes, props, prop_values;
	uint32_t count_modes, count_props, count_encoders;
	uint32_t encoder, connector, type, type_id, connection, mm_width, mm_height, subpixel, pad;
};

struct drm_fb {
	uint32_t fb, width, height, pitch, bpp, depth, handle;
};

struct drm_create_dumb {
	uint32_t height, width, bpp, flags;
	uint32_t handle, pitch;		/* out */
	uint64_t size;			/* out */
};

struct drm_map_dumb {
	uint32_t handle, pad;
	uint64_t offset;		/* out */
};

struct drm_destroy_dumb {
	uint32_t handle;
};

#define DRM_GET_RESOURCES	_IOWR('d', 0xa0, struct drm_resources)
#define DRM_GET_CRTC		_IOWR('d', 0xa1, struct drm_crtc)
#define DRM_SET_CRTC		_IOWR('d', 0xa2, struct drm_crtc)
#define DRM_GET_CONNECTOR	_IOWR('d', 0xa7, struct drm_connector)
#define DRM_ADD_FB		_IOWR('d', 0xae, struct drm_fb)
#define DRM_REMOVE_FB		_IOWR('d', 0xaf, uint32_t)
#define DRM_CREATE_DUMB		_IOWR('d', 0xb2, struct drm_create_dumb)
#define DRM_MAP_DUMB		_IOWR('d', 0xb3, struct drm_map_dumb)
#define DRM_DESTROY_DUMB	_IOWR('d', 0xb4, struct drm_destroy_dumb)

#endif
