package org.secfilt.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.telnet.TelnetClient;

/**
 * A JVM that uses the network as Java programs do, to be run by a test: {@code telnet|passive|active ADDRESS PORT}. Prints the server's
 * first line or the file, or the exception's class and message with exit code 1.
 */
public final class CommonsNetClient {
    private static final int PATIENCE_MILLIS = 5000;

    private CommonsNetClient() {}

    /** @param args what to do, the server's address, its port */
    public static void main(String[] args) {
        try {
            int port = Integer.parseInt(args[2]);
            System.out.println(args[0].equals("telnet") ? greeting(args[1], port) : file(args[1], port, args[0].equals("passive")));
        } catch (IOException e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            System.exit(1);
        }
    }

    private static String greeting(String address, int port) throws IOException {
        TelnetClient telnet = new TelnetClient();
        telnet.setConnectTimeout(PATIENCE_MILLIS);
        telnet.connect(address, port);
        StringBuilder line = new StringBuilder();
        for (int c = telnet.getInputStream().read(); c >= 0 && c != '\n'; c = telnet.getInputStream().read()) {
            line.append((char) c);
        }
        telnet.disconnect();
        return line.toString().strip();
    }

    private static String file(String address, int port, boolean passive) throws IOException {
        FTPClient ftp = new FTPClient();
        ftp.setConnectTimeout(PATIENCE_MILLIS);
        ftp.setDataTimeout(java.time.Duration.ofMillis(PATIENCE_MILLIS));
        ftp.setIpAddressFromPasvResponse(true);
        ftp.connect(address, port);
        ftp.login("anonymous", "guest");
        if (passive) {
            ftp.enterLocalPassiveMode();
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        boolean got = ftp.retrieveFile("file", file);
        String reply = ftp.getReplyString();
        ftp.disconnect();
        return got ? file.toString(StandardCharsets.US_ASCII).strip() : "not got: " + reply.strip();
    }
}
