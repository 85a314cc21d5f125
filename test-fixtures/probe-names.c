/* The names that sockets take: bind(2), listen(2) without and with one, and addresses of the other family. */
#include "probe-inet.h"

static const char *bound(int fd, union name name, int port)
{
	if (name.any.sa_family == AF_INET)
		name.v4.sin_port = htons((uint16_t)port);
	else
		name.v6.sin6_port = htons((uint16_t)port);
	return outcome(bind(fd, &name.any, size_of(&name)));
}

static int port_of(int fd)
{
	union name name;
	socklen_t length = sizeof name;
	getsockname(fd, &name.any, &length);
	return ntohs(name.v4.sin_port); /* in the same place in both */
}

PROBE(binds_of_every_kind)
{
	for (int d = 0; d < 2; d++)
		for (int t = 0; t < 2; t++) {
			int type = t ? SOCK_DGRAM : SOCK_STREAM;
			union name here = loopback(domains[d]), nowhere = here;
			if (d)
				inet_pton(AF_INET6, "2001:db8::77", &nowhere.v6.sin6_addr);
			else
				nowhere.v4.sin_addr.s_addr = htonl(0xc0000207); /* 192.0.2.7 */
			static const int ports[] = { 1, 80, 1023 };
			for (int i = 0; i < 3; i++)
				say("port %d: %s", ports[i], bound(socket(domains[d], type, 0), here, ports[i]));
			int one = socket(domains[d], type, 0);
			say("any port: %s", bound(one, here, 0));
			say("twice: %s", bound(one, here, 0));
			say("taken: %s", bound(socket(domains[d], type, 0), here, port_of(one)));
			say("not ours: %s", bound(socket(domains[d], type, 0), nowhere, 0));
			int shared_one = socket(domains[d], type, 0), shared_two = socket(domains[d], type, 0);
			set(shared_one, SOL_SOCKET, SO_REUSEPORT, 1);
			set(shared_two, SOL_SOCKET, SO_REUSEPORT, 1);
			say("shared: %s", bound(shared_one, here, 0));
			say("shared: %s", bound(shared_two, here, port_of(shared_one)));
			say("unshared: %s", bound(socket(domains[d], type, 0), here, port_of(shared_one)));
			int late = socket(domains[d], type, 0);
			set(late, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
			say("late: %s", bound(late, here, 0));
			say("port %s", port_of(late) ? "given" : "none");
			int unspecified = socket(domains[d], type, 0);
			union name any = { .any.sa_family = AF_UNSPEC };
			say("AF_UNSPEC: %s", outcome(bind(unspecified, &any.any, sizeof any.v4)));
			int range = socket(domains[d], type, 0);
			set(range, IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, 40123 << 16 | 40123);
			say("in a range: %s", bound(range, here, 0));
			say("%s", port_of(range) == 40123 ? "kept" : "not kept");
			close(range);
		}
}

PROBE(ports_are_free_when_a_socket_is_closed)
{
	int taken = 0;
	union name name;
	int first = receiver(AF_INET, SOCK_DGRAM, &name, 0);
	close(first);
	for (int i = 0; i < 2000; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		taken += bind(fd, &name.any, size_of(&name)) != 0;
		taken += connect(fd, &name.any, size_of(&name)) != 0;
		close(fd);
	}
	say("taken %d", taken);
}

PROBE(who_cannot_listen_is_told_why)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0probe-of-listening" };
	int pipes[2], unix_stream = socket(AF_UNIX, SOCK_STREAM, 0);
	say("none %s", outcome(listen(-1, 5)));
	say("closed %s", outcome(listen(700, 5)));
	say("pipe %s", outcome(pipe(pipes) ? -1 : listen(pipes[0], 5)));
	say("udp %s", outcome(listen(socket(AF_INET, SOCK_DGRAM, 0), 5)));
	say("unix datagram %s", outcome(listen(socket(AF_UNIX, SOCK_DGRAM, 0), 5)));
	say("unix without a name %s", outcome(listen(unix_stream, 5)));
	say("named %s", outcome(bind(unix_stream, (struct sockaddr *)&name, sizeof name)));
	say("unix %s", outcome(listen(unix_stream, 5)));
	say("again %s", outcome(listen(unix_stream, 7)));
	say("netlink %s", outcome(listen(socket(AF_NETLINK, SOCK_RAW, 0), 5)));
}

PROBE(addresses_of_the_other_family)
{
	union name to, mapped = { .v6 = { .sin6_family = AF_INET6 } };
	int sink = receiver(AF_INET, SOCK_DGRAM, &to, 0);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.v6.sin6_addr);
	mapped.v6.sin6_port = to.v4.sin_port;
	char got[8];
	for (int only = 0; only < 2; only++)
		for (int first = 0; first < 3; first++) {
			int fd = socket(AF_INET6, SOCK_DGRAM, 0);
			set(fd, IPPROTO_IPV6, IPV6_V6ONLY, only);
			union name six = loopback(AF_INET6);
			if (first == 1)
				say("bind %s", outcome(bind(fd, &six.any, size_of(&six))));
			if (first == 2)
				say("bind %s", bound(fd, mapped, 0));
			say("mapped %s", outcome(sendto(fd, "m", 1, 0, &mapped.any, size_of(&mapped))));
			say("IPv4 %s", outcome(sendto(fd, "4", 1, 0, &to.any, size_of(&to))));
			say("connect %s", connected(fd, &mapped));
			say("as IPv4 %s", connected(fd, &to));
			say("short %s", outcome(connect(fd, &mapped.any, 24)));
			say("shorter %s", outcome(connect(fd, &mapped.any, 23)));
			int arrived = 0;
			while (recv(sink, got, sizeof got, MSG_DONTWAIT) == 1)
				arrived++;
			say("arrived %d", arrived);
		}
	struct sockaddr_in6 flow = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_flowinfo = htonl(0x12345), .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	set(fd, IPPROTO_IPV6, 33 /* IPV6_FLOWINFO_SEND */, 1);
	say("a flow that is not ours: %s", outcome(sendto(fd, "f", 1, 0, (struct sockaddr *)&flow, sizeof flow)));
	say("connect %s", outcome(connect(fd, (struct sockaddr *)&flow, sizeof flow)));
}
