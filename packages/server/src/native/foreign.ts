import { endianness } from 'node:os'

/** Node's own module for calls into C, where this Node.js has it. */
export type Foreign = typeof import('node:ffi')
export type Library = InstanceType<Foreign['DynamicLibrary']>

/** An address in this process. */
export type Address = bigint

const MODULE = 'node:ffi'

/** @returns undefined where it is missing, not allowed, or where structures of C lie otherwise than ours */
export const loadForeign = (): Foreign | undefined => {
  if (process.platform !== 'linux' || endianness() !== 'LE' || (process.arch !== 'x64' && process.arch !== 'arm64')) return undefined
  // That it is experimental is what we have the self-tests for; other warnings stay.
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule(MODULE)
  } catch {
    return undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

/** The process itself, with the C library and the OpenSSL that are part of Node.js. */
export const openProcess = (foreign: Foreign): Library => new foreign.DynamicLibrary(null)
