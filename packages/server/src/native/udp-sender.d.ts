import { type WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts';
import { type TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts';
import type { Foreign } from './foreign.ts';
import { type Sockets } from './sockets.ts';
/** Packets that are gathered for one call. */
export declare const MAX_GATHERED = 64;
export type UdpSenderOptions = {
    readonly fd: number;
    readonly family: 4 | 6;
    /** Bytes before a packet that stay free. */
    readonly headroom: number;
    readonly maxPacketBytes: number;
    /** Takes a packet that the kernel does not take now, or does not take so; copies it. */
    sendOtherwise(packet: Uint8Array, to: TransportAddress): void;
};
/** Gathers packets in its own memory and gives them to the kernel in one call. */
export declare class UdpSender {
    #private;
    readonly memory: WordMemory;
    constructor(foreign: Foreign, sockets: Sockets, options: UdpSenderOptions);
    /** The place of the next packet, with the headroom before it. */
    reserve(): number;
    /**
     * Takes the packet at the place that `reserve` gave.
     * @returns false if this destination cannot be sent to in this way
     */
    add(length: number, to: TransportAddress): boolean;
    /** Whether something waits for `flush`. */
    get isEmpty(): boolean;
    flush(): void;
    /** Before the socket is closed: its number may be another file's then. */
    close(): void;
}
/**
 * struct sockaddr_in or sockaddr_in6 of <netinet/in.h>.
 * @param family of the socket
 * @returns undefined for an address that needs an interface, and for what is none
 */
export declare const encodeSocketName: ({ address, port }: TransportAddress, family: 4 | 6) => Uint8Array | undefined;
