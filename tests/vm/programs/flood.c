// SPDX-License-Identifier: GPL-2.0-only
/*
 * flood INTERFACE: sends frames through it, some hundreds a second, until that fails. Says "sending" when some have gone, and at
 * the end why.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define LENGTH		1500
#define SOME		20
#define PAUSE_US	5000	/* without one an emulated machine does nothing else */
#define PROTOCOL	0x88b5	/* for experiments (IEEE 802) */

int main(int argc, char **argv)
{
	static unsigned char frame[LENGTH] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 };
	struct sockaddr_ll address = { .sll_family = AF_PACKET };
	unsigned int frames;
	int fd;

	if (argc != 2)
		return 2;
	frame[12] = PROTOCOL >> 8;
	frame[13] = PROTOCOL & 0xff;
	address.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		perror(argv[1]);
		return 1;
	}
	for (frames = 1;; frames++) {
		if (send(fd, frame, sizeof(frame), 0) < 0 && errno != ENOBUFS)
			break;
		if (frames == SOME) {
			puts("sending");
			fflush(stdout);
		}
		usleep(PAUSE_US);
	}
	puts(strerrorname_np(errno));
	return 0;
}
