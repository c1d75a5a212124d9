import { FixedMemory } from './addresses.ts';
import type { Address, Foreign, Library } from './foreign.ts';
export declare const NONE: Address;
export declare const SHA1_BYTES = 20;
declare const bind: (library: Library) => {
    newContext: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly [];
        readonly return: "pointer";
    }>;
    freeContext: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer"];
        readonly return: "void";
    }>;
    aes128Gcm: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly [];
        readonly return: "pointer";
    }>;
    aes256Gcm: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly [];
        readonly return: "pointer";
    }>;
    aes128Ctr: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly [];
        readonly return: "pointer";
    }>;
    initSeal: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "pointer", "pointer", "pointer"];
        readonly return: "i32";
    }>;
    updateSeal: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "pointer", "pointer", "i32"];
        readonly return: "i32";
    }>;
    finalSeal: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "pointer"];
        readonly return: "i32";
    }>;
    initOpen: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "pointer", "pointer", "pointer"];
        readonly return: "i32";
    }>;
    updateOpen: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "pointer", "pointer", "i32"];
        readonly return: "i32";
    }>;
    finalOpen: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "pointer"];
        readonly return: "i32";
    }>;
    control: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "i32", "i32", "pointer"];
        readonly return: "i32";
    }>;
    newHmac: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly [];
        readonly return: "pointer";
    }>;
    freeHmac: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer"];
        readonly return: "void";
    }>;
    initHmac: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "i32", "pointer", "pointer"];
        readonly return: "i32";
    }>;
    updateHmac: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "u64"];
        readonly return: "i32";
    }>;
    finalHmac: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly ["pointer", "pointer", "pointer"];
        readonly return: "i32";
    }>;
    sha1: import("node:ffi").WrappedFunctionFromSignature<{
        readonly arguments: readonly [];
        readonly return: "pointer";
    }>;
};
/**
 * The OpenSSL that Node.js has in it, called directly: with `node:crypto` each packet costs an object, copies, and a call that looks the cipher up.
 * A context belongs to one object of ours and is freed when that is garbage, which happens once.
 */
export declare class OpenSsl {
    #private;
    readonly functions: ReturnType<typeof bind>;
    /** For packets that are made or opened one at a time. */
    readonly work: FixedMemory;
    /** Where `setIv` puts it, where OpenSSL writes lengths to, and where a tag goes. */
    readonly iv: Address;
    readonly length: Address;
    readonly tag: Address;
    /** @throws if a function is missing */
    constructor(foreign: Foreign, library: Library);
    /** @returns a context with this key; it lives as long as `owner` */
    makeContext(owner: object, cipher: Address, key: Uint8Array): Address;
    /** @returns a context for HMAC-SHA1 with this key; it lives as long as `owner` */
    makeHmac(owner: object, key: Uint8Array): Address;
    setIv(iv: Uint8Array, byteLength: number): void;
    /** Copies the beginning of what is at `tag`. */
    copyTag(out: Uint8Array, at: number, tagBytes: number): void;
}
/** @throws if OpenSSL did not do what it was called for */
export declare const check: (result: number, what: string) => void;
export {};
