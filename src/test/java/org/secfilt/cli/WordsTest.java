package org.secfilt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
    /** Words parted by blanks | the options as understood, the command after {@code $}. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "make | $ make",
                "make -v | $ make -v",
                "--allowed-port=22 ssh -v host | --allowed-port=22 $ ssh -v host",
                "--allowed-port 22 ssh -v host | --allowed-port=22 $ ssh -v host",
                "--allowed-port=22 -- ssh -v | --allowed-port=22 $ ssh -v",
                "--allowed-port 22 -- ssh -- -v | --allowed-port=22 $ ssh -- -v",
                "-- compile | $ compile",
                "-- -x | $ -x",
                "-- -- | $ --",
                "-- --help | $ --help",
                "ls --help | $ ls --help",
                "-v ls -v | --verbose $ ls -v",
                "-vq ls | --verbose --quiet $ ls",
                "-qc file ls | --quiet --config=file $ ls",
                "-cfile ls | --config=file $ ls",
                "-c=file ls | --config=file $ ls",
                "-c file ls | --config=file $ ls",
                "--no-outbound-network make | --no-outbound-network $ make",
                "--no-outbound-network true | --no-outbound-network $ true",
                "--no-outbound-network 1 | --no-outbound-network $ 1",
                "--no-outbound-network=1 true | --no-outbound-network=1 $ true",
                "--no-outbound-network= true | --no-outbound-network= $ true",
                "--no-outbound-network -v true | --no-outbound-network --verbose $ true",
                "--allow-resolv no | --allow-resolv $ no",
                "--mainstream-network-families off | --mainstream-network-families $ off",
                "--allowed-netmask=a --allowed-netmask b x | --allowed-netmask=a --allowed-netmask=b $ x",
                "--allowed-netmask a=b x | --allowed-netmask=a=b $ x",
                "--policy=a=b x | --policy=a=b $ x",
                "--policy - x | --policy=- $ x",
                "--allowed-port=-1 x | --allowed-port=-1 $ x",
                "--allowed-port -1 x | --allowed-port=-1 $ x",
                "--write-allow /tmp x | --allow-write=/tmp $ x",
                "@file x | $ @file x",
                "--policy @file x | --policy=@file $ x",
                "--policy ${user.home} x | --policy=${user.home} $ x",
                "--policy \"quoted\" x | --policy=\"quoted\" $ x",
                "a=b x | $ a=b x",
                "--verbose --quiet | --verbose --quiet $",
                "-- | $",
                "--policy f -- | --policy=f $",
            })
    void takes_options_up_to_the_first_word_that_is_none(String line, String understood) {
        Words words = Words.split(split(line), Verb.RUN);
        assertEquals(List.of(), words.mistakes());
        assertEquals(understood, print(words, split(line)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--alowed-netmask=1 x | unknown option '--alowed-netmask'; did you mean '--allowed-netmask'?",
                "--allowed-mask x | unknown option '--allowed-mask'; did you mean '--allowed-netmask'?",
                "--allow-net=10.0.0.1 x | unknown option '--allow-net'; did you mean '--allowed-netmask'?",
                "--allow-ip=10.0.0.1 x | unknown option '--allow-ip'; did you mean '--allowed-netmask'?",
                "--allowed_hosts=x x | unknown option '--allowed_hosts'; did you mean '--allowed-netmask'?",
                "--allow=10.0.0.1 x | unknown option '--allow'; did you mean '--allowed-netmask'?",
                "--allow-dns x | unknown option '--allow-dns'; a command that begins with '-' stands behind --",
                "--allow-wirte=/x x | unknown option '--allow-wirte'; did you mean '--allow-write'?",
                "--alow-write=/x x | unknown option '--alow-write'; did you mean '--allow-write'?",
                "--allow-ports=1 x | unknown option '--allow-ports'; did you mean '--allowed-port'?",
                "--network=none x | unknown option '--network'; did you mean '--net'?",
                "--unshare-net x | unknown option '--unshare-net'; did you mean '--net=none'?",
                "--deny-netmask=10.0.0.1 x | unknown option '--deny-netmask'; what is to be denied stands in a policy file, as in connect: {deny: [10.0.0.1]}",
                "--no-outbound x | unknown option '--no-outbound'; did you mean '--no-outbound-network'?",
                "-x ls | unknown option '-x'; a command that begins with '-' stands behind --",
                "-5 ls | unknown option '-5'; a command that begins with '-' stands behind --",
                "- ls | unknown option '-'; a command that begins with '-' stands behind --",
                "--- ls | unknown option '---'; a command that begins with '-' stands behind --",
                "-vx ls | unknown option '-vx'; a command that begins with '-' stands behind --",
                "--VERBOSE ls | unknown option '--VERBOSE'; did you mean '--verbose'?",
                "--verb ls | unknown option '--verb'; did you mean '--verbose'?",
                "--format=asm ls | --format belongs to 'secfilt compile', where compile is the first word",
                "-o f | -o belongs to 'secfilt compile', where compile is the first word",
                "--verbose=yes ls | --verbose takes no value, and got 'yes'",
                "-v=yes ls | --verbose takes no value, and got 'yes'",
                "--help= | --help takes no value, and got ''",
                "--allowed-netmask | --allowed-netmask needs a value: --allowed-netmask=M",
                "--allowed-netmask= x | --allowed-netmask needs a value: --allowed-netmask=M",
                "-c= x | --config needs a value: --config=FILE",
                "-c | --config needs a value: --config=FILE",
                "-vc | --config needs a value: --config=FILE",
                "--policy --verbose x | --policy needs a value: --policy=FILE",
                "--policy --allowed-port=1 x | --policy needs a value: --policy=FILE",
                "--policy -- x | --policy needs a value: --policy=FILE",
                "--policy -v x | --policy needs a value: --policy=FILE",
            })
    void names_what_is_wrong_and_what_to_write(String line, String mistake) {
        assertEquals(List.of(mistake), Words.split(split(line), Verb.RUN).mistakes());
    }

    @Test
    void reports_several_mistakes_at_once() {
        List<String> mistakes = Words.split(split("--quiet=1 --policy --nonsense"), Verb.RUN).mistakes();
        assertEquals(
                List.of(
                        "--quiet takes no value, and got '1'",
                        "--policy needs a value: --policy=FILE",
                        "unknown option '--nonsense'; a command that begins with '-' stands behind --"),
                mistakes);
    }

    @Test
    void shows_no_control_characters_of_a_word() {
        List<String> mistakes = Words.split(List.of("--\u001b[31m\n=x"), Verb.RUN).mistakes();
        assertEquals(
                List.of("unknown option '--\\x1b[31m\\x0a'; a command that begins with '-' stands behind --"), mistakes);
    }

    @Test
    void knows_the_options_of_compile_after_the_verb_only() {
        Words words = Words.split(split("--format bin -o out --arch=x86_64 --allowed-port=1"), Verb.COMPILE);
        assertEquals("--format=bin --output=out --arch=x86_64 --allowed-port=1 $", print(words, List.of()));
    }

    @Test
    void an_empty_word_is_a_command() {
        Words words = Words.split(List.of("-v", "", "x"), Verb.RUN);
        assertEquals(List.of(), words.mistakes());
        assertEquals(1, words.commandIndex());
    }

    @Test
    void many_words_of_a_command_cost_no_more_than_reading_them() {
        List<String> words = new ArrayList<>(List.of("-v", "echo"));
        words.addAll(Collections.nCopies(200_000, "-x"));
        assertEquals(1, Words.split(words, Verb.RUN).commandIndex());
    }

    private static List<String> split(String line) {
        return Arrays.asList(line.split(" "));
    }

    private static String print(Words words, List<String> all) {
        StringBuilder text = new StringBuilder();
        for (Words.Given given : words.given()) {
            text.append(given.words()).append(' ');
        }
        text.append('$');
        for (int i = words.commandIndex(); i < all.size(); i++) {
            text.append(' ').append(all.get(i));
        }
        return text.toString();
    }
}
