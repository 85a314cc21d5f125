package org.secfilt.kernel;

import org.secfilt.abi.ByteString;

/**
 * A file that a path led to.
 *
 * @param path absolute, without symbolic links
 */
public record NamedFile(ByteString path, boolean directory) {}
