package org.secfilt.kernel.jnr;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.kernel.Programs;

/** By posix_spawn(3): a ProcessBuilder starts a helper first, and leaves a thread behind that waits for children. */
final class JnrPrograms implements Programs {
    private final FedPrograms fed = new FedPrograms();

    @Override
    public Optional<String> find(String name, List<String> directories) {
        for (String directory : directories) {
            File file = new File(directory, name);
            if (directory.startsWith("/") && file.isFile() && file.canExecute()) {
                return Optional.of(file.getPath());
            }
        }
        return Optional.empty();
    }

    @Override
    public List<Ended> run(List<Start> starts) {
        List<Spawn.Running> running = new ArrayList<>();
        List<Ended> ended = new ArrayList<>();
        try {
            for (Start start : starts) {
                running.add(Spawn.start(start));
            }
        } finally {
            for (Spawn.Running one : running) { // also where another could not be started
                ended.add(Spawn.await(one));
            }
        }
        return ended;
    }

    @Override
    public List<Ended> feed(List<Start> starts, String known, String together) {
        return FedPrograms.canBeFed(starts) ? fed.feed(starts, known, together) : run(starts);
    }

    @Override
    public void awaitFed() {
        fed.awaitEnds();
    }

    @Override
    public void startWhenEmpty(int cgroup, String name, List<Start> starts) {
        try (Reaper reaper = new Reaper(Integer.toString(cgroup), name)) {
            reaper.keep(cgroup);
            reaper.add(starts);
            reaper.spawn();
        }
    }

    @Override
    public void startWhenGone(String interfaceName, List<Start> starts, List<Start> last, List<String> files) {
        try (Reaper reaper = new Reaper("network", interfaceName)) {
            reaper.add(starts);
            reaper.next();
            reaper.add(last);
            reaper.next();
            for (String file : files) {
                reaper.add(file);
            }
            reaper.spawn();
        }
    }
}
