import type { SrtpProfile } from '../srtp/srtp-profile.ts'
import type { KeySchedule } from './key-schedule.ts'
import type { DtlsRole } from './record-layer.ts'

/** What SRTP needs from the handshake, RFC 5764 section 4.2. */
export type DtlsSrtpKeys = {
  readonly profile: SrtpProfile
  readonly localKey: Uint8Array
  readonly localSalt: Uint8Array
  readonly remoteKey: Uint8Array
  readonly remoteSalt: Uint8Array
}

export const exportSrtpKeys = (schedule: KeySchedule, profile: SrtpProfile, role: DtlsRole): DtlsSrtpKeys => {
  const { keyBytes, saltBytes } = profile
  const material = schedule.exportSrtp(2 * (keyBytes + saltBytes))
  const saltsAt = 2 * keyBytes
  const client = { key: material.subarray(0, keyBytes), salt: material.subarray(saltsAt, saltsAt + saltBytes) }
  const server = { key: material.subarray(keyBytes, saltsAt), salt: material.subarray(saltsAt + saltBytes) }
  const [local, remote] = role === 'client' ? [client, server] : [server, client]
  return { profile, localKey: local.key, localSalt: local.salt, remoteKey: remote.key, remoteSalt: remote.salt }
}
