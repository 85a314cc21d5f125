/*
 * Sends a UDP datagram by an AF_XDP socket, which hands whole frames to a network card, past addresses and packet filters:
 * xdp INTERFACE FROM TO PORT [FD COMMAND...], or xdp kick FD
 *
 * FROM and TO are IPv4 addresses, of this end of the wire and of the other. In copy mode, on the card's first queue, so that any card does.
 * With COMMAND the frame is put into the ring and not sent: COMMAND is executed with the socket as FD, and whatever it writes to that, or by
 * "kick", the kernel sends the frame.
 *
 * stdout: "sent", or what failed and the name of its errno, as "socket EPERM"; exit 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAMES = 4, FRAME_BYTES = 4096, RING = 4 };

static const char payload[] = "attack";

struct frame {
	struct ether_header ethernet;
	struct iphdr ip;
	struct udphdr udp;
	char data[sizeof payload];
} __attribute__((packed));

static long must(const char *what, long result)
{
	if (result >= 0)
		return result;
	printf("%s %s\n", what, strerrorname_np(errno));
	exit(0);
}

static uint16_t checksum(const void *bytes, size_t length)
{
	const uint8_t *b = bytes;
	uint32_t sum = 0;
	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)(b[i] << 8 | b[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void write_frame(struct frame *frame, const char *from, const char *to, int port)
{
	memset(frame->ethernet.ether_dhost, 0xff, ETH_ALEN); /* whoever is at the other end */
	frame->ethernet.ether_type = htons(ETHERTYPE_IP);
	frame->ip = (struct iphdr){ .version = 4, .ihl = 5, .tot_len = htons(sizeof *frame - sizeof frame->ethernet), .ttl = 64,
				    .protocol = IPPROTO_UDP, .saddr = inet_addr(from), .daddr = inet_addr(to) };
	frame->ip.check = checksum(&frame->ip, sizeof frame->ip);
	frame->udp = (struct udphdr){ .source = htons(7777), .dest = htons((uint16_t)port), .len = htons(sizeof frame->udp + sizeof payload) };
	memcpy(frame->data, payload, sizeof payload);
}

static void make_ring(int s, int which)
{
	int entries = RING;
	must("setsockopt", setsockopt(s, SOL_XDP, which, &entries, sizeof entries));
}

/* Bound, with the first frame of its memory in the ring of what is to be sent. */
static int prepared(unsigned interface, size_t length, void *frames)
{
	int s = (int)must("socket", socket(AF_XDP, SOCK_RAW | SOCK_NONBLOCK, 0)); /* one that blocks can send nothing in copy mode */
	struct xdp_umem_reg memory = { .addr = (uintptr_t)frames, .len = FRAMES * FRAME_BYTES, .chunk_size = FRAME_BYTES };
	must("setsockopt", setsockopt(s, SOL_XDP, XDP_UMEM_REG, &memory, sizeof memory));
	make_ring(s, XDP_UMEM_FILL_RING);
	make_ring(s, XDP_UMEM_COMPLETION_RING);
	make_ring(s, XDP_TX_RING);
	struct xdp_mmap_offsets offsets;
	socklen_t size = sizeof offsets;
	must("getsockopt", getsockopt(s, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size));
	char *ring = mmap(NULL, offsets.tx.desc + RING * sizeof(struct xdp_desc), PROT_READ | PROT_WRITE, MAP_SHARED, s, XDP_PGOFF_TX_RING);
	must("mmap", ring == MAP_FAILED ? -1 : 0);
	struct sockaddr_xdp name = { .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = interface };
	int bound;
	/* Another's socket leaves the interface's queue some time after it was closed. */
	for (int i = 0; (bound = bind(s, (struct sockaddr *)&name, sizeof name)) && errno == EBUSY && i < 500; i++)
		usleep(10000);
	must("bind", bound);
	*(struct xdp_desc *)(ring + offsets.tx.desc) = (struct xdp_desc){ .addr = 0, .len = (uint32_t)length };
	__atomic_store_n((uint32_t *)(ring + offsets.tx.producer), 1, __ATOMIC_RELEASE);
	return s;
}

static void kick(int s)
{
	must("sendto", sendto(s, NULL, 0, MSG_DONTWAIT, NULL, 0));
	puts("sent");
	exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 5 && argc < 7) {
		fprintf(stderr, "usage: xdp INTERFACE FROM TO PORT [FD COMMAND...] | kick FD\n");
		return 2;
	}
	if (argc == 3)
		kick(atoi(argv[2]));
	void *frames = mmap(NULL, FRAMES * FRAME_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	write_frame(frames, argv[2], argv[3], atoi(argv[4]));
	int s = prepared(if_nametoindex(argv[1]), sizeof(struct frame), frames);
	if (argc > 5) {
		must("dup2", dup2(s, atoi(argv[5])));
		if (s != atoi(argv[5]))
			close(s);
		execvp(argv[6], argv + 6);
		must("execvp", -1);
	}
	kick(s);
}
