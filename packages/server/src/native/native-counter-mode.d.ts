import type { HmacSha1 } from '@millrace/media/protocols/srtp/srtp-crypto.ts';
import type { WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts';
import type { Addresses } from './addresses.ts';
import { type OpenSsl } from './openssl.ts';
/** AES-128 in counter mode with one key. Encryption and decryption are the same. */
export declare class NativeCtr {
    #private;
    constructor(key: Uint8Array, openssl: OpenSsl, addresses: Addresses);
    crypt(counter: Uint8Array, from: WordMemory, fromAt: number, byteLength: number, to: WordMemory, toAt: number): void;
}
/** HMAC-SHA1 with one key. */
export declare class NativeHmac implements HmacSha1 {
    #private;
    /** @param key at most 64 bytes */
    constructor(key: Uint8Array, openssl: OpenSsl, addresses: Addresses);
    sign(memory: WordMemory, start: number, end: number, at: number, tagBytes: number): void;
}
