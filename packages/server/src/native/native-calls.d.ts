import type { AesCtr, AesGcm, HmacSha1 } from '@millrace/media/protocols/srtp/srtp-crypto.ts';
import { UdpSender, type UdpSenderOptions } from './udp-sender.ts';
/** `off` leaves all of it to Node.js: to compare, and should a machine have trouble with it. */
export declare const NATIVE_VARIABLE = "MILLRACE_NATIVE";
/** What of SRTP's primitives is called natively. */
export type NativeCrypto = {
    aesGcm(key: Uint8Array): AesGcm;
    aesCtr(key: Uint8Array): AesCtr;
    hmacSha1(key: Uint8Array): HmacSha1;
};
/** Sockets whose packets are given to the kernel many at a time. */
export type NativeSending = {
    /**
     * A UDP socket for Node.js, with a number that we know.
     * @returns undefined if Node.js should open it, and say what is wrong
     */
    openUdp(address: string, port: number): number | undefined;
    makeUdpSender(options: UdpSenderOptions): UdpSender;
};
/** What this machine and this Node.js allow. */
export type NativeCalls = {
    readonly crypto: NativeCrypto | undefined;
    readonly sending: NativeSending | undefined;
    /** One line for each that is there, or why it is not. */
    readonly notes: readonly string[];
};
/** Finds out once, in some milliseconds. */
export declare const nativeCalls: () => NativeCalls;
