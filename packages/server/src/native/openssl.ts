import { FixedMemory } from './addresses.ts'
import type { Address, Foreign, Library } from './foreign.ts'

export const NONE: Address = 0n
export const SHA1_BYTES = 20
/** Longest packet, with its tag, that goes through `work`. */
const WORK_BYTES = 72 * 1024
/** Places in the memory for arguments. */
const KEY_AT = 0
const MAX_KEY_BYTES = 64
const IV_AT = 64
const MAX_IV_BYTES = 16
const LENGTH_AT = 80
const TAG_AT = 96
const TAG_NAME_AT = 120
/** Two structures OSSL_PARAM of openssl/core.h: name, type, data, size, size of what is returned; the second one is the end. */
const PARAMS_AT = 128
const OSSL_PARAM_OCTET_STRING = 5
const FIXED_BYTES = PARAMS_AT + 2 * 40

const P = 'pointer'
const I = 'i32'

const bind = (library: Library) => ({
  newContext: library.getFunction('EVP_CIPHER_CTX_new', { arguments: [], return: P }),
  freeContext: library.getFunction('EVP_CIPHER_CTX_free', { arguments: [P], return: 'void' }),
  aes128Gcm: library.getFunction('EVP_aes_128_gcm', { arguments: [], return: P }),
  aes256Gcm: library.getFunction('EVP_aes_256_gcm', { arguments: [], return: P }),
  aes128Ctr: library.getFunction('EVP_aes_128_ctr', { arguments: [], return: P }),
  // Six arguments do not fit the registers that fast calls take: those with a direction cost four times as much.
  initSeal: library.getFunction('EVP_EncryptInit_ex', { arguments: [P, P, P, P, P], return: I }),
  updateSeal: library.getFunction('EVP_EncryptUpdate', { arguments: [P, P, P, P, I], return: I }),
  finalSeal: library.getFunction('EVP_EncryptFinal_ex', { arguments: [P, P, P], return: I }),
  initOpen: library.getFunction('EVP_DecryptInit_ex', { arguments: [P, P, P, P, P], return: I }),
  updateOpen: library.getFunction('EVP_DecryptUpdate', { arguments: [P, P, P, P, I], return: I }),
  finalOpen: library.getFunction('EVP_DecryptFinal_ex', { arguments: [P, P, P], return: I }),
  // By the same reason a tag is fetched by the call that takes two arguments.
  getParams: library.getFunction('EVP_CIPHER_CTX_get_params', { arguments: [P, P], return: I }),
  control: library.getFunction('EVP_CIPHER_CTX_ctrl', { arguments: [P, I, I, P], return: I }),
  newHmac: library.getFunction('HMAC_CTX_new', { arguments: [], return: P }),
  freeHmac: library.getFunction('HMAC_CTX_free', { arguments: [P], return: 'void' }),
  initHmac: library.getFunction('HMAC_Init_ex', { arguments: [P, P, I, P, P], return: I }),
  updateHmac: library.getFunction('HMAC_Update', { arguments: [P, P, 'u64'], return: I }),
  finalHmac: library.getFunction('HMAC_Final', { arguments: [P, P, P], return: I }),
  sha1: library.getFunction('EVP_sha1', { arguments: [], return: P }),
})

/**
 * The OpenSSL that Node.js has in it, called directly: with `node:crypto` each packet costs an object, copies, and a call that looks the cipher up.
 * A context belongs to one object of ours and is freed when that is garbage, which happens once.
 */
export class OpenSsl {
  readonly functions: ReturnType<typeof bind>
  /** For packets that are made or opened one at a time. */
  readonly work: FixedMemory
  /** Where `setIv` puts it, where OpenSSL writes lengths to, and where a tag goes. */
  readonly iv: Address
  readonly length: Address
  readonly tag: Address
  /** Asks for a tag of 16 bytes, to be put to `tag`. */
  readonly tagParams: Address
  readonly #fixed: FixedMemory
  readonly #contexts = new FinalizationRegistry<Address>((context) => this.functions.freeContext(context))
  readonly #hmacs = new FinalizationRegistry<Address>((context) => this.functions.freeHmac(context))

  /** @throws if a function is missing */
  constructor(foreign: Foreign, library: Library) {
    this.functions = bind(library)
    this.work = new FixedMemory(foreign, WORK_BYTES)
    this.#fixed = new FixedMemory(foreign, FIXED_BYTES)
    this.iv = this.#fixed.address + BigInt(IV_AT)
    this.tagParams = this.#fixed.address + BigInt(PARAMS_AT)
    this.length = this.#fixed.address + BigInt(LENGTH_AT)
    this.tag = this.#fixed.address + BigInt(TAG_AT)
    const { bytes, view, address } = this.#fixed
    bytes.set(Buffer.from('tag'), TAG_NAME_AT)
    view.setBigUint64(PARAMS_AT, address + BigInt(TAG_NAME_AT), true)
    view.setUint32(PARAMS_AT + 8, OSSL_PARAM_OCTET_STRING, true)
    view.setBigUint64(PARAMS_AT + 16, this.tag, true)
    view.setBigUint64(PARAMS_AT + 24, 16n, true)
  }

  /** @returns a context with this key; it lives as long as `owner` */
  makeContext(owner: object, cipher: Address, key: Uint8Array): Address {
    const { functions } = this
    const context = functions.newContext()
    if (context === NONE || cipher === NONE) throw new Error('OpenSSL gives no context')
    this.#contexts.register(owner, context)
    this.#withKey(key, (address) => functions.initSeal(context, cipher, NONE, address, NONE))
    return context
  }

  /** @returns a context for HMAC-SHA1 with this key; it lives as long as `owner` */
  makeHmac(owner: object, key: Uint8Array): Address {
    const { functions } = this
    const context = functions.newHmac()
    if (context === NONE) throw new Error('OpenSSL gives no context')
    this.#hmacs.register(owner, context)
    this.#withKey(key, (address) => functions.initHmac(context, address, key.length, functions.sha1(), NONE))
    return context
  }

  setIv(iv: Uint8Array, byteLength: number): void {
    if (iv.length !== byteLength || byteLength > MAX_IV_BYTES) throw new RangeError(`a nonce of ${iv.length} bytes, not ${byteLength}`)
    this.#fixed.bytes.set(iv, IV_AT)
  }

  /** Copies the beginning of what is at `tag`. */
  copyTag(out: Uint8Array, at: number, tagBytes: number): void {
    const { bytes } = this.#fixed
    for (let i = 0; i < tagBytes; i++) out[at + i] = bytes[TAG_AT + i] as number
  }

  /** The key is at a known place only during the call that takes it. */
  #withKey(key: Uint8Array, take: (address: Address) => number): void {
    if (key.length > MAX_KEY_BYTES) throw new RangeError(`a key of ${key.length} bytes`)
    const { bytes, address } = this.#fixed
    bytes.set(key, KEY_AT)
    const result = take(address)
    bytes.fill(0, KEY_AT, KEY_AT + key.length)
    check(result, 'a key')
  }
}

/** @throws if OpenSSL did not do what it was called for */
export const check = (result: number, what: string): void => {
  if (result !== 1) throw new Error(`OpenSSL refuses ${what}`)
}
