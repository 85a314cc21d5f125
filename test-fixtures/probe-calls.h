/* The judged calls, each on a peer that is chosen before. */
#include "probe.h"

static struct sockaddr_storage peer;
static socklen_t peer_length;

static long call_connect(int fd) { return connect(fd, (struct sockaddr *)&peer, peer_length); }
static long call_sendto(int fd) { return sendto(fd, "m", 1, 0, (struct sockaddr *)&peer, peer_length); }

static inline struct msghdr message(struct iovec *data)
{
	*data = (struct iovec){ "m", 1 };
	return (struct msghdr){ .msg_name = &peer, .msg_namelen = peer_length, .msg_iov = data, .msg_iovlen = 1 };
}

static inline long call_sendmsg(int fd)
{
	struct iovec data;
	struct msghdr header = message(&data);
	return sendmsg(fd, &header, 0);
}

static inline long call_sendmmsg(int fd)
{
	struct iovec data;
	struct mmsghdr one = { .msg_hdr = message(&data) };
	return sendmmsg(fd, &one, 1, 0);
}

static inline void set_timeout(int fd, int ms)
{
	struct timeval timeout = { ms / 1000, ms % 1000 * 1000 };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}
