import type { Foreign } from './foreign.ts';
import type { NativeCrypto } from './native-calls.ts';
import type { Sockets } from './sockets.ts';
/**
 * Compares one packet of each kind with what `node:crypto` makes of it.
 * @throws if they differ
 */
export declare const testCrypto: (crypto: NativeCrypto) => void;
/**
 * Sends packets through the loopback, and compares what arrives: the structures are right, and so is what the kernel cuts.
 * @throws if something else arrives, or the machine does not let us
 */
export declare const testSending: (foreign: Foreign, sockets: Sockets) => void;
