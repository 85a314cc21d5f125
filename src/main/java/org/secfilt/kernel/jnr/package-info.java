/**
 * The kernel's interfaces, made true by calls into the C library. The only room that knows jffi, which makes them.
 *
 * <p>jffi is the engine below jnr-ffi. The interfaces of that are left alone: binding one costs 50 ms at start-up, binding a symbol
 * 7 ms, and a run has 150.
 */
package org.secfilt.kernel.jnr;
