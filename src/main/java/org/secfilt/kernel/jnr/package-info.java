/**
 * The kernel's interfaces, made true by calls into the C library. The only room that knows jnr-ffi and jnr-posix.
 *
 * <p>The hot and the launch path call through jffi, the engine below jnr-ffi's interfaces: binding an interface costs 50 ms at
 * start-up, binding a symbol 7 ms, and a run has 150.
 */
package org.secfilt.kernel.jnr;
