package org.secfilt.policy.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Setting;

/** Reads the key {@code filesystem}. */
final class FileSchema {
    private static final String PATH = "the path of a file or a directory";

    private final Complaints complaints;
    private final RuleSchema rules;

    /** @param rules has the reader of reasons */
    FileSchema(Complaints complaints, RuleSchema rules) {
        this.complaints = complaints;
        this.rules = rules;
    }

    FileAccess.Part part(Fields root) {
        Optional<Node.Mapping> mapping = root.mapping("filesystem", "a mapping with read-only, allow-write");
        if (mapping.isEmpty()) {
            return FileAccess.Part.EMPTY;
        }
        Fields fields = new Fields(mapping.get(), complaints, "read-only", "allow-write");
        Optional<Boolean> readOnly = fields.trueOrFalse("read-only");
        Optional<Node> list = fields.value("allow-write");
        if (readOnly.isPresent() && !readOnly.get() && list.isPresent()) {
            complaints.add(list.get(), OptionReader.WRITABLE_ANYHOW);
        }
        return new FileAccess.Part(
                readOnly.isPresent() ? Optional.of(new Setting<>(readOnly.get(), origin(fields, "read-only"))) : Optional.empty(),
                list.isPresent() ? Optional.of(origin(fields, "allow-write")) : Optional.empty(),
                list.isPresent() ? entries(list.get()) : List.of());
    }

    private Origin origin(Fields fields, String key) {
        return complaints.origin(fields.key(key).orElseThrow());
    }

    private List<FileAccess.Writable> entries(Node list) {
        List<FileAccess.Writable> writable = new ArrayList<>();
        for (Node entry : list instanceof Node.Sequence sequence ? sequence.items() : List.of(list)) {
            if (entry instanceof Node.Mapping mapping) {
                addAll(writable, mapping);
            } else if (entry instanceof Node.Scalar scalar && !scalar.missing()) {
                add(writable, scalar, Optional.empty());
            } else {
                complaints.addMissing(entry, "an entry of allow-write is " + PATH + ", or a mapping with path and reason, not " + entry.kind());
            }
        }
        return writable;
    }

    private void addAll(List<FileAccess.Writable> writable, Node.Mapping mapping) {
        Fields fields = new Fields(mapping, complaints, "path", "reason");
        Optional<String> reason = rules.reason(fields);
        if (fields.key("path").isEmpty()) {
            complaints.add(mapping, "'path' is missing; it is " + PATH);
        }
        for (Node.Scalar path : fields.someScalars("path", PATH)) {
            add(writable, path, reason);
        }
    }

    private void add(List<FileAccess.Writable> writable, Node.Scalar path, Optional<String> reason) {
        if (path.text().isEmpty()) {
            complaints.addMissing(path, "the path is empty; write " + PATH);
            return;
        }
        writable.add(new FileAccess.Writable(path.text(), reason, complaints.origin(path)));
    }
}
