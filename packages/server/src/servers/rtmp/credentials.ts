import type { StreamRequest } from '@millrace/media/protocols/rtmp/server-session.ts'
import type { Credentials } from '../../net/access.ts'

/** From the query of the stream's name, `hall-1?user=ann&pass=…`, or from `rtmp://user:password@host/`, where the client passes that on. */
export const credentialsOf = ({ query, userInfo }: StreamRequest): Credentials => {
  if (userInfo === '') return { query }
  const colon = userInfo.indexOf(':')
  return { query, user: decode(colon < 0 ? userInfo : userInfo.slice(0, colon)), password: decode(colon < 0 ? '' : userInfo.slice(colon + 1)) }
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
