import type { Address, Foreign, Library } from './foreign.ts';
/** Of <errno.h>, the same on all machines that we call natively on. */
export declare const EINTR = 4;
export declare const EAGAIN = 11;
export declare const ENOBUFS = 105;
/** The C library's sockets. */
export declare class Sockets {
    #private;
    /** @throws if a function is missing */
    constructor(foreign: Foreign, library: Library);
    /** Why the call before failed. */
    errno(): number;
    /**
     * A UDP socket, for IPv6 one that takes IPv4 too, as Node.js makes it.
     * @param name of the address, `encodeSocketName`
     * @returns undefined if the address cannot be had
     */
    openUdp(family: 4 | 6, name: Uint8Array): number | undefined;
    /** Port that the system chose. */
    portOf(fd: number): number;
    /** @returns the next datagram that is there, at most 48 bytes of it */
    receive(fd: number): Uint8Array | undefined;
    closeUdp(fd: number): void;
    /** @param messages `count` structures, which `UdpSender` owns */
    sendmmsg(fd: number, messages: Address, count: number): number;
}
