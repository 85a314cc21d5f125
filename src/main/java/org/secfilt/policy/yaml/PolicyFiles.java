package org.secfilt.policy.yaml;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Printable;
import org.secfilt.policy.CallerFiles;
import org.secfilt.policy.Complaint;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Opener;
import org.secfilt.policy.PolicyFile;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.SourceText;

/** Reads policy files and all that they include. */
public final class PolicyFiles {
    /** Files followed in one run; where each includes the next one twice, their number doubles with each level. */
    private static final int MAX_FILES = 64;

    private final Opener opener;
    private final Map<String, PolicySchema.Contents> read = new HashMap<>();
    private final List<PolicyPart> parts = new ArrayList<>();
    private final List<Complaint> complaints = new ArrayList<>();
    private int files;

    private PolicyFiles(Opener opener) {
        this.opener = opener;
    }

    /**
     * The parts of the files, in order, the parts of included files before that of the file that includes them. A file
     * included twice is there twice.
     *
     * @param names as the user wrote them, and as complaints show them; the name of an included file is relative to the
     *     directory in the name of the file that includes it
     * @throws InvalidPolicyException with everything that is wrong with any of the files
     */
    public static List<PolicyPart> read(List<String> names, Opener opener) throws InvalidPolicyException {
        PolicyFiles policies = new PolicyFiles(opener);
        for (String name : names) {
            policies.follow(name, Optional.empty());
        }
        if (!policies.complaints.isEmpty()) {
            throw new InvalidPolicyException(policies.sorted());
        }
        return List.copyOf(policies.parts);
    }

    /** The entry of an include list that led to a file, in the file {@code name}. */
    private record Inclusion(
            PolicySchema.Contents contents, Node place, String name, String identity, Optional<Inclusion> before) {
        /** The file that the user named. */
        String given() {
            return before.isPresent() ? before.get().given() : name;
        }

        Complaint complaint(String message) {
            return contents.source().complaint(place.line(), place.column(), message);
        }

        /**
         * The file that is included here: an absolute name, or one relative to this file's; of a descriptor, to the working directory. What has a
         * meaning as an option's value alone, {@code -}, is a file here.
         */
        String resolve(String included) {
            boolean whole = included.startsWith("/") || CallerFiles.isDescriptor(name);
            String resolved = whole ? included : name.substring(0, name.lastIndexOf('/') + 1) + included;
            return !resolved.startsWith("/") && CallerFiles.isDescriptor(resolved) ? "./" + resolved : resolved;
        }
    }

    private void follow(String name, Optional<Inclusion> by) {
        files++;
        if (files > MAX_FILES) {
            if (files == MAX_FILES + 1) {
                complain(by, name, "these are more than " + MAX_FILES + " files, inclusions counted");
            }
            return;
        }
        try {
            String identity = opener.identity(name);
            if (closesCycle(identity, name, by)) {
                return;
            }
            PolicySchema.Contents contents = read.get(identity);
            if (contents == null) {
                contents = PolicySchema.read(SourceText.read(name, opener));
                read.put(identity, contents);
                complaints.addAll(contents.complaints());
            }
            for (Node.Scalar include : contents.includes()) {
                Inclusion inclusion = new Inclusion(contents, include, name, identity, by);
                follow(inclusion.resolve(include.text()), Optional.of(inclusion));
            }
            String own = contents.source().origin(1, 1).source();
            parts.add(contents.part().with(new PolicyFile(own, by.isPresent() ? by.get().given() : own)));
        } catch (IOException e) {
            complain(by, name, e.getMessage());
        } catch (InvalidPolicyException e) {
            complainOfText(by, name, e.complaints());
        }
    }

    private boolean closesCycle(String identity, String name, Optional<Inclusion> by) {
        StringBuilder chain = new StringBuilder(Printable.escape(name));
        for (Optional<Inclusion> step = by; step.isPresent(); step = step.get().before()) {
            chain.insert(0, Printable.escape(step.get().name()) + " -> ");
            if (step.get().identity().equals(identity)) {
                add(by.orElseThrow().complaint("the file includes itself: " + chain));
                return true;
            }
        }
        return false;
    }

    /** A file that cannot be read has no place of its own, so the place that asks for it is named. */
    private void complainOfText(Optional<Inclusion> by, String name, List<Complaint> found) {
        for (Complaint complaint : found) {
            if (complaint.line() == 0) {
                complain(by, name, complaint.message());
            } else {
                add(complaint);
            }
        }
    }

    private void complain(Optional<Inclusion> by, String name, String message) {
        add(by.isPresent()
                ? by.get().complaint("cannot include " + Complaints.quote(name) + ": " + message)
                : Complaint.ofFile(name, message));
    }

    private void add(Complaint complaint) {
        if (!complaints.contains(complaint)) {
            complaints.add(complaint);
        }
    }

    /** The files in the order in which they were read, the complaints of each in the order of its lines. */
    private List<Complaint> sorted() {
        Map<String, List<Complaint>> byFile = new LinkedHashMap<>();
        for (Complaint complaint : complaints) {
            byFile.computeIfAbsent(complaint.file(), file -> new ArrayList<>()).add(complaint);
        }
        List<Complaint> sorted = new ArrayList<>();
        for (List<Complaint> ofFile : byFile.values()) {
            Collections.sort(ofFile);
            sorted.addAll(ofFile);
        }
        return sorted;
    }
}
