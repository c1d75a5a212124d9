import { type AesGcm } from '@millrace/media/protocols/srtp/srtp-crypto.ts';
import type { WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts';
import type { Addresses } from './addresses.ts';
import { type OpenSsl } from './openssl.ts';
/** AES in GCM mode with one key. */
export declare class NativeGcm implements AesGcm {
    #private;
    /** @param key 16 or 32 bytes */
    constructor(key: Uint8Array, openssl: OpenSsl, addresses: Addresses);
    sealPacket(nonce: Uint8Array, out: WordMemory, at: number, clearBytes: number, secret: WordMemory, secretBytes: number): void;
    seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
    open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array, at: number): boolean;
}
