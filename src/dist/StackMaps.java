import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;

/**
 * Gives class files that are older than Java 6 the maps of the stack that today's compilers write: {@code java -cp ASM:CLASSES StackMaps.java DIRECTORY}.
 * JDKs after 17 archive no others, and picocli's are of Java 5.
 */
final class StackMaps {
    private static final int MAJOR_VERSION = 6;

    private StackMaps() {}

    public static void main(String[] directories) throws IOException {
        for (String directory : directories) {
            List<Path> files;
            try (Stream<Path> all = Files.walk(Path.of(directory))) {
                files = all.filter(file -> file.toString().endsWith(".class")).collect(Collectors.toList());
            }
            for (Path file : files) {
                ClassReader in = new ClassReader(Files.readAllBytes(file));
                if (in.readUnsignedShort(MAJOR_VERSION) < Opcodes.V1_6) {
                    Files.write(file, withStackMaps(in));
                }
            }
        }
    }

    private static byte[] withStackMaps(ClassReader in) {
        ClassWriter out = new ClassWriter(ClassWriter.COMPUTE_FRAMES) {
            /** What is not there, as Groovy is not, no program of ours comes to. */
            @Override
            protected String getCommonSuperClass(String one, String other) {
                try {
                    return super.getCommonSuperClass(one, other);
                } catch (TypeNotPresentException | LinkageError e) {
                    return "java/lang/Object";
                }
            }
        };
        in.accept(new ClassVisitor(Opcodes.ASM9, out) {
            @Override
            public void visit(int version, int access, String name, String signature, String superName, String[] interfaces) {
                super.visit(Opcodes.V1_8, access, name, signature, superName, interfaces);
            }
        }, ClassReader.SKIP_FRAMES);
        return out.toByteArray();
    }
}
