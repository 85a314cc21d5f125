/**
 * Policies in YAML, read into {@link org.secfilt.policy.PolicyPart}s, with line and column in every complaint.
 *
 * <p>The text goes through three hands: {@code YamlReader} makes a tree of nodes that know their places (Jackson's
 * streaming parser, no data binding: start-up time counts), {@code PolicySchema} and {@code RuleSchema} read the tree,
 * {@code PolicyFiles} follows the includes. Each goes on after a fault, so that a user sees all faults of a file at once.
 *
 * <p>A policy is a small part of YAML 1.1: one document, mappings with plain keys, lists, scalars. Anchors, aliases and
 * tags are refused: they serve no policy, and a few of them can unfold into gigabytes.
 *
 * <p>The schema, version 1. All keys but {@code version} may be missing; where a list may stand so may a single value.
 * <pre>
 * version: 1
 * include: [base.yaml]        # relative to this file; read before it
 * mode: deny                  # of addresses in no list, connect and bind alike: allow, deny or local
 * errno: EPERM                # what a denied call fails with: EPERM, ECONNREFUSED or EACCES
 * resolv: true                # allow the nameservers of /etc/resolv.conf, port 53
 * no-outbound-network: false  # true: deny connect and every send that names an address, to unix sockets too
 * families: [unix, inet, inet6, netlink]   # all that socket(2) may make
 * net: host                   # or none: loopback alone; or nat: behind the host's addresses
 * publish: 10105:5432         # with nat: this port of the host leads to that port of the command's; or 5353:53/udp
 * private-tmp: true           # a fresh /tmp, from which nothing is executed; or exec: from which it is
 * user: nobody                # as this user, for root to say; or NAME:GROUP
 * firewall: auto              # judge packets too, where the host lets us: auto, require or off
 * inherit: close              # sockets open at launch, connected elsewhere than allowed: keep, close or refuse
 * violation-exit: 77          # the exit code of a run in which a call was denied, 1 to 255; without it the command's own
 * profile:                    # for secfilt profile install
 *   group: staff              # who may enter besides root
 *   inverted: false           # true: the rules are for all but the processes in the profile
 * connect:                    # connect, sendto, sendmsg, sendmmsg
 *   mode: deny                # for connect alone; beats the mode above
 *   allow:
 *     - loopback              # ADDR or ADDR:PORTS; ADDR is an address, a CIDR block or the word loopback
 *     - 127.0.0.1:8000-8099
 *     - address: [10.0.0.0/8, "fd00::/8"]   # without it: any address
 *       port: [443, 8000-8099]              # or ports:; without it: any port
 *       protocol: tcp                       # or udp; without it: both
 *       reason: package mirror              # shown in reports
 *   deny: ...                 # as allow, and beats it
 * bind: ...                   # as connect; port 0 is what a bind to any free port asks for
 * unix:                       # unix sockets, connected or sent to
 *   mode: allow               # or deny
 *   deny:                     # and allow:
 *     - /run/docker.sock      # a path, or @NAME for an abstract socket
 *     - path: /run/user/*&#47;bus   # * stays within one directory, ** crosses
 *       reason: session D-Bus
 *     - abstract: "com.example.*"           # * stands for any bytes
 * filesystem:                 # files, changed in any way
 *   read-only: true           # none but those below; an allow-write implies it
 *   allow-write:
 *     - target                # a file, or a directory with all below it; relative to the command's working directory
 *     - path: [/dev/null, /run/lock]
 *       reason: build output
 * </pre>
 */
package org.secfilt.policy.yaml;
