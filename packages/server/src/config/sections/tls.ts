import { choice, section, text } from '../fields.ts'

const FILE = 'a file in PEM'

/** Keys of a listener that may have a certificate of its own. */
export const tlsFiles = {
  certificate: text(4096, FILE).describe('certificate of this listener, with those of its authority after it; that of tls if absent'),
  key: text(4096, FILE).describe('private key of the certificate'),
}

/** @param preset what is done where the key is absent */
export const encryption = (preset: 'no' | 'optional' | 'strict') => choice(['no', 'optional', 'strict'], preset)

/** What a certificate without a key is told. */
export const needsBoth = { error: 'must have certificate and key together, or neither' }
export const hasBoth = ({ certificate, key }: { readonly certificate?: string | undefined; readonly key?: string | undefined }): boolean =>
  (certificate === undefined) === (key === undefined)

export const tlsSection = section({
  certificate: text(4096, FILE).describe('certificate of all listeners, with those of its authority after it; renewed files are taken within seconds'),
  key: text(4096, FILE).describe('private key of the certificate'),
})
  .refine(hasBoth, needsBoth)
  .prefault({})
