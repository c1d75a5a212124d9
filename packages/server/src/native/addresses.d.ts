import type { Address, Foreign } from './foreign.ts';
/**
 * Addresses of memory that JavaScript owns, for the call that follows: memory that is alive as an argument here is alive during that
 * call, and the bytes of a buffer do not move. A buffer that was detached has no length any more, so it fails the check.
 */
export declare class Addresses {
    #private;
    constructor(foreign: Foreign);
    /**
     * @param byteLength how many bytes from `at` on will be read or written
     * @throws RangeError if they are not all in `bytes`
     */
    of(bytes: Uint8Array, at: number, byteLength: number): Address;
}
/** Memory for as long as the process runs, at a known place: for what is handed to C with each call. */
export declare class FixedMemory {
    readonly bytes: Uint8Array;
    readonly view: DataView;
    readonly address: Address;
    constructor(foreign: Foreign, byteLength: number);
}
