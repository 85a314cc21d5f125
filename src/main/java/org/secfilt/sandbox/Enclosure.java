package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Printable;
import org.secfilt.abi.SyscallTable;
import org.secfilt.kernel.Account;
import org.secfilt.kernel.Accounts;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.launch.Launch;
import org.secfilt.launch.LaunchScript;
import org.secfilt.launch.Namespaces;
import org.secfilt.policy.PrivateTmp;
import org.secfilt.policy.Resolvers;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Surroundings;
import org.secfilt.policy.UserName;

/**
 * What the command has of its own, as steps of its launch script: the namespaces while the stub still has its capabilities, then the
 * user.
 */
final class Enclosure {
    private static final long CAP_SYS_ADMIN = 1 << 21; // linux/capability.h

    private final Surroundings own;
    private final long capabilities;
    private final ProcessStatus.Owner owner;
    private final Optional<Account> account;
    /** The file that the command sees as /etc/resolv.conf, if not that itself. */
    private final Optional<String> resolver;

    private Enclosure(
            Surroundings own, long capabilities, ProcessStatus.Owner owner, Optional<Account> account, Optional<String> resolver) {
        this.resolver = resolver;
        this.own = own;
        this.capabilities = capabilities;
        this.owner = owner;
        this.account = account;
    }

    /**
     * @param capabilities the stub's
     * @param owner the stub's
     * @param resolver the file that the command is to see as /etc/resolv.conf, if not that itself
     * @throws IllegalArgumentException naming the user or group that this host does not know
     */
    static Enclosure of(
            Surroundings own, long capabilities, ProcessStatus.Owner owner, Accounts accounts, Optional<String> resolver) {
        Optional<Account> account = own.user().isPresent() ? Optional.of(account(own.user().get(), accounts)) : Optional.empty();
        return new Enclosure(own, capabilities, owner, account, resolver);
    }

    /** Whom the command is to be run as, if not as the caller. */
    Optional<Account> user() {
        return account;
    }

    private static Account account(Setting<UserName> setting, Accounts accounts) {
        UserName name = setting.value();
        Optional<Account> found = accounts.user(name.user());
        OptionalInt number = Accounts.number(name.user());
        if (found.isEmpty() && (number.isEmpty() || name.group().isEmpty())) {
            String advice = number.isPresent()
                    ? "for a number without an account write the group too, " + name.user() + ":GROUP"
                    : known(name.user(), "passwd");
            throw new IllegalArgumentException(
                    setting.origin() + ": this host knows no user '" + Printable.escape(name.user()) + "'; " + advice);
        }
        if (name.group().isEmpty()) {
            return found.get();
        }
        OptionalInt group = accounts.group(name.group().get());
        if (group.isEmpty()) {
            throw new IllegalArgumentException(
                    setting.origin() + ": this host knows no group '" + Printable.escape(name.group().get()) + "'; "
                            + known(name.group().get(), "group"));
        }
        int gid = group.getAsInt();
        return found.isPresent()
                ? new Account(found.get().name(), found.get().uid(), gid, with(gid, found.get().groups()), found.get().home())
                : new Account("", number.orElseThrow(), gid, List.of(gid), "");
    }

    /** What to write instead. @param database of getent(1) */
    private static String known(String text, String database) {
        boolean number = text.chars().allMatch(c -> c >= '0' && c <= '9');
        return number ? "numbers end at " + Accounts.LAST_NUMBER : "those it knows are told by getent " + database;
    }

    private static List<Integer> with(int gid, List<Integer> groups) {
        List<Integer> all = new ArrayList<>(groups);
        if (!all.contains(gid)) {
            all.add(gid);
        }
        return all;
    }

    /** By itself, where something is done to it from outside before the rest. */
    LaunchScript entering(SyscallTable syscalls) {
        Launch launch = new Launch(syscalls);
        enter(launch);
        return launch.script();
    }

    /** What comes first of all: nothing yet restricts the stub. */
    void enter(Launch launch) {
        boolean network = own.ownsNetwork();
        if (!network && !own.ownsMounts()) {
            return;
        }
        Namespaces namespaces = new Namespaces(launch);
        boolean privileged = (capabilities & CAP_SYS_ADMIN) != 0;
        boolean mounts = own.ownsMounts() || resolver.isPresent();
        namespaces.unshare(!privileged, network, mounts);
        if (!privileged) {
            namespaces.mapIdentity(owner.uid(), owner.gid());
        }
        if (network) {
            namespaces.raiseLoopback();
        }
        if (mounts) {
            namespaces.keepMounts();
        }
        if (resolver.isPresent()) {
            namespaces.replace(Resolvers.FILE, resolver.get());
        }
        if (own.ownsMounts()) {
            namespaces.privateTmp(account.isPresent() ? account.get().uid() : owner.uid(),
                    account.isPresent() ? account.get().gid() : owner.gid(), own.privateTmp() == PrivateTmp.EXEC);
        }
    }

    /** What comes when no step needs root any more, and before no_new_privs. */
    void becomeUser(Launch launch) {
        if (account.isPresent()) {
            int[] groups = account.get().groups().stream().mapToInt(Integer::intValue).toArray();
            launch.clearAmbientCapabilities();
            launch.becomeUser(account.get().uid(), account.get().gid(), groups);
        }
    }

    /** The caller's environment, in which HOME, USER and LOGNAME are the user's. environ(7) */
    void setEnvironment(Launch launch, List<ByteString> callers) {
        if (account.isEmpty() || account.get().name().isEmpty()) {
            return;
        }
        List<ByteString> environment = new ArrayList<>();
        for (ByteString variable : callers) {
            String text = variable.latin1();
            if (!text.startsWith("HOME=") && !text.startsWith("USER=") && !text.startsWith("LOGNAME=")) {
                environment.add(variable);
            }
        }
        environment.add(ByteString.of("HOME=" + account.get().home()));
        environment.add(ByteString.of("USER=" + account.get().name()));
        environment.add(ByteString.of("LOGNAME=" + account.get().name()));
        launch.environment(environment);
    }
}
