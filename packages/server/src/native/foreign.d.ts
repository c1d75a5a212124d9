/** Node's own module for calls into C, where this Node.js has it. */
export type Foreign = typeof import('node:ffi');
export type Library = InstanceType<Foreign['DynamicLibrary']>;
/** An address in this process. */
export type Address = bigint;
/** @returns undefined where it is missing, not allowed, or where structures of C lie otherwise than ours */
export declare const loadForeign: () => Foreign | undefined;
/** The process itself, with the C library and the OpenSSL that are part of Node.js. */
export declare const openProcess: (foreign: Foreign) => Library;
