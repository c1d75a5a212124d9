import { randomBytes } from 'node:crypto'
import type { IceCredentials } from '@millrace/media/protocols/ice/ice-lite-agent.ts'

/** Our side's for one ICE session: 48 and 144 bits of chance, more than RFC 8445 section 5.3 asks for. */
export const makeIceCredentials = (): IceCredentials => ({ ufrag: iceText(8), password: iceText(24) })

/** A strong entity-tag (RFC 9110 section 8.8.3) that names an ICE session. */
export const makeIceTag = (): string => `"${randomBytes(9).toString('base64url')}"`

/** ICE characters (RFC 8839 section 5.4) with 6 bits each. */
const iceText = (length: number): string => randomBytes(length).toString('base64').replaceAll('=', '').slice(0, length)
